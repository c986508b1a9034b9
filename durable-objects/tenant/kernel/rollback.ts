/**
 * Responsible for what memory must forget when a transaction is rolled back: exactly what that transaction wrote. Stores remember rows, and
 * a caller whose commands fail repeatedly must not make all others read theirs anew.
 */

/** Says how to take back what is remembered of a write. Outside a transaction nothing is rolled back, so nothing is kept. */
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

  /** The last write first, so that each finds memory as it left it. */
  undo(): void {
    const takeBacks = this.#takeBacks ?? []
    this.#takeBacks = undefined
    for (const takeBack of takeBacks.toReversed()) takeBack()
  }
}
