/** Responsible for the data about one attempt of a job: the state of a person's attempt, and the outcome of an ended one. */
import type { JobError, Usage } from '@modelreins/contract'
import type { FanOutOutcome } from '../fan-out/fan-out.ts'

/** State of a person's attempt. A person sends no heartbeats. */
export interface PersonsAttempt {
  /** Limit of the attempt in milliseconds: the job's own timeout if it has one. */
  readonly limit_ms: number
  /** When the person was last active, milliseconds since 1970. Updated on activity, at most every few minutes. */
  readonly seen_at: number
  /** When a reminder was sent after that activity; absent when none was. */
  readonly reminded_at?: number
}

/** The outcome of an attempt. */
export interface JobOutcome {
  /** Output that came with the end of the attempt: all of it, or its end when a stream has the rest. */
  readonly output: string
  /** `output` is not the whole output. */
  readonly output_truncated: boolean
  /** Result, or its beginning when `stored` is set; null without one. */
  readonly result: string | null
  /** R2 key of the whole result; null when `result` is whole. */
  readonly stored: string | null
  /** Exit code of the process; null when no process ran. */
  readonly exit_code: number | null
  /** Tokens and cost as the provider reported them; null without a report. */
  readonly usage: Usage | null
  /** Why the attempt or the job failed; null after a success. */
  readonly error: JobError | null
  /** The server ended the attempt while it ran, and the worker has not yet confirmed that the process has ended. Removed by that confirmation. */
  readonly stop_owed?: true
  /** The worker whose lease expired. As long as no newer attempt has started, its next heartbeat or output resumes this attempt. */
  readonly lost_by?: string
  /** Answers of the children and state of the merge; present on the parent of an ended fan-out. */
  readonly fan_out?: FanOutOutcome
}
