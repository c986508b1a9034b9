/** Responsible for an SDK clock that runs faster than real time, so that tests need not wait for its real timeouts (10, 30, 45 s). */
import type { Clock } from '../../worker-sdk/src/client/clock.ts'

/** Every second of the SDK takes 1/`factor` seconds. Timeouts of the server are not affected. */
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
