/** Responsible for how reviews change a job: held, escalated to a human, settled by a decision. */
import { complete, emptyOutcome } from '../job/job-machine.ts'
import type { JobOutcome, JobRecord } from '../job/job-machine.ts'

/** The job is not offered before the review is approved. The outcome of its last attempt stays readable. */
export const holdForReview = (job: JobRecord, reviewId: number): JobRecord => ({
  ...job,
  status: 'pending',
  hold: 'review',
  retry_at: null,
  review_id: reviewId,
})

/** The worker hands the job to a human: the attempt ends, its result is kept, and the job waits. */
export const escalate = (job: JobRecord, outcome: JobOutcome, reviewId: number): JobRecord => ({
  ...holdForReview(job, reviewId),
  outcome,
})

/** Whether a worker handed the job over and a human must settle it: its attempt ended without an error, but the job still waits. */
export const isEscalated = (job: JobRecord): boolean => job.hold === 'review' && job.outcome !== null && job.outcome.error === null

/** A human settles an escalated job: with the result that was kept, or with their own text. */
export function settleEscalated(job: JobRecord, answer: string | null, at: number): JobRecord {
  const kept = job.outcome ?? emptyOutcome
  return complete({ ...job, hold: null }, answer === null ? kept : { ...kept, result: answer, stored: null }, at)
}
