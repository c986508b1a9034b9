/**
 * Responsible for letting concurrent calls share a commit: a commit costs one flush of the disk, for one command as for thirty. A call that
 * arrives alone runs at once; calls that arrive during its commit run together afterwards, in their order of arrival.
 */
import type { ClockAndRandom } from './host.ts'

/** Calls `run` once the previous writes are stored or a short time limit is over; with `crowd`, only after the time limit. */
export type Afterwards = (run: () => void, crowd: boolean) => void

/** Time limit of a call's wait, milliseconds: storing may take longer, but no call has to wait for that. */
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

/** From this number of waiting calls on, the next batch waits for the full time limit. Fewer callers that alternate are not delayed so. */
const crowd = 3

export class SharedCommit {
  readonly #afterwards: Afterwards
  /** The calls that wait for the current commit; undefined while none is in progress. */
  #waiting: (() => void)[] | undefined

  constructor(afterwards: Afterwards) {
    this.#afterwards = afterwards
  }

  /**
   * Undefined: run now. Otherwise a promise that resolves when it is this call's turn. The call must write before it awaits anything else,
   * so that its writes are part of the shared commit.
   */
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
