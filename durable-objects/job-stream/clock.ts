/** Responsible for the time and the time limits of the stream object; tests replace the clock. */

export interface StreamClock {
  /** Milliseconds since 1970. */
  now(): number
  /** Calls `tick` every `ms` milliseconds until the returned function is called. */
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
  /** A viewer that received nothing for this long gets an SSE comment. */
  keep_alive_ms: 15 * second,
  /** With viewers and no output for this long, the object asks the tenant object whether the job has ended: a close may be lost. */
  silence_ms: 30 * second,
  /** The right to read or write is checked again after this time, in case the message of its end was lost. */
  trust_ms: 30 * second,
  /** A viewer that reads nothing for this long is disconnected; it may resume with `Last-Event-ID`. */
  stalled_ms: 60 * second,
  /** Delay between the end and writing the transcript, so that it does not slow down the last viewers. */
  archive_after_ms: 5 * second,
  archive_retry_ms: 1 * minute,
  /** As `silence_ms`, without viewers. */
  unwatched_silence_ms: 6 * hour,
  /** How long SQLite keeps an ended stream after its transcript: longer than any lease token is valid, so that late appends are refused. */
  hot_ms: 48 * hour,
  /** How long an erased stream refuses late appends; afterwards it stores nothing. */
  erased_ms: 1 * hour,
} as const
