/**
 * Responsible for how long this worker may go on without a word from the server: its leases end there unless they are renewed, and another
 * worker may then run the same jobs. It counts time in which it was awake and asked; it stops nothing.
 */
import { limits } from '@modelreins/contract'

/** Beyond the lease itself: the server tries a lost attempt again after some seconds, and may be restarting. */
export const cutOffMs = limits.lease_ms + 30_000

export class LeaseWatch {
  #silentMs = 0
  #told = false

  /** The server has answered, so it has renewed the leases or said which of them are gone. */
  heard(): void {
    this.#silentMs = 0
    this.#told = false
  }

  /** So much more time has gone by, of which the machine was awake for `awakeMs` at most. True, once: nothing is known of the leases any more. */
  passed(ms: number, awakeMs: number): boolean {
    this.#silentMs += Math.max(0, Math.min(ms, awakeMs))
    if (this.#told || this.#silentMs < cutOffMs) return false
    this.#told = true
    return true
  }
}
