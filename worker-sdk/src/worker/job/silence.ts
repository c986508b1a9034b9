/**
 * Responsible for the silence limit of one attempt: so long without output means that it is stuck. While a human is asked, the
 * clock stands still: thinking is not being stuck.
 */
import type { Clock } from '../../client/clock.ts'
import type { SilenceLimits } from '../../providers/provider.ts'

export class Silence {
  readonly #clock: Clock
  readonly #limits: SilenceLimits | null
  readonly #onStuck: (ms: number) => void
  #cancel: () => void = () => undefined
  #asking = 0
  #said = false

  /** `limits`: null when nobody sets any. */
  constructor(clock: Clock, limits: SilenceLimits | null, onStuck: (ms: number) => void) {
    this.#clock = clock
    this.#limits = limits
    this.#onStuck = onStuck
  }

  /** The attempt begins: its first word may take longer than the next ones. */
  begin(): void {
    this.#arm()
  }

  /** The attempt has said something, or that it goes on. */
  heard(): void {
    this.#said = true
    this.#arm()
  }

  #arm(): void {
    this.#cancel()
    if (this.#limits === null || this.#asking > 0) return
    const ms = this.#said ? this.#limits.next : this.#limits.first
    this.#cancel = this.#clock.after(ms, () => this.#onStuck(ms))
  }

  async whileAsking<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
    this.#asking += 1
    this.#cancel()
    try {
      return await ask()
    } finally {
      this.#asking -= 1
      this.#arm()
    }
  }

  /** The attempt is over; nothing fires any more. */
  end(): void {
    this.#asking = Number.POSITIVE_INFINITY
    this.#cancel()
  }
}
