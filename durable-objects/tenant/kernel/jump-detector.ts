/**
 * Responsible for detecting jumps of the server's own time: the machine was asleep (a laptop with a closed lid), or its clock was set. It
 * compares two clocks, so that a test that moves the date is not mistaken for a sleep.
 */

export type Jump =
  /** Nothing ran between these times, milliseconds since 1970. */
  | { readonly kind: 'gap'; readonly from: number; readonly to: number }
  /** The clock was set back to `to`. */
  | { readonly kind: 'back'; readonly from: number; readonly to: number }

/** A timer that fires later than this was delayed by more than a busy machine. */
const gapMs = 10_000
/** Smaller steps back are ignored: time synchronization corrects clocks by fractions of a second all the time. */
const backMs = 2_000
const remembered = 50

export class JumpDetector {
  #last: { readonly at: number; readonly ticks: number } | undefined
  readonly #pauses: { readonly from: number; readonly to: number }[] = []

  /**
   * `at`: milliseconds since 1970. `ticks`: milliseconds of a monotonic clock. `due`: the time at which this method should have been called
   * at the latest.
   */
  note(at: number, ticks: number, due: number): Jump | undefined {
    const last = this.#last
    this.#last = { at, ticks }
    if (last === undefined) return undefined
    if (at < last.at - backMs) return { kind: 'back', from: last.at, to: at }
    const expected = Math.max(due, last.at)
    if (!Number.isFinite(expected) || ticks - last.ticks - (expected - last.at) <= gapMs) return undefined
    this.#pauses.push({ from: expected, to: at })
    if (this.#pauses.length > remembered) this.#pauses.shift()
    return { kind: 'gap', from: expected, to: at }
  }

  /** Milliseconds since `at` during which the server was asleep. */
  sleptSince(at: number): number {
    return this.#pauses.reduce((sum, { from, to }) => sum + Math.max(0, to - Math.max(from, at)), 0)
  }
}
