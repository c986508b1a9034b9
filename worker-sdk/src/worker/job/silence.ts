/**
 * Responsible for the silence limit of one attempt: so long without output means that it is stuck. While a human is asked, the
 * clock stands still: thinking is not being stuck.
 */
import type { Clock } from '../../client/clock.ts'

export class Silence {
  readonly #clock: Clock
  readonly #limitMs: number | null
  readonly #onStuck: () => void
  #cancel: () => void = () => undefined
  #asking = 0

  /** `limitMs`: null when the job sets no such limit. */
  constructor(clock: Clock, limitMs: number | null, onStuck: () => void) {
    this.#clock = clock
    this.#limitMs = limitMs
    this.#onStuck = onStuck
  }

  /** The attempt begins, or has said something. */
  heard(): void {
    this.#cancel()
    if (this.#limitMs !== null && this.#asking === 0) this.#cancel = this.#clock.after(this.#limitMs, this.#onStuck)
  }

  async whileAsking<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
    this.#asking += 1
    this.#cancel()
    try {
      return await ask()
    } finally {
      this.#asking -= 1
      this.heard()
    }
  }

  /** The attempt is over; nothing fires any more. */
  end(): void {
    this.#asking = Number.POSITIVE_INFINITY
    this.#cancel()
  }
}
