/** Responsible for jobs in any state, for tests of the rules about them: made by the rules themselves, then changed as a test says. */
import { jobRequest, type JobError } from '@modelreins/contract'
import { emptyOutcome, newJob, type JobOutcome, type JobRecord } from '../../../../src/domain/job/job-machine.ts'

export const born = 1_800_000_000_000

export const jobFrom = (request: object = {}, hold: JobRecord['hold'] = null): JobRecord =>
  newJob(jobRequest.parse({ prompt: 'Report', ...request }), {
    id: 7,
    at: born,
    pinned: null,
    worker_id: 'wkanna00000',
    created_by: 'mbada000000',
    hold,
  })

export const jobIn = (changes: Partial<JobRecord>): JobRecord => ({ ...jobFrom(), ...changes })
export const jobError = (more: Partial<JobError> = {}): JobError => ({ type: 'timeout', message: 'too slow', retryable: true, ...more })
export const outcomeOf = (more: Partial<JobOutcome> = {}): JobOutcome => ({ ...emptyOutcome, ...more })
