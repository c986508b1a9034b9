/** Responsible for retries: which failed calls may be repeated (safe or idempotent ones, after transient failures). It does not wait. */
import type { OperationId } from '@modelreins/contract'
import type { Backoff } from './backoff.ts'
import { ModelReinsError } from './error.ts'
import { rowOf } from './request.ts'

export interface RetryPolicy extends Backoff {
  /** How often a call is sent at most, the first time included. */
  readonly attempts: number
  /** A server that asks for a longer wait than this is not waited for; the error says how long. */
  readonly maxWaitMs: number
}

export const defaultRetry: RetryPolicy = { attempts: 3, baseMs: 250, capMs: 5_000, maxWaitMs: 30_000 }

/** Operations that are repeated by key: one is made when the caller gives none, so that a lost reply never means a second job or file. */
export const takesKey = (id: OperationId): boolean => rowOf(id).repeat === 'by-key'

export function mayRepeat(id: OperationId, hasKey: boolean): boolean {
  const { repeat } = rowOf(id)
  return repeat === 'safe' || (repeat === 'by-key' && hasKey)
}

/** `no-live-worker` and `killswitch` may pass too, but only a human knows when: those are told at once. */
export const isTransient = (error: unknown): error is ModelReinsError =>
  error instanceof ModelReinsError &&
  error.retryable &&
  (error.foreign ||
    error.code === 'network' ||
    error.code === 'timeout' ||
    error.code === 'unavailable' ||
    error.code === 'rate-limited' ||
    error.code === 'internal')

/** Whether the call may have been fine: it failed for a reason that passes, or something in between answered it. What must not be lost is kept. */
export const mayHaveSucceeded = (error: unknown): error is ModelReinsError =>
  isTransient(error) || (error instanceof ModelReinsError && error.foreign)
