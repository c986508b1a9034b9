/** Responsible for the interface of the job-stream object (append, watch, close), and for the calls that it makes to the tenant object. */
import type { OutputChunk } from '@modelreins/contract'
import type { Result } from '../../src/domain/result.ts'
import type { CallCredential } from '../tenant/call.ts'

export interface StreamEnd {
  readonly status: string
  readonly result: string | null
  readonly error: { readonly type: string; readonly message: string; readonly retryable: boolean } | null
}

export interface JobStreamGate {
  /**
   * Appends chunks of one attempt. `chunks[].seq` counts from 0 within the attempt, so that a repeated chunk is recognised; the stream's own
   * numbers continue across attempts. Errors: `lease-lost` for an attempt older than the newest, and for a closed stream. `offered_at` of the
   * lease token orders two offers of one attempt number: the later one wins. `next_seq` counts within the attempt.
   */
  append(request: {
    readonly tenant: string
    readonly job_id: number
    readonly attempt: number
    readonly nonce: string
    readonly offered_at?: number
    readonly chunks: readonly OutputChunk[]
    /** The writer does not number its chunks: they get the next numbers, and a repeated chunk is stored twice. */
    readonly at_end?: boolean
  }): Promise<Result<{ readonly next_seq: number; readonly closed: boolean }>>
  /**
   * Ends the job, or only `attempt` when `end` is null: later appends of it are refused. `tail`: output that was not sent as chunks. `chunks`:
   * the number of chunks whose receipt was confirmed to the writer; later ones may be stored too, and are repeated in the tail. Idempotent.
   */
  close(request: {
    readonly tenant: string
    readonly job_id: number
    readonly attempt: number
    readonly end: StreamEnd | null
    readonly tail: string
    readonly chunks?: number | undefined
  }): Promise<void>
  /**
   * The last output of one attempt, limited in UTF-8 bytes. `closed`: the attempt has ended here, so its output is complete. An object that
   * stores nothing returns an empty text, and still stores nothing.
   */
  recent(request: {
    readonly tenant: string
    readonly job_id: number
    readonly attempt: number
    readonly bytes: number
  }): Promise<RecentOutput>
  /**
   * GET with `?after=N&tenant=&job_id=`: server-sent events from number N+1 on (-1: all; `Last-Event-ID` takes precedence over `after`).
   * `&ended=0`: the job has not ended according to the tenant object, so a stream that ended with an earlier attempt waits for the next.
   * `x-modelreins-viewer`: the viewer as JSON (`ViewerIdentity`), whose right is checked again while the stream is open. A response other than
   * 200 carries a `Failure` as JSON.
   */
  fetch(request: Request): Promise<Response>
  /**
   * Called when rights in the tenant have ended: disconnects these viewers at once (all without `viewers`), and checks the writer again
   * before its next chunk. Idempotent.
   */
  distrust(request: { readonly viewers?: readonly string[] }): Promise<void>
  /**
   * Erases the job's output here and in R2, disconnects its viewers, and refuses later appends. Idempotent; rejects when R2 does not answer,
   * and the caller must then repeat it.
   */
  erase(request: { readonly tenant: string; readonly job_id: number }): Promise<void>
}

/** A viewer: `id` for counting and disconnecting, the credential for checking that it is still valid. It contains no token. */
export interface ViewerIdentity {
  readonly id: string
  readonly credential: CallCredential
}

export interface RecentOutput {
  readonly text: string
  /** True when earlier output was left out. */
  readonly truncated: boolean
  readonly closed: boolean
}

/** How a job ended, with the data that `close` would have sent. */
export interface JobEnd {
  readonly end: StreamEnd
  readonly attempt: number
  readonly tail: string
}

/** The calls of the stream object to the tenant object: about lost closes, and about rights. */
export interface JobEndGate {
  /** How the job ended; null while it has not. For an unknown job, the end is a failure, because such a job can no longer run. */
  jobEnd(request: { readonly job_id: number }): Promise<JobEnd | null>
  /** Succeeds while this attempt (by number and nonce) runs, in a tenant that is not suspended. */
  mayWrite(request: { readonly job_id: number; readonly attempt: number; readonly nonce: string }): Promise<Result<null>>
  /** True while this credential may read jobs. */
  mayWatch(request: { readonly credential: CallCredential }): Promise<boolean>
}

/** The name of a job's stream object in its namespace. */
export const streamName = (tenant: string, jobId: number): string => `${tenant}/${jobId}`

/** The R2 key of an ended job's output: NDJSON with one chunk per line, and the end as the last line. */
export const transcriptKey = (tenant: string, jobId: number): string => `transcripts/${tenant}/${jobId}.ndjson`
