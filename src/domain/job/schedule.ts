/** Responsible for the earliest start of a job: whether it is in the future, and the job held until then. */
import type { JobRecord } from './job-machine.ts'

/** The job, held until `not_before` if that is in the future and nothing else holds it. Rank and expiry count from that time. */
export function holdForSchedule(job: JobRecord, at: number): JobRecord {
  const { not_before } = job.spec
  return job.hold === null && not_before !== null && not_before > at ? { ...job, hold: 'schedule', queued_at: not_before } : job
}
