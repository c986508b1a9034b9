/** Responsible for the running attempts: slots, the attempts in them, and the leases this worker still holds. */
import type { AttemptStopped } from './executor.ts'

export interface LiveAttempt {
  readonly job_id: number
  readonly attempt: number
  readonly stop: (why: AttemptStopped) => void
  /** Settles when the handler and everything it started have ended. */
  readonly finished: Promise<void>
}

export interface LiveLease {
  readonly job_id: number
  readonly attempt: number
}

export class LiveAttempts {
  #limit: number
  #admitted = 0
  readonly #attempts = new Set<LiveAttempt>()
  readonly #kept = new Map<string, LiveLease>()
  readonly #onFree: () => void
  readonly #onEnter: (attempt: LiveLease) => void

  /** `onFree` is told whenever the number of free slots may have changed, `onEnter` before a handler runs. */
  constructor(limit: number, onFree: () => void, onEnter: (attempt: LiveLease) => void) {
    this.#limit = limit
    this.#onFree = onFree
    this.#onEnter = onEnter
  }

  get limit(): number {
    return this.#limit
  }

  get running(): number {
    return this.#attempts.size
  }

  get free(): number {
    return Math.max(0, this.#limit - this.#admitted)
  }

  resize(limit: number): void {
    this.#limit = limit
    this.#onFree()
  }

  /** Takes a slot for an offer; the returned function gives it back, once. Undefined when there is none. */
  admit(): (() => void) | undefined {
    if (this.free === 0) return undefined
    this.#admitted += 1
    let held = true
    return () => {
      if (!held) return
      held = false
      this.#admitted -= 1
      this.#onFree()
    }
  }

  enter(attempt: LiveAttempt): void {
    this.#attempts.add(attempt)
    this.#onEnter(attempt)
  }

  leave(attempt: LiveAttempt): void {
    this.#attempts.delete(attempt)
  }

  /** Ours without a handler: about to start, or ended and not yet delivered. */
  keepLease(lease: LiveLease): void {
    this.#kept.set(keyOf(lease), lease)
  }

  dropLease(lease: LiveLease): void {
    this.#kept.delete(keyOf(lease))
  }

  leases(): LiveLease[] {
    const all = new Map(this.#kept)
    for (const { job_id, attempt } of this.#attempts) all.set(keyOf({ job_id, attempt }), { job_id, attempt })
    return [...all.values()]
  }

  /** The attempts of a job up to the given one: an abort may name a newer attempt than the one that runs here. */
  attemptsOf(jobId: number, upTo: number): LiveAttempt[] {
    return [...this.#attempts].filter((attempt) => attempt.job_id === jobId && attempt.attempt <= upTo)
  }

  stopAll(why: AttemptStopped): void {
    for (const attempt of this.#attempts) attempt.stop(why)
  }

  /** Settles when nothing runs any more. */
  async idle(): Promise<void> {
    while (this.#attempts.size > 0) await Promise.all([...this.#attempts].map((attempt) => attempt.finished))
  }
}

export const keyOf = (lease: LiveLease): string => `${lease.job_id}/${lease.attempt}`
