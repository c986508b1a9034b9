/**
 * Responsible for undoing changes of the stores' caches when a transaction is rolled back: only those of that transaction. Otherwise a
 * caller whose commands fail repeatedly would make all other callers read their rows from SQLite again.
 */

/** Registers how to undo the cached part of a write. Outside a transaction nothing is rolled back, so nothing is registered. */
export type Forget = (takeBack: () => void) => void

export class Rollback {
  /** Undefined outside a transaction. */
  #takeBacks: (() => void)[] | undefined

  readonly forget: Forget = (takeBack) => void this.#takeBacks?.push(takeBack)

  begin(): void {
    this.#takeBacks = []
  }

  commit(): void {
    this.#takeBacks = undefined
  }

  /** Undoes the last write first, so that each step finds memory as its write left it. */
  undo(): void {
    const takeBacks = this.#takeBacks ?? []
    this.#takeBacks = undefined
    for (const takeBack of takeBacks.toReversed()) takeBack()
  }
}
