/**
 * Responsible for the silence limit of one attempt: without output for this long, it counts as stuck. The clock is stopped while a human is asked to
 * decide.
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

  /** `limits`: null when there is no limit. */
  constructor(clock: Clock, limits: SilenceLimits | null, onStuck: (ms: number) => void) {
    this.#clock = clock
    this.#limits = limits
    this.#onStuck = onStuck
  }

  /** Called when the attempt begins: its first output may take longer than later ones. */
  begin(): void {
    this.#arm()
  }

  /** Called when the attempt has produced output or reported that it continues. */
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

  /** Called when the attempt is over; the limit no longer applies. */
  end(): void {
    this.#asking = Number.POSITIVE_INFINITY
    this.#cancel()
  }
}
