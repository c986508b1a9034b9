/** Responsible for reducing a settlement that the server rejected as invalid or too large. Pure. */
import { byteLength, limits } from '@modelreins/contract'
import { ModelReinsError } from '../../client/error.ts'
import type { Settlement } from './outbox.ts'
import { boundedMessage } from '../job/outcome.ts'
import { endOf } from '../job/long-result.ts'

/**
 * The next simpler form of a settlement that was rejected: first only the result, then a failure with the reason, then nothing. Undefined also when
 * the content is not the reason: a lost lease stays lost.
 */
export function reduceSettlement(entry: Settlement, refusal: unknown): Settlement | undefined {
  if (!(refusal instanceof ModelReinsError) || (refusal.code !== 'invalid-request' && refusal.code !== 'too-large')) return undefined
  const { job_id, chunks } = entry.body
  const who = { token: entry.token, attempt: entry.attempt }
  // `chunks` is always kept, because it tells the server whether there is a stream to close.
  const core = { job_id, ...(chunks === undefined ? {} : { chunks }) }
  if (entry.kind === 'fail') {
    const { type, message, retryable, ...rest } = entry.body.error
    const body = { ...core, error: { type, message, ...(retryable === undefined ? {} : { retryable }) } }
    return saysLess(body, entry.body) || Object.keys(rest).length > 0 ? { kind: 'fail', ...who, body } : undefined
  }
  const { result } = entry.body
  const body = { ...core, ...(result === undefined ? {} : { result }) }
  if (refusal.code === 'invalid-request' && saysLess(body, entry.body)) return { kind: 'complete', ...who, body }
  if (refusal.code === 'too-large' && typeof result === 'string' && byteLength(result) > limits.result_inline_bytes) {
    // A success stays a success: its result is halved until it fits, because JSON can take six bytes for one.
    return { kind: 'complete', ...who, body: { ...entry.body, result: endOf(result, Math.floor(byteLength(result) / 2)) } }
  }
  const message =
    refusal.code === 'too-large'
      ? 'The completion is too large to be sent'
      : boundedMessage(`The server refused the result: ${refusal.message}`)
  return { kind: 'fail', ...who, body: { ...core, error: { type: 'unknown', message, retryable: false } } }
}

const saysLess = (less: object, more: object): boolean => Object.keys(less).length < Object.keys(more).length
