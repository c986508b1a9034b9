/**
 * Responsible for erasing a job in the tenant object: the job is ended if necessary, every room deletes what it stores about it, and its row is
 * deleted.
 */
import { isTerminal } from '../../../src/domain/job/job-machine.ts'
import type { JobRecord } from '../../../src/domain/job/job-machine.ts'
import type { CommandContext } from '../kernel/context.ts'
import { abortJob } from './commands/jobs.ts'
import { notifyErased } from './hold.ts'

/** Copies outside the object (streams, R2, D1) become due for erasure; the part that erases them reads `store.erased`. */
export function eraseJob(ctx: CommandContext, found: JobRecord, erasure_id: number, reason: string): void {
  const job = isTerminal(found.status) ? found : abortJob(ctx, found, reason)
  forget(ctx, job.id, erasure_id, { streamed: job.stream, ran: job.attempt > 0 })
  ctx.store.jobs.erase(job.id)
}

/** As `eraseJob`, for a job whose row was already pruned here; copies of it may exist elsewhere. */
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

/** For a job that exists only in the archive: erases what rooms still store about it. If it has a row here after all, that row is erased too. */
export function forgetArchivedJob(ctx: CommandContext, id: number, erasure_id: number, reason: string): void {
  const kept = ctx.store.jobs.get(id)
  if (kept === undefined) notifyErased(ctx, { id })
  else eraseJob(ctx, kept, erasure_id, reason)
}
