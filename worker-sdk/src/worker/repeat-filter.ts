/** Responsible for reporting a problem once while it lasts, so that a server that is down for an hour does not cause a thousand events. */
import type { Clock } from '../client/clock.ts'

/** The same message is reported again after this time. */
const quietMs = 60_000

export class RepeatFilter {
  readonly #clock: Clock
  readonly #last = new Map<string, { readonly message: string; readonly at: number }>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  isNews(type: string, message: string): boolean {
    const last = this.#last.get(type)
    const now = this.#clock.now()
    if (last !== undefined && last.message === message && now - last.at < quietMs) return false
    this.#last.set(type, { message, at: now })
    return true
  }
}
