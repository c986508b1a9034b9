/** Responsible for the job-stream object as the edge and the tenant object see it (append, watch, close), and for what it asks the tenant object. */
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
   * Appends chunks of one attempt. `chunks[].seq` counts from 0 within the attempt, so a repeated chunk is recognised; the
   * stream numbers all attempts through. An attempt older than the newest seen is `lease-lost`; a closed stream too.
   * `offered_at` of the lease token orders two offers of one attempt number: the later one holds. `next_seq` counts within the attempt.
   */
  append(request: {
    readonly tenant: string
    readonly job_id: number
    readonly attempt: number
    readonly nonce: string
    readonly offered_at?: number
    readonly chunks: readonly OutputChunk[]
    /** Whoever writes does not count: the chunks get the next sequences, whatever they say. A repetition is then another chunk. */
    readonly at_end?: boolean
  }): Promise<Result<{ readonly next_seq: number; readonly closed: boolean }>>
  /**
   * The job has ended (or `attempt` has, when `end` is null: later appends of it are refused). `tail` is output that never came as chunks;
   * `chunks` is how many the writer knows to be here: of later ones it has not heard, so its tail says them again. Idempotent.
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
   * The last output of one attempt, at most so many bytes of UTF-8. `closed`: its end is here, so nothing of it is still to come.
   * An object that holds nothing answers the empty text, and stores nothing.
   */
  recent(request: {
    readonly tenant: string
    readonly job_id: number
    readonly attempt: number
    readonly bytes: number
  }): Promise<RecentOutput>
  /**
   * GET with `?after=N&tenant=&job_id=`: server-sent events from sequence N+1 on (-1: all; `Last-Event-ID` goes before `after`).
   * `&ended=0` says that the tenant object holds the job to be in flight: a stream that ended with an earlier attempt waits for the next.
   * `x-modelreins-viewer` says as JSON who watches (`ViewerIdentity`): whoever is named is asked about again while the stream is open.
   * Anything but 200 carries a `Failure` as JSON.
   */
  fetch(request: Request): Promise<Response>
  /**
   * A right has ended in the tenant: the viewers of these identities (all without `viewers`) are let go at once, and whoever writes is
   * asked about before its next chunk. Idempotent.
   */
  distrust(request: { readonly viewers?: readonly string[] }): Promise<void>
  /**
   * The job is erased: its output, here and in R2, its viewers are let go, and nothing of it is taken any more. Idempotent; rejects when R2
   * does not answer, and is to be repeated then.
   */
  erase(request: { readonly tenant: string; readonly job_id: number }): Promise<void>
}

/** Who watches: `id` for counting and letting go, the credential for asking whether it is still in force. No token is in it. */
export interface ViewerIdentity {
  readonly id: string
  readonly credential: CallCredential
}

export interface RecentOutput {
  readonly text: string
  /** There was more before it. */
  readonly truncated: boolean
  readonly closed: boolean
}

/** How a job ended, with what its close would have brought. */
export interface JobEnd {
  readonly end: StreamEnd
  readonly attempt: number
  readonly tail: string
}

/** What the stream object asks the tenant object when a close may have been lost. */
export interface JobEndGate {
  /** How the job ended; null while it has not. A job that nobody knows any more has ended: say so as a failure. */
  jobEnd(request: { readonly job_id: number }): Promise<JobEnd | null>
  /** Whether what this attempt writes is to be taken now: it runs, by this fence, in a tenant that is not suspended. */
  mayWrite(request: { readonly job_id: number; readonly attempt: number; readonly nonce: string }): Promise<Result<null>>
  /** Whether this credential may still read the job's output. */
  mayWatch(request: { readonly credential: CallCredential }): Promise<boolean>
}

/** The name under which the stream object of a job is found. */
export const streamName = (tenant: string, jobId: number): string => `${tenant}/${jobId}`

/** The key under which R2 keeps the output of an ended job, as NDJSON: one chunk per line, the end as the last. */
export const transcriptKey = (tenant: string, jobId: number): string => `transcripts/${tenant}/${jobId}.ndjson`
