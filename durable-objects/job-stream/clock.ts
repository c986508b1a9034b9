/** Responsible for time as the stream object sees it, so that tests can move it by hand. */

export interface StreamClock {
  /** Milliseconds since 1970. */
  now(): number
  /** Calls `tick` again and again until the answer is called. */
  every(ms: number, tick: () => void): () => void
}

export const systemClock: StreamClock = {
  now: () => Date.now(),
  every: (ms, tick) => {
    const timer = setInterval(tick, ms)
    return () => clearInterval(timer)
  },
}

const second = 1_000
const minute = 60 * second
const hour = 60 * minute

export const streamTimings = {
  /** A comment to every viewer that heard nothing for this long. */
  keep_alive_ms: 15 * second,
  /** Viewers wait, and nothing came for this long: was the close lost? */
  silence_ms: 30 * second,
  /** Whoever reads or writes is asked about again after this long: a right ends where it is used, also when no word of its end came. */
  trust_ms: 30 * second,
  /** A viewer that takes nothing for this long is disconnected; it may resume by `Last-Event-ID`. */
  stalled_ms: 60 * second,
  /** From the end to the transcript: off the path of the last viewers. */
  archive_after_ms: 5 * second,
  archive_retry_ms: 1 * minute,
  /** Nobody watches and nothing came for this long: was the close lost? */
  unwatched_silence_ms: 6 * hour,
  /** SQLite keeps an ended stream this long after its transcript: longer than any lease token lives, so that late appends are still refused. */
  hot_ms: 48 * hour,
  /** An erased stream refuses what was on its way for this long; then nothing is left of it. */
  erased_ms: 1 * hour,
} as const
