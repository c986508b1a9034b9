/** Responsible for changes of a job by reviews: held, escalated to a human, settled by a decision. */
import { complete, emptyOutcome } from '../job/job-machine.ts'
import type { JobOutcome, JobRecord } from '../job/job-machine.ts'

/** No offer before the review is approved. What the last attempt left behind stays readable. */
export const holdForReview = (job: JobRecord, reviewId: number): JobRecord => ({
  ...job,
  status: 'pending',
  hold: 'review',
  retry_at: null,
  review_id: reviewId,
})

/** The worker gives the job to a human: the attempt is over, its result is kept, the job waits. */
export const escalate = (job: JobRecord, outcome: JobOutcome, reviewId: number): JobRecord => ({
  ...holdForReview(job, reviewId),
  outcome,
})

/** Its worker handed it over, and a human settles it now: the attempt ended without an error, and the job waits all the same. */
export const isEscalated = (job: JobRecord): boolean => job.hold === 'review' && job.outcome !== null && job.outcome.error === null

/** A human settles an escalated job: with the result that was kept, or with words of their own. */
export function settleEscalated(job: JobRecord, answer: string | null, at: number): JobRecord {
  const kept = job.outcome ?? emptyOutcome
  return complete({ ...job, hold: null }, answer === null ? kept : { ...kept, result: answer, stored: null }, at)
}
