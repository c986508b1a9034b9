/** Responsible for erasing a job in the tenant object: it is ended if it has not, all rooms forget what it was about, and its row goes. */
import { isTerminal } from '../../../src/domain/job/job-machine.ts'
import type { JobRecord } from '../../../src/domain/job/job-machine.ts'
import type { CommandContext } from '../kernel/context.ts'
import { abortJob } from './commands/jobs.ts'
import { notifyErased } from './hold.ts'

/** What others keep of it (streams, R2, D1) is due to be erased from now on; whoever does so reads `store.erased`. */
export function eraseJob(ctx: CommandContext, found: JobRecord, erasure_id: number, reason: string): void {
  const job = isTerminal(found.status) ? found : abortJob(ctx, found, reason)
  notifyErased(ctx, job)
  ctx.store.erased.add({
    job_id: job.id,
    erasure_id,
    state: 'erasing',
    erased_at: ctx.at,
    streamed: job.stream,
    ran: job.attempt > 0,
    next_at: ctx.at,
    tries: 0,
  })
  ctx.store.jobs.erase(job.id)
  ctx.onCommit(() => ctx.live.due.hint(ctx.at))
}
