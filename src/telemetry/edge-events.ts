/** Responsible for the operational events of the edge, one function each. They contain ids and codes, no secrets and no prompt text. */
import { logLine } from './log.ts'

interface Where {
  readonly request_id: string
  readonly operation: string
}

/** The name and message of a thrown value. Our own messages contain only ids, and those of the platform no user content. */
function thrown(error: unknown): { readonly error: string; readonly message: string; readonly stack: string | undefined } {
  if (!(error instanceof Error)) return { error: typeof error, message: 'something that is not an Error was thrown', stack: undefined }
  return { error: error.name, message: error.message.slice(0, 500), stack: error.stack?.slice(0, 2_000) }
}

/** A bug: the caller gets status 500 with only the request id. */
export const uncaughtError = (at: { readonly request_id: string; readonly method: string; readonly path: string }, error: unknown): void =>
  logLine('error', 'edge.uncaught', { ...at, ...thrown(error) })

/** A Durable Object threw or could not be reached. */
export const objectFailed = (
  at: Where & { readonly object: string; readonly overloaded: boolean; readonly retryable: boolean; readonly retried: boolean },
  error: unknown,
): void => logLine('error', 'edge.object_failed', { ...at, ...thrown(error) })

/** R2 did not answer. This affects only large results. */
export const archiveFailed = (at: Where, error: unknown): void => logLine('warn', 'edge.archive_failed', { ...at, ...thrown(error) })

/** An address or a token (identified by the beginning of its hash) reached the limit of failed authentications. */
export const authenticationLimited = (
  at: { readonly request_id: string; readonly address: string } | { readonly request_id: string; readonly token_hash: string },
): void => logLine('warn', 'edge.authentication_limited', at)

/** The Worker lacks a secret that it needs. */
export const misconfigured = (at: { readonly request_id: string; readonly secret: string; readonly reason: string }): void =>
  logLine('error', 'edge.misconfigured', at)
