/** Responsible for reproducible random numbers: a run prints its seed, and the same seed gives the same choices. Timing is not reproducible. */

export interface Chance {
  readonly seed: number
  /** At least 0, less than 1. */
  readonly next: () => number
  /** An integer from `low` to `high`, inclusive. */
  readonly between: (low: number, high: number) => number
}

/** mulberry32 generator. MODELREINS_SEED repeats an earlier run. */
export function chance(seed: number = Number(process.env['MODELREINS_SEED'] ?? Date.now() % 1_000_000_000)): Chance {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
  return { seed, next, between: (low, high) => low + Math.floor(next() * (high - low + 1)) }
}
