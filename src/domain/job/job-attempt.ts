/** Responsible for what is known of one attempt of a job beside its number: that a person has it in hand, and what it left behind. */
import type { JobError, Usage } from '@modelreins/contract'
import type { FanOutOutcome } from '../fan-out/fan-out.ts'

/** What is known of an attempt in the hands of a person, who sends no heartbeats. */
export interface PersonsAttempt {
  /** Limit of the attempt, milliseconds: the job's own timeout where it names one. */
  readonly limit_ms: number
  /** When the person was last heard of, milliseconds since 1970. Changes with each sign of them, every few minutes at most. */
  readonly seen_at: number
  /** Time of the reminder since then; absent while none was sent. */
  readonly reminded_at?: number
}

/** What an attempt left behind. */
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
  /** The server ended the attempt while it ran, and the worker has not yet confirmed that the process is gone. Removed by that confirmation. */
  readonly stop_owed?: true
  /** Worker whose lease lapsed. While no newer attempt has started, its next heartbeat or output resumes this attempt. */
  readonly lost_by?: string
  /** Answers of the children and state of the merge; present on the parent of an ended fan-out. */
  readonly fan_out?: FanOutOutcome
}
