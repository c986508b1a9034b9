/**
 * Responsible for the server's time: this machine's clock may be wrong by hours, and the server compares times that are sent from here with its own.
 * Durations that a provider names are added to this time; waiting and measuring use the machine's clock.
 */
import type { Clock } from '../../client/clock.ts'

/** Smaller differences are caused by network latency. */
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

  /** Called with the server's time (ISO 8601) from an answer that has just arrived. */
  heard(time: string | undefined): void {
    const ahead = Date.parse(time ?? '') - this.#clock.now()
    if (!Number.isNaN(ahead)) this.#aheadMs = Math.abs(ahead) < noiseMs ? 0 : ahead
  }
}
