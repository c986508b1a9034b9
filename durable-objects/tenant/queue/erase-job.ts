/** Responsible for erasing a job in the tenant object: it is ended if it has not, all rooms forget what it was about, and its row goes. */
import { isTerminal } from '../../../src/domain/job/job-machine.ts'
import type { JobRecord } from '../../../src/domain/job/job-machine.ts'
import type { CommandContext } from '../kernel/context.ts'
import { abortJob } from './commands/jobs.ts'
import { notifyErased } from './hold.ts'

/** What others keep of it (streams, R2, D1) is due to be erased from now on; whoever does so reads `store.erased`. */
export function eraseJob(ctx: CommandContext, found: JobRecord, erasure_id: number, reason: string): void {
  const job = isTerminal(found.status) ? found : abortJob(ctx, found, reason)
  forget(ctx, job.id, erasure_id, { streamed: job.stream, ran: job.attempt > 0 })
  ctx.store.jobs.erase(job.id)
}

/** As `eraseJob`, of one whose row has had its time here, though perhaps not everywhere else. */
export function eraseJobWithId(ctx: CommandContext, id: number, erasure_id: number, reason: string): void {
  const kept = ctx.store.jobs.get(id)
  if (kept !== undefined) return eraseJob(ctx, kept, erasure_id, reason)
  forget(ctx, id, erasure_id, { streamed: true, ran: true })
}

function forget(
  ctx: CommandContext,
  job_id: number,
  erasure_id: number,
  left: { readonly streamed: boolean; readonly ran: boolean },
): void {
  notifyErased(ctx, { id: job_id })
  ctx.store.erased.add({ job_id, erasure_id, state: 'erasing', erased_at: ctx.at, ...left, next_at: ctx.at, tries: 0 })
  ctx.onCommit(() => ctx.live.due.hint(ctx.at))
}

/** Of a job that the archive alone has: what rooms still keep of it. A row that has come this far by another way is erased with it. */
export function forgetArchivedJob(ctx: CommandContext, id: number, erasure_id: number, reason: string): void {
  const kept = ctx.store.jobs.get(id)
  if (kept === undefined) notifyErased(ctx, { id })
  else eraseJob(ctx, kept, erasure_id, reason)
}
