/**
 * Responsible for letting calls share a commit: a commit costs a flush of the disk, as much for one command as for thirty. A call that arrives alone
 * goes on at once; those that arrive while it is being committed go on together, in the order in which they came.
 */
import type { ClockAndRandom } from './host.ts'

/** Comes back to `run` once what has been written is stored, or, of a crowd, when most of it has arrived. */
export type Afterwards = (run: () => void, crowd: boolean) => void

/** The longest that a call is kept waiting by others: storing may take longer, and needs nobody to wait for it. */
const longestMs = 1

export const afterStoring =
  (storage: Pick<DurableObjectStorage, 'sync'>, setTimer: ClockAndRandom['setTimer']): Afterwards =>
  (run, crowd) => {
    let ran = false
    const once = (): void => {
      if (ran) return
      ran = true
      stop()
      run()
    }
    const stop = setTimer(once, longestMs)
    if (!crowd) void storage.sync().then(once, once)
  }

/** So many that share a commit are a crowd: a few callers that take turns are never kept waiting for one. */
const crowd = 3

export class SharedCommit {
  readonly #afterwards: Afterwards
  /** Undefined while nothing is being committed. */
  #waiting: (() => void)[] | undefined

  constructor(afterwards: Afterwards) {
    this.#afterwards = afterwards
  }

  /** Undefined: go on now. Else it is resolved when it is this call's turn; what is written before anything else is awaited is one commit. */
  turn(): Promise<void> | undefined {
    const waiting = this.#waiting
    if (waiting !== undefined) return new Promise((resolve) => void waiting.push(resolve))
    this.#waiting = []
    this.#afterwards(this.#next, false)
    return undefined
  }

  readonly #next = (): void => {
    const waiting = this.#waiting ?? []
    if (waiting.length === 0) {
      this.#waiting = undefined
      return
    }
    this.#waiting = []
    this.#afterwards(this.#next, waiting.length >= crowd)
    for (const go of waiting) go()
  }
}
