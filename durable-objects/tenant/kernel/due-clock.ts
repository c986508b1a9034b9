/** Responsible for the earliest time at which something is due: a lower bound, so that commands need not search for it. */
export class DueClock {
  #at = 0

  get at(): number {
    return this.#at
  }

  /** Something will be due then. */
  hint(at: number): void {
    if (at < this.#at) this.#at = at
  }

  /** What a search has found. */
  set(at: number | undefined): void {
    this.#at = at ?? Number.POSITIVE_INFINITY
  }
}
