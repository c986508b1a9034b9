/**
 * Responsible for warning a reviewer when an approval would have no effect now: no worker could start the work, or no worker would read the
 * answer.
 */
import { describe, rank } from '../../../src/domain/director/director.ts'
import { isLive, requirementsOf } from '../../../src/domain/director/matching.ts'
import type { JobRecord } from '../../../src/domain/job/job-machine.ts'
import { mayClaim } from '../../../src/domain/killswitch.ts'
import { gatesWork, isOpen } from '../../../src/domain/review/review.ts'
import type { ReviewRecord } from '../../../src/domain/review/review.ts'
import type { CommandContext } from '../kernel/context.ts'
import { workforce } from '../queue/workforce/worker-view.ts'

export type Seeing = Pick<CommandContext, 'at' | 'store' | 'live'>

/** One sentence; undefined when the work can continue at once, or when the review is already settled. */
export function caveatOf(ctx: Seeing, review: ReviewRecord): string | undefined {
  if (!isOpen(review)) return undefined
  const { level } = ctx.store.killswitch.state()
  if (gatesWork(review.type) && !mayClaim(level)) return `The killswitch is at level ${level}: nothing starts before it is cleared.`
  const job = review.job_id === null ? undefined : ctx.store.jobs.get(review.job_id)
  if (review.type === 'dispatch') return job === undefined ? undefined : caveatOfJob(ctx, job)
  const worker = review.worker_id === null ? undefined : ctx.store.workers.get(review.worker_id)
  if (worker === undefined || worker.revoked_at === null) return undefined
  return `${worker.name} has been revoked: it ${gatesWork(review.type) ? 'can no longer do this' : 'does not read the answer'}.`
}

function caveatOfJob(ctx: Seeing, job: JobRecord): string | undefined {
  const verdicts = rank({ wants: requirementsOf(job.spec), effort: job.effort, thread_id: job.thread_id }, workforce(ctx), ctx.at)
  const eligible = verdicts.filter((verdict) => verdict.eligible)
  if (eligible.length === 0) return `At the moment no worker may take job ${job.id}: ${describe(verdicts)}.`
  if (!eligible.some(({ worker }) => isLive(worker.state))) return `Every worker that may take job ${job.id} is offline: it waits for one.`
  return undefined
}
