/**
 * Responsible for held polls: which workers wait for work, until when, and waking one. A waiter whose client has gone looks like any other to
 * the platform, so what it is given is only ever an offer, which comes back by itself.
 */

interface Waiter {
  readonly worker_id: string
  readonly wake: () => void
}

export class Waiters {
  readonly #byWorker = new Map<string, Set<Waiter>>()
  readonly #setTimer: (run: () => void, ms: number) => () => void

  constructor(setTimer: (run: () => void, ms: number) => () => void) {
    this.#setTimer = setTimer
  }

  /** Resolves when woken (true), or after `ms` (false). */
  wait(workerId: string, ms: number): Promise<boolean> {
    return new Promise((resolve) => {
      const stop = this.#setTimer(() => finish(false), ms)
      const waiter: Waiter = { worker_id: workerId, wake: () => finish(true) }
      const finish = (woken: boolean): void => {
        stop()
        const waiting = this.#byWorker.get(workerId)
        waiting?.delete(waiter)
        if (waiting?.size === 0) this.#byWorker.delete(workerId)
        resolve(woken)
      }
      const waiting = this.#byWorker.get(workerId)
      if (waiting === undefined) this.#byWorker.set(workerId, new Set([waiter]))
      else waiting.add(waiter)
    })
  }

  isWaiting(workerId: string): boolean {
    return this.#byWorker.has(workerId)
  }

  isAnybody(): boolean {
    return this.#byWorker.size > 0
  }

  /** Wakes the newest waiter of a worker: an older one may be a connection that died. */
  wake(workerId: string): boolean {
    const newest = [...(this.#byWorker.get(workerId) ?? [])].at(-1)
    newest?.wake()
    return newest !== undefined
  }

  wakeAll(): void {
    for (const waiting of [...this.#byWorker.values()]) for (const waiter of [...waiting]) waiter.wake()
  }
}

/** Waiters for one thing that will be told once: a review's settlement, keyed by its id. */
export class Topic {
  readonly #waiters: Waiters

  constructor(setTimer: (run: () => void, ms: number) => () => void) {
    this.#waiters = new Waiters(setTimer)
  }

  wait(id: number, ms: number): Promise<boolean> {
    return this.#waiters.wait(String(id), ms)
  }

  tell(id: number): void {
    while (this.#waiters.isWaiting(String(id))) this.#waiters.wake(String(id))
  }
}
