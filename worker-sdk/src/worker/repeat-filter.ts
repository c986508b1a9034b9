/** Responsible for telling a trouble once while it lasts: a server that is away for an hour is not a thousand events. */
import type { Clock } from '../client/clock.ts'

/** The same words are news again after this. */
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
