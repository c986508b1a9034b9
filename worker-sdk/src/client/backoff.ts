/** Responsible for how long to wait before the next try: exponential with full jitter, so that a fleet's retries are spread over time. */
import type { Clock } from './clock.ts'

export interface Backoff {
  /** Upper bound of the first wait, in milliseconds. */
  readonly baseMs: number
  /** Upper bound of every wait, in milliseconds. */
  readonly capMs: number
}

/** The wait before the given try (0 is the first): random between 0 and a bound that doubles with every try. */
export const fullJitter = (backoff: Backoff, attempt: number, clock: Pick<Clock, 'random'>): number =>
  Math.floor(clock.random() * Math.min(backoff.capMs, backoff.baseMs * 2 ** Math.min(attempt, 30)))
