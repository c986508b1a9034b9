/** Responsible for the job-stream object as the edge and the tenant object see it: append, watch, close. */
import type { OutputChunk } from '@modelreins/contract'
import type { Result } from '../../src/domain/result.ts'

export interface StreamEnd {
  readonly status: string
  readonly result: string | null
  readonly error: { readonly type: string; readonly message: string; readonly retryable: boolean } | null
}

export interface JobStreamGate {
  /**
   * Appends chunks of one attempt. `chunks[].seq` counts from 0 within the attempt, so a repeated chunk is recognised; the
   * stream numbers all attempts through. An attempt older than the newest seen is `lease-lost`; a closed stream too.
   */
  append(request: {
    readonly tenant: string
    readonly job_id: number
    readonly attempt: number
    readonly nonce: string
    readonly chunks: readonly OutputChunk[]
  }): Promise<Result<{ readonly next_seq: number; readonly closed: boolean }>>
  /** The job has ended (or `attempt` has, when `end` is null: later appends of it are refused). `tail` is output that never came as chunks. Idempotent. */
  close(request: {
    readonly tenant: string
    readonly job_id: number
    readonly attempt: number
    readonly end: StreamEnd | null
    readonly tail: string
  }): Promise<void>
  /** GET with `?after=N&tenant=&job_id=`: server-sent events from sequence N+1 on. */
  fetch(request: Request): Promise<Response>
}

/** The name under which the stream object of a job is found. */
export const streamName = (tenant: string, jobId: number): string => `${tenant}/${jobId}`
