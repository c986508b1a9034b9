/** Responsible for waiting for what another process will do: it looks again and again, and says what it saw last when that takes too long. */
import { setTimeout as sleep } from 'node:timers/promises'

/** Resolves with the first answer of `look` that is not undefined. `describe` is asked when `limitMs` have passed. */
export async function until<Found>(
  look: () => Promise<Found | undefined> | Found | undefined,
  limitMs: number,
  describe: () => string = () => 'it did not happen',
  everyMs = 50,
): Promise<Found> {
  const end = performance.now() + limitMs
  for (;;) {
    const found = await look()
    if (found !== undefined) return found
    if (performance.now() > end) throw new Error(`${describe()} (waited ${limitMs} ms)`)
    await sleep(everyMs)
  }
}
