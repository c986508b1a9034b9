/** Responsible for which failed calls may be repeated: safe or idempotent ones, after transient failures. It does not wait. */
import type { OperationId } from '@modelreins/contract'
import type { Backoff } from './backoff.ts'
import { ModelReinsError } from './error.ts'
import { rowOf } from './request.ts'

export interface RetryPolicy extends Backoff {
  /** The maximum number of times that a call is sent, including the first. */
  readonly attempts: number
  /** If the server asks for a longer wait than this, the call fails with an error that says how long the wait is. */
  readonly maxWaitMs: number
}

export const defaultRetry: RetryPolicy = { attempts: 3, baseMs: 250, capMs: 5_000, maxWaitMs: 30_000 }

/**
 * Operations that are repeated by key. The client generates a key when the caller gives none, so that a lost answer never causes a second job or
 * file.
 */
export const takesKey = (id: OperationId): boolean => rowOf(id).repeat === 'by-key'

export function mayRepeat(id: OperationId, hasKey: boolean): boolean {
  const { repeat } = rowOf(id)
  return repeat === 'safe' || (repeat === 'by-key' && hasKey)
}

/** `no-live-worker` and `killswitch` are temporary too, but only a human knows for how long, so they are reported at once. */
export const isTransient = (error: unknown): error is ModelReinsError =>
  error instanceof ModelReinsError &&
  error.retryable &&
  (error.foreign ||
    error.code === 'network' ||
    error.code === 'timeout' ||
    error.code === 'unavailable' ||
    error.code === 'rate-limited' ||
    error.code === 'internal')

/**
 * Whether the call may have succeeded: it failed for a transient reason, or something in between answered it. Data that must not be lost is kept in
 * that case.
 */
export const mayHaveSucceeded = (error: unknown): error is ModelReinsError =>
  isTransient(error) || (error instanceof ModelReinsError && error.foreign)
