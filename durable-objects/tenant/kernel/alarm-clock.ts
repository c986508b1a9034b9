/**
 * Responsible for waking the object when something is due: with a timer in memory for the next seconds, and with the object's only alarm,
 * which survives an eviction. Each setAlarm costs a row written, so an alarm that is set a little too early is not moved.
 */

/** For anything due within this time, a timer keeps the object awake. */
const timerMs = 10_000
/** How long after now the alarm behind a timer is set: it is needed only when the object is evicted before the timer fires. */
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

  /** `armedAt`: the time of the alarm in storage, milliseconds since 1970; null without one. */
  constructor(storage: DurableObjectStorage, timers: Timers, armedAt: number | null, ring: () => void) {
    this.#storage = storage
    this.#timers = timers
    this.#armedAt = armedAt
    this.#ring = ring
  }

  /** Something is due at `due`, milliseconds since 1970. `awake`: only memory knows of it, so the object must not hibernate before. */
  arm(due: number, awake: boolean): void {
    if (due === Number.POSITIVE_INFINITY) return
    const now = this.#timers.now()
    const timed = awake || due - now <= timerMs
    if (timed) this.#setTimer(Math.max(due, now + 1))
    // Always in the future: an alarm that is set to the present time inside alarm() does not fire again.
    const backup = timed ? Math.max(due, now + backupMs) : Math.max(due, now + 1)
    if (this.#armedAt !== null && this.#armedAt > now && this.#armedAt <= backup + backupMs) return
    this.#armedAt = backup
    void this.#storage.setAlarm(backup)
  }

  /** The alarm fired, so storage holds none any more. */
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
