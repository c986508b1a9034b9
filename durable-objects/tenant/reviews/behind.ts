/** Responsible for jobs once a review that held them is settled: those that waited behind it go on, and none of a job outlives the job. */
import type { JobRecord } from '../../../src/domain/job/job-machine.ts'
import { erased, isOpen } from '../../../src/domain/review/review.ts'
import type { CommandContext } from '../kernel/context.ts'
import { jobSubject, saveJob } from '../queue/save-job.ts'
import { jobsBehindReview } from './gate.ts'
import { withdrawReview, withdrawReviewsOf } from './review-log.ts'

/** A session's review is settled: jobs that waited behind it go on, or one of them asks in its place. */
export function releaseJobsBehind(ctx: CommandContext, reviewId: number): void {
  for (const job of jobsBehindReview(ctx, reviewId)) {
    saveJob(ctx, job)
    recordRelease(ctx, job, reviewId)
  }
}

/** One audit row for a job that its review no longer holds. */
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

/** A job has ended: its reviews end with it, and other jobs may have waited behind one of them. */
export function endReviewsOf(ctx: CommandContext, job: JobRecord): void {
  for (const review of withdrawReviewsOf(ctx, job)) releaseJobsBehind(ctx, review.id)
}

/** A job is erased: of its reviews the decisions and digests stay, and nothing of what was decided on. */
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
