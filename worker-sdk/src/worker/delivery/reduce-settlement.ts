/** Responsible for reducing a settlement that the server refused as invalid or too large. Pure. */
import { byteLength, limits } from '@modelreins/contract'
import { ModelReinsError } from '../../client/error.ts'
import type { Settlement } from './outbox.ts'
import { boundedMessage } from '../job/outcome.ts'
import { endOf } from '../job/long-result.ts'

/**
 * The next plainer form of a settlement that was refused as it stands: the result alone, then a failure that says why, then nothing.
 * Undefined as well when the words are not the reason: a lease that is lost stays lost.
 */
export function reduceSettlement(entry: Settlement, refusal: unknown): Settlement | undefined {
  if (!(refusal instanceof ModelReinsError) || (refusal.code !== 'invalid-request' && refusal.code !== 'too-large')) return undefined
  const { job_id, chunks } = entry.body
  const who = { token: entry.token, attempt: entry.attempt }
  // Whether there is a stream to close is no ornament.
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
    // What succeeded stays a success: JSON may take six bytes for one, so the end of it is tried in halves.
    return { kind: 'complete', ...who, body: { ...entry.body, result: endOf(result, Math.floor(byteLength(result) / 2)) } }
  }
  const message =
    refusal.code === 'too-large'
      ? 'The completion is too large to be sent'
      : boundedMessage(`The server refused the result: ${refusal.message}`)
  return { kind: 'fail', ...who, body: { ...core, error: { type: 'unknown', message, retryable: false } } }
}

const saysLess = (less: object, more: object): boolean => Object.keys(less).length < Object.keys(more).length
