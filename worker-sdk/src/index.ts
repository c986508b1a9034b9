/** Responsible for the public exports of the package in Node: the Worker, the client, error classification. */
import { webcrypto } from 'node:crypto'
import type { Artifact } from '@modelreins/contract'
import type { UploadOptions } from './client/artifacts.ts'
import type { Client } from './client/client.ts'
import { redeemView as redeem, type RevealedToken } from './client/view.ts'
import type { Fetch } from './client/transport.ts'
import { uploadSource } from './worker/job/artifact-file.ts'

export type { Artifact, FeedEvent, FeedFrame, Input, Job, OperationId, Output, Review, StreamEvent, Usage } from '@modelreins/contract'
export { joinTrust, NotAKey, parsePublicKey, parseTrust, type Trust, type TrustedKey } from './audit/trust.ts'
export { verifyAudit, type AuditVerdict } from './audit/verify.ts'
export type { ArtifactBytes, DownloadedArtifact, DownloadOptions, UploadOptions } from './client/artifacts.ts'
export { Client, type ClientOptions, type WaitOptions } from './client/client.ts'
export type { FollowOptions } from './client/event-feed.ts'
export { ModelReinsError, type ErrorCode, type ModelReinsErrorFields } from './client/error.ts'
export type { StreamOptions } from './client/job-stream.ts'
export type { Answer, CallOptions, Nouns } from './client/nouns.ts'
export type { RetryPolicy } from './client/retry.ts'
export type { Fetch } from './client/transport.ts'
export { isViewUrl, type RevealedToken } from './client/view.ts'
export { classifyError, ERROR_TYPES, type ClassifiedError, type ErrorType } from './errors.ts'
export { fromShown, shown, shownLines, shownValue } from './shown.ts'
export { version } from './version.ts'
export type { ArtifactSource } from './worker/job/artifact-file.ts'
export type { Listener, WorkerEvent, WorkerEvents } from './worker/emitter.ts'
export {
  ActionRefused,
  AttemptStopped,
  type ArtifactFile,
  type ArtifactOptions,
  type Authorized,
  type AuthorizeOptions,
  type Executor,
  type ExecutorReturn,
  type JobContext,
  type OutputStream,
  type ReviewRequest,
  type StopKind,
} from './worker/job/executor.ts'
export type { WorkerOptions } from './worker/settings/options.ts'
export { Worker, type StopOptions, type WorkerState } from './worker/worker.ts'

/** Uploads a file by its path, as a stream. For bytes and streams use `client.uploadArtifact`. */
export const uploadFile = (client: Client, path: string | URL, options: UploadOptions = {}): Promise<Artifact> =>
  uploadSource((bytes, all) => client.uploadArtifact(bytes, all), path, options)

/** Opens a one-time view URL, once. It passes WebCrypto explicitly because Node 18 does not have it as a global. */
export const redeemView = (viewUrl: string, fetch?: Fetch): Promise<RevealedToken> => redeem(viewUrl, fetch, webcrypto.subtle)
