/** Responsible for the client's public face: what any runtime with `fetch` may import. It knows no worker loop. */
export type { Artifact, Input, Job, OperationId, Output, Review, StreamEvent, Usage } from '@modelreins/contract'
export { Client, type ClientOptions, type WaitOptions } from './client.ts'
export { ModelReinsError, type ErrorCode, type ModelReinsErrorFields } from './error.ts'
export type { StreamOptions } from './job-stream.ts'
export type { Answer, CallOptions, Nouns } from './nouns.ts'
export type { RetryPolicy } from './retry.ts'
export type { Fetch } from './transport.ts'
export { isViewUrl, redeemView, type RevealedToken } from './view.ts'
