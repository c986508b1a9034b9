/**
 * Responsible for what happens to jobs and reviews afterwards: releasing jobs that waited for a settled review, and closing a job's reviews
 * when the job ends or is erased.
 */
import type { JobRecord } from '../../../src/domain/job/job-machine.ts'
import { erased, isOpen } from '../../../src/domain/review/review.ts'
import type { CommandContext } from '../kernel/context.ts'
import { jobSubject, saveJob } from '../queue/save-job.ts'
import { jobsBehindReview } from './gate.ts'
import { withdrawReview, withdrawReviewsOf } from './review-log.ts'

/** Called when a session's review is settled: each job that waited for it is released, or one of them is held again by a new review. */
export function releaseJobsBehind(ctx: CommandContext, reviewId: number): void {
  for (const job of jobsBehindReview(ctx, reviewId)) {
    saveJob(ctx, job)
    recordRelease(ctx, job, reviewId)
  }
}

/** Writes one audit row for a job that the review no longer holds. */
export function recordRelease(ctx: CommandContext, job: JobRecord, reviewId: number): void {
  if (job.hold === 'review') return
  ctx.record({
    action: 'job.release',
    subject: jobSubject(job),
    job_id: job.id,
    worker_id: job.worker_id,
    capability: job.spec.capability,
    summary: `review ${reviewId} is settled`,
  })
}

/** Called when a job has ended: withdraws its open reviews and releases other jobs that waited for one of them. */
export function endReviewsOf(ctx: CommandContext, job: JobRecord): void {
  for (const review of withdrawReviewsOf(ctx, job)) releaseJobsBehind(ctx, review.id)
}

/** Called when a job is erased: its reviews keep their decisions and digests, and lose the content that was reviewed. */
export function eraseReviewsOf(ctx: CommandContext, job: Pick<JobRecord, 'id'>): void {
  for (const id of ctx.store.reviews.idsOf(job.id)) {
    const review = ctx.store.reviews.get(id)
    if (review === undefined) continue
    const blank = erased(review)
    const settled = isOpen(review) ? withdrawReview(ctx, blank, `job ${job.id} was erased`) : blank
    ctx.store.reviews.erase(settled)
    if (settled !== blank) releaseJobsBehind(ctx, id)
  }
}
