/**
 * Responsible for being awake when something is due: a timer in memory for the next seconds, and the object's one alarm as what
 * survives an eviction. Each setAlarm is a row written, so an alarm that rings a little early is left as it is.
 */

/** Due sooner than this: worth staying awake for. */
const timerMs = 10_000
/** The alarm behind a timer: only an eviction in between makes it needed. */
const backupMs = 30_000

export interface Timers {
  readonly now: () => number
  readonly set: (run: () => void, ms: number) => () => void
}

export class AlarmClock {
  readonly #storage: DurableObjectStorage
  readonly #timers: Timers
  readonly #ring: () => void
  #armedAt: number | null
  #timerAt = Number.POSITIVE_INFINITY
  #stopTimer: (() => void) | undefined

  /** `armedAt`: what storage says at the start. */
  constructor(storage: DurableObjectStorage, timers: Timers, armedAt: number | null, ring: () => void) {
    this.#storage = storage
    this.#timers = timers
    this.#armedAt = armedAt
    this.#ring = ring
  }

  /** Something is due then. `awake`: memory alone knows of it, so the object must not hibernate before. */
  arm(due: number, awake: boolean): void {
    if (due === Number.POSITIVE_INFINITY) return
    const now = this.#timers.now()
    const timed = awake || due - now <= timerMs
    if (timed) this.#setTimer(Math.max(due, now + 1))
    // Never now: an alarm set to the present inside alarm() ends the chain.
    const backup = timed ? Math.max(due, now + backupMs) : Math.max(due, now + 1)
    if (this.#armedAt !== null && this.#armedAt > now && this.#armedAt <= backup + backupMs) return
    this.#armedAt = backup
    void this.#storage.setAlarm(backup)
  }

  /** The alarm rang: storage holds none any more. */
  rang(): void {
    this.#armedAt = null
  }

  #setTimer(at: number): void {
    if (this.#timerAt <= at) return
    this.#stopTimer?.()
    this.#timerAt = at
    this.#stopTimer = this.#timers.set(
      () => {
        this.#timerAt = Number.POSITIVE_INFINITY
        this.#stopTimer = undefined
        this.#ring()
      },
      Math.max(0, at - this.#timers.now()),
    )
  }
}
