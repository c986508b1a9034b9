/**
 * Responsible for interpreting the answer of a push service (RFC 8030, section 5): sent, gone for good, to be tried again at some time, or refused.
 */

const second = 1_000
const minute = 60 * second
const pauses: readonly number[] = [10 * second, 1 * minute, 5 * minute, 30 * minute, 120 * minute]
/** A longer `Retry-After` is cut to this time, because the notification would otherwise come too late to be useful. */
const longestMs = 6 * 60 * minute

export type Outcome =
  | { readonly kind: 'sent' }
  /** The browser has ended the subscription. */
  | { readonly kind: 'gone' }
  | { readonly kind: 'again'; readonly at: number; readonly why: string }
  | { readonly kind: 'refused'; readonly why: string }

export interface Answer {
  /** Null when there was no answer; then `error` says why. */
  readonly status: number | null
  readonly error: string | null
  /** The header `Retry-After`: seconds, or a date. */
  readonly retryAfter: string | null
}

function askedPause(header: string | null, at: number): number {
  const text = header?.trim() ?? ''
  if (text === '') return 0
  const ms = /^\d{1,9}$/.test(text) ? Number(text) * second : Date.parse(text) - at
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), longestMs) : 0
}

/** `tries`: failed tries since the last message that was sent, not counting this one. `chance`: in [0, 1). */
export function outcomeOf({ status, error, retryAfter }: Answer, tries: number, at: number, chance: number): Outcome {
  if (status !== null && status >= 200 && status < 300) return { kind: 'sent' }
  if (status === 404 || status === 410) return { kind: 'gone' }
  const why = [...(status === null ? [] : [`the push service answered ${status}`]), ...(error === null ? [] : [error])].join(': ')
  const passing = status === null || status === 408 || status === 429 || status >= 500
  const pause = passing ? pauses[tries] : undefined
  if (pause === undefined) return { kind: 'refused', why }
  return { kind: 'again', why, at: at + Math.max(Math.round(pause * (0.8 + 0.4 * chance)), askedPause(retryAfter, at)) }
}
