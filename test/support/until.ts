/** Responsible for waiting for another process: it polls a condition, and on a timeout reports what it saw last. */
import { setTimeout as sleep } from 'node:timers/promises'

/** Resolves with the first result of `look` that is not undefined. After `limitMs` milliseconds it rejects with the text of `describe`. */
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
