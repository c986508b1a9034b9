/** Responsible for what runs a job: the executor's shape and what it is given. */
import type { Artifact, Job, Review, Usage } from '@modelreins/contract'
import type { DownloadedArtifact, UploadOptions } from '../../client/artifacts.ts'
import type { ArtifactSource } from './artifact-file.ts'

export type OutputStream = 'stdout' | 'stderr' | 'system'

/**
 * A text is the result; a plain object or list is, too, as JSON; a whole number is the exit code (0: done); nothing means done. Anything
 * else fails the attempt. So does throwing, classified by `classifyError`.
 */
export type ExecutorReturn = number | string | object | null | undefined | void
export type Executor = (job: Job, ctx: JobContext) => ExecutorReturn | Promise<ExecutorReturn>

/** `jobId`, token and signal are the attempt's own. */
export type ArtifactOptions = Omit<UploadOptions, 'jobId' | 'token' | 'signal'>

export interface ArtifactFile {
  readonly filename: string
  /** Taken from the name's ending when absent. */
  readonly contentType?: string
  /** The bytes, a text, or the path of a file, which is streamed. */
  readonly body: Uint8Array | string | { readonly path: string }
  /** ISO 8601; kept for good when absent. */
  readonly expiresAt?: string
  /** Readable without a token by whoever knows the URL. */
  readonly share?: boolean
  readonly reviewId?: number
}

export interface ReviewRequest {
  readonly type?: string
  readonly title: string
  readonly content?: string
  readonly preview?: string
  readonly target?: string
  readonly payload?: unknown
  readonly capability?: string
  readonly irreversible?: boolean
}

export interface AuthorizeOptions {
  /** What the reviewer reads first. */
  readonly title?: string
  readonly irreversible?: boolean
}

/** An action as it may run now: a reviewer may have edited it. */
export interface Authorized {
  readonly action: unknown
  readonly reviewId: number | null
  readonly comment: string | null
}

/** What an executor may do for its job. All of it ends with the attempt. */
export interface JobContext {
  readonly job: Job
  readonly attempt: number
  /** The fencing token of this attempt: pass it to whatever must not obey an attempt that has lost its lease. */
  readonly fence: string
  /** Aborts on abort, killswitch, lost lease, timeout and shutdown; `signal.reason` says which. */
  readonly signal: AbortSignal
  /** Context text of the job's policy; empty when the policy is `none`. */
  readonly context: string
  /** Streams output, redacted. Settles when it is accepted; wait for it, and a fast writer cannot fill the memory. */
  output(text: string, stream?: OutputStream): Promise<void>
  /** Says that the work goes on although there is nothing to show: the silence limit begins anew. */
  heard(): void
  /** Reports tokens and cost; calls add up, the last model named counts. */
  usage(usage: Usage): void
  /** The value of a `vault://` reference, resolved on this machine and kept out of every output. */
  secret(reference: string): Promise<string>
  /** Uploads a file by its path, bytes or a stream, and attaches it to the job; the name is the path's unless `filename` is given. */
  uploadArtifact(source: ArtifactSource, options?: ArtifactOptions): Promise<Artifact>
  uploadArtifact(file: ArtifactFile): Promise<Artifact>
  /** `slugOrUrl`: of a file of this tenant, such as one that the job came with. */
  downloadArtifact(slugOrUrl: string): Promise<DownloadedArtifact>
  /** The files of the job, newest first: what it came with and what it has uploaded. */
  listArtifacts(): Promise<readonly Artifact[]>
  submitReview(review: ReviewRequest): Promise<Review>
  /** Returns when the action may run; throws `ActionRefused` with the reviewer's words when it may not. */
  authorize(capability: string, action: unknown, options?: AuthorizeOptions): Promise<Authorized>
}

/** Why an attempt was stopped; `signal.reason` in handlers. */
export type StopKind = 'abort' | 'killswitch' | 'lease-lost' | 'timeout' | 'shutdown'

export class AttemptStopped extends Error {
  override readonly name = 'AttemptStopped'
  readonly kind: StopKind

  constructor(kind: StopKind, message: string) {
    super(message)
    this.kind = kind
  }

  /** Somebody pulled the reins: what the job started gets no time to finish its sentence. */
  get urgent(): boolean {
    return this.kind === 'abort' || this.kind === 'killswitch'
  }
}

/** The server has ended the attempt: there is nothing left to say about it. */
export const endsForGood = ({ kind }: AttemptStopped): boolean => kind === 'abort' || kind === 'killswitch' || kind === 'lease-lost'

/** A human, or a policy, said no to an action. */
export class ActionRefused extends Error {
  override readonly name = 'ActionRefused'
  readonly capability: string
  readonly reviewId: number | null
  /** The reviewer's words. */
  readonly comment: string | null

  constructor(capability: string, reviewId: number | null, comment: string | null) {
    super(`${capability} was refused${comment === null ? '' : `: ${comment}`}`)
    this.capability = capability
    this.reviewId = reviewId
    this.comment = comment
  }
}
