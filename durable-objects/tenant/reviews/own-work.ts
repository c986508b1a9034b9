/** Responsible for whether a review concerns a member's own work: they requested it, or they would do the work themselves. */
import { mayDo, requirementsOf } from '../../../src/domain/director/matching.ts'
import type { ReviewRecord } from '../../../src/domain/review/review.ts'
import type { CommandContext } from '../kernel/context.ts'
import { policyFor } from './policy.ts'
import { currentlyDeclared } from './signature.ts'
import type { WorkerRecord } from '../queue/workforce/worker-store.ts'
import { viewOf } from '../queue/workforce/worker-view.ts'

/** Whether this member would do the released work themselves: as the worker that the review names, or as one of the eligible workers. */
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

/**
 * Whether self-approval bars this member from approving. The current policy counts, since an owner may have allowed self-approval in the
 * meantime.
 */
export function isBarredAsOwn(ctx: Pick<CommandContext, 'at' | 'store' | 'live'>, review: ReviewRecord, memberId: string): boolean {
  const { worker, item } = currentlyDeclared(ctx, review)
  if (!review.requested_by.includes(memberId) && !isOwnWork(ctx, review, worker, memberId)) return false
  return !(item === undefined ? review.policy.self_approval : policyFor(ctx, item).self_approval)
}
