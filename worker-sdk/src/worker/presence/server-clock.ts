/**
 * Responsible for the time as the server has it: this machine's clock may be hours off, and a time that is sent from here is compared there.
 * What a provider says as a duration is counted from this time; waiting and measuring stay with the machine's own clock.
 */
import type { Clock } from '../../client/clock.ts'

/** Less than this is the way of an answer through the network. */
const noiseMs = 1_000

export class ServerClock {
  readonly #clock: Clock
  #aheadMs = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Milliseconds since 1970. */
  now(): number {
    return this.#clock.now() + this.#aheadMs
  }

  /** As an answer said that has just come (ISO 8601). */
  heard(time: string | undefined): void {
    const ahead = Date.parse(time ?? '') - this.#clock.now()
    if (!Number.isNaN(ahead)) this.#aheadMs = Math.abs(ahead) < noiseMs ? 0 : ahead
  }
}
