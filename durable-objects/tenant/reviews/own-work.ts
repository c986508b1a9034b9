/** Responsible for whether a member would do themselves what a review lets start. */
import { mayDo, requirementsOf } from '../../../src/domain/director/matching.ts'
import type { ReviewRecord } from '../../../src/domain/review/review.ts'
import type { CommandContext } from '../kernel/context.ts'
import type { WorkerRecord } from '../queue/workforce/worker-store.ts'
import { viewOf } from '../queue/workforce/worker-view.ts'

/** Whether this member would do themselves what the review lets start: as the worker that it is for, or as one of those who may take it. */
export function isOwnWork(
  ctx: Pick<CommandContext, 'at' | 'store' | 'live'>,
  review: ReviewRecord,
  worker: WorkerRecord | undefined,
  memberId: string,
): boolean {
  if (review.type !== 'dispatch') return false
  if (worker !== undefined) return worker.member_id === memberId
  const person = ctx.store.workers.ofMember(memberId)
  const job = review.job_id === null ? undefined : ctx.store.jobs.get(review.job_id)
  return person !== undefined && job !== undefined && mayDo(requirementsOf(job.spec), viewOf(ctx, person))
}
