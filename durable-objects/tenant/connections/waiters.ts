/**
 * Responsible for long polls: which workers wait for work, until when, and waking one. The platform does not tell when the client of a poll
 * has disconnected, so a waiter only ever gets an offer, which expires by itself.
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

  /** Wakes the newest waiter of a worker, because the connection of an older one may be broken. False: nobody waits. */
  wake(workerId: string): boolean {
    const newest = [...(this.#byWorker.get(workerId) ?? [])].at(-1)
    newest?.wake()
    return newest !== undefined
  }

  wakeAll(): void {
    for (const waiting of [...this.#byWorker.values()]) for (const waiter of [...waiting]) waiter.wake()
  }
}

/** Waiters for an event that happens once, such as a review's decision, keyed by a number. */
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
