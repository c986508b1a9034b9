/** Responsible for the schedule of a job: whether its earliest start is ahead, and the job that waits for it. */
import type { JobRecord } from './job-machine.ts'

/** The job, held until `not_before` when that is ahead and nothing else holds it; rank and expiry count from then. */
export function holdForSchedule(job: JobRecord, at: number): JobRecord {
  const { not_before } = job.spec
  return job.hold === null && not_before !== null && not_before > at ? { ...job, hold: 'schedule', queued_at: not_before } : job
}
