/** Responsible for a clock of the SDK that runs faster than the world's, so that its real patience (10, 30, 45 s) need not be waited for. */
import type { Clock } from '../../worker-sdk/src/client/clock.ts'

/** Every second of the SDK takes a `factor`-th of a second. What the server waits for takes its own time. */
export function hurriedClock(factor: number): Clock {
  const began = Date.now()
  return {
    now: () => began + (Date.now() - began) * factor,
    after: (ms, callback) => {
      const timer = setTimeout(callback, ms / factor)
      return () => clearTimeout(timer)
    },
    random: () => Math.random(),
  }
}
