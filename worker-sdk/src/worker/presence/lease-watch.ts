/**
 * Responsible for how long this worker may continue without an answer of the server: its leases end unless they are renewed, and another worker may
 * then run the same jobs. It counts only time in which the machine was awake and the server was asked; it stops nothing.
 */
import { limits } from '@modelreins/contract'

/** The lease plus a margin: the server retries a lost attempt only after some seconds, and may be restarting. */
export const cutOffMs = limits.lease_ms + 30_000

export class LeaseWatch {
  #silentMs = 0
  #told = false

  /** Called when the server has answered: it has renewed the leases or named those that are gone. */
  heard(): void {
    this.#silentMs = 0
    this.#told = false
  }

  /** Adds time, of which the machine was awake for at most `awakeMs`. True, once: the leases must be considered lost. */
  passed(ms: number, awakeMs: number): boolean {
    this.#silentMs += Math.max(0, Math.min(ms, awakeMs))
    if (this.#told || this.#silentMs < cutOffMs) return false
    this.#told = true
    return true
  }
}
