/**
 * Responsible for detecting that the server's own time has jumped: it was asleep (a laptop with its lid closed), or its clock was set. Two clocks
 * are compared, so that a test which moves the date by hand is not taken for a sleep.
 */

export type Jump =
  /** Nothing ran between these times, milliseconds since 1970. */
  | { readonly kind: 'gap'; readonly from: number; readonly to: number }
  /** The clock was set back to `to`. */
  | { readonly kind: 'back'; readonly from: number; readonly to: number }

/** A timer that is this late was not merely delayed by a busy machine. */
const gapMs = 10_000
/** Clocks are corrected by fractions of a second all the time. */
const backMs = 2_000
const remembered = 50

export class JumpDetector {
  #last: { readonly at: number; readonly ticks: number } | undefined
  readonly #pauses: { readonly from: number; readonly to: number }[] = []

  /** `ticks`: milliseconds of a clock that nobody sets by hand, from any beginning. `due`: when somebody should have looked here at the latest. */
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

  /** Milliseconds since then in which nothing ran here. */
  sleptSince(at: number): number {
    return this.#pauses.reduce((sum, { from, to }) => sum + Math.max(0, to - Math.max(from, at)), 0)
  }
}
