/** Responsible for a lower bound of the time at which something is due next, so that commands need not search for it. */
export class DueClock {
  #at = 0

  get at(): number {
    return this.#at
  }

  /** Lowers the bound: something is due at `at`, milliseconds since 1970. */
  hint(at: number): void {
    if (at < this.#at) this.#at = at
  }

  /** Replaces the bound by the result of a search; undefined when nothing is due. */
  set(at: number | undefined): void {
    this.#at = at ?? Number.POSITIVE_INFINITY
  }
}
