/** Responsible for the type of an executor, which runs a job, and of its arguments. */
import type { Artifact, Job, Review, Usage } from '@modelreins/contract'
import type { DownloadedArtifact, UploadOptions } from '../../client/artifacts.ts'
import type { ArtifactSource } from './artifact-file.ts'

export type OutputStream = 'stdout' | 'stderr' | 'system'

/**
 * A text is the result; a plain object or list is the result as JSON; a whole number is the exit code (0: done); no value means done. Anything else
 * fails the attempt, and so does a thrown error, which `classifyError` classifies.
 */
export type ExecutorReturn = number | string | object | null | undefined | void
export type Executor = (job: Job, ctx: JobContext) => ExecutorReturn | Promise<ExecutorReturn>

/** The attempt sets `jobId`, token and signal itself. */
export type ArtifactOptions = Omit<UploadOptions, 'jobId' | 'token' | 'signal'>

export interface ArtifactFile {
  readonly filename: string
  /** Default: derived from the extension of the name. */
  readonly contentType?: string
  /** The bytes, a text, or the path of a file, which is streamed. */
  readonly body: Uint8Array | string | { readonly path: string }
  /** ISO 8601; default: never. */
  readonly expiresAt?: string
  /** Anyone who knows the URL can read it, without a token. */
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
  /** The title of the review. */
  readonly title?: string
  readonly irreversible?: boolean
}

/** An action as it may run now; a reviewer may have edited it. */
export interface Authorized {
  readonly action: unknown
  readonly reviewId: number | null
  readonly comment: string | null
}

/** What an executor can do for its job. All of it ends with the attempt. */
export interface JobContext {
  readonly job: Job
  readonly attempt: number
  /** The fencing token of this attempt: pass it to systems that must ignore an attempt that has lost its lease. */
  readonly fence: string
  /** Aborts on abort, killswitch, lost lease, timeout and shutdown; `signal.reason` says which. */
  readonly signal: AbortSignal
  /** Context text of the job's policy; empty when the policy is `none`. */
  readonly context: string
  /** Streams output, redacted. Settles when the output is accepted. Await it, so that a fast writer does not fill the memory. */
  output(text: string, stream?: OutputStream): Promise<void>
  /** Reports that work continues although there is no output; restarts the silence limit. */
  heard(): void
  /** Reports tokens and cost. Calls add up; the last named model is used. */
  usage(usage: Usage): void
  /** The value of a `vault://` reference, resolved on this machine and redacted from all output. */
  secret(reference: string): Promise<string>
  /** Uploads a file by its path, bytes or a stream, and attaches it to the job. Default name: the path's. */
  uploadArtifact(source: ArtifactSource, options?: ArtifactOptions): Promise<Artifact>
  uploadArtifact(file: ArtifactFile): Promise<Artifact>
  /** `slugOrUrl`: a file of this tenant, such as one that was attached to the job. */
  downloadArtifact(slugOrUrl: string): Promise<DownloadedArtifact>
  /** The files of the job, newest first: those attached to it and those it has uploaded. */
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

  /** A stop by a member or the killswitch: processes of the job get only a short time to end. */
  get urgent(): boolean {
    return this.kind === 'abort' || this.kind === 'killswitch'
  }
}

/** The server has ended the attempt: there is nothing left to say about it. */
export const endsForGood = ({ kind }: AttemptStopped): boolean => kind === 'abort' || kind === 'killswitch' || kind === 'lease-lost'

/** A human or a policy refused an action. */
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
