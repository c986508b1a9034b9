/** Responsible for the running attempts: slots, the attempts in them, and the leases this worker still holds. */
import { atMost, type Clock } from '../../client/clock.ts'
import type { AttemptStopped } from './executor.ts'

export interface LiveAttempt {
  readonly job_id: number
  readonly attempt: number
  readonly stop: (why: AttemptStopped) => void
  /** Settles when the handler and everything that it started have ended. */
  readonly finished: Promise<void>
}

/** The contract's limit for leases in one report. */
const leasesNamed = 256

/** An attempt that the server was asked to start. */
export interface BeginningAttempt {
  /** Called when it has a slot. */
  readonly admitted: () => void
  /** Why it must end as soon as it has begun. */
  readonly stopped: () => AttemptStopped | undefined
  /** Called when it is among the live attempts, or was not started. */
  readonly over: () => void
}

export interface LiveLease {
  readonly job_id: number
  readonly attempt: number
}

export class LiveAttempts {
  #limit: number
  #admitted = 0
  readonly #attempts = new Set<LiveAttempt>()
  readonly #beginning = new Set<LiveAttempt>()
  readonly #kept = new Map<string, LiveLease>()
  /** The kept leases of attempts that are started ahead and have no slot. */
  readonly #ahead = new Set<string>()
  readonly #onFree: () => void
  readonly #onEnter: (attempt: LiveLease) => void

  /** `onFree` is called whenever the number of free slots may have changed, `onEnter` before a handler runs. */
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

  /** Nothing runs, and nothing is about to start. */
  get quiet(): boolean {
    return this.#attempts.size === 0 && this.#beginning.size === 0
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

  /**
   * Registers an attempt before its start is confirmed. Waiting for idle waits for it, and stopping all attempts stops it, because the server may
   * have started it already. `ahead`: for an attempt without a slot; called with the reason when it must end.
   */
  begin(lease: LiveLease, ahead?: (why: AttemptStopped) => void): BeginningAttempt {
    if (ahead !== undefined) this.#ahead.add(keyOf(lease))
    let why: AttemptStopped | undefined
    let finish: () => void = () => undefined
    const finished = new Promise<void>((resolve) => {
      finish = resolve
    })
    const beginning: LiveAttempt = {
      ...lease,
      stop: (said) => {
        why ??= said
        ahead?.(said)
      },
      finished,
    }
    this.#beginning.add(beginning)
    const admitted = (): void => {
      if (ahead !== undefined) this.#ahead.delete(keyOf(lease))
    }
    return {
      admitted,
      stopped: () => why,
      over: () => {
        admitted()
        this.#beginning.delete(beginning)
        finish()
      },
    }
  }

  enter(attempt: LiveAttempt): void {
    this.#attempts.add(attempt)
    this.#onEnter(attempt)
  }

  leave(attempt: LiveAttempt): void {
    this.#attempts.delete(attempt)
  }

  /** Keeps a lease without a handler: the attempt is about to start, or it ended and is not yet delivered. */
  keepLease(lease: LiveLease): void {
    this.#kept.set(keyOf(lease), lease)
  }

  dropLease(lease: LiveLease): void {
    this.#kept.delete(keyOf(lease))
  }

  /** How many of the leases belong to attempts that wait for a slot. */
  get waiting(): number {
    return this.#ahead.size
  }

  /** At most as many leases as a report may contain. Those of attempts that wait for a slot come last, in their order. */
  leases(): LiveLease[] {
    const all = new Map<string, LiveLease>()
    for (const { job_id, attempt } of this.#attempts) all.set(keyOf({ job_id, attempt }), { job_id, attempt })
    for (const [key, lease] of this.#kept) if (!this.#ahead.has(key)) all.set(key, lease)
    for (const key of this.#ahead) {
      const lease = this.#kept.get(key)
      if (lease !== undefined) all.set(key, lease)
    }
    return [...all.values()].slice(0, leasesNamed)
  }

  /** The attempts of a job up to the given number: an abort may name a newer attempt than the one that runs here. */
  attemptsOf(jobId: number, upTo: number): LiveAttempt[] {
    return this.#all().filter((attempt) => attempt.job_id === jobId && attempt.attempt <= upTo)
  }

  stopAll(why: AttemptStopped): void {
    for (const attempt of this.#all()) attempt.stop(why)
  }

  /** Settles when nothing runs any more. */
  async idle(): Promise<void> {
    while (!this.quiet) await Promise.all(this.#all().map((attempt) => attempt.finished))
  }

  /** True: nothing runs or is about to. `sooner` shortens the time for jobs, but never the time that stopped children get to end. */
  async idleWithin(clock: Clock, ms: number, sooner?: AbortSignal): Promise<boolean> {
    const hurried = new Promise<void>((resolve) => sooner?.addEventListener('abort', () => resolve(), { once: true }))
    await atMost(clock, ms, Promise.race([this.idle(), hurried]))
    return this.quiet
  }

  #all(): LiveAttempt[] {
    return [...this.#attempts, ...this.#beginning]
  }
}

export const keyOf = (lease: LiveLease): string => `${lease.job_id}/${lease.attempt}`
