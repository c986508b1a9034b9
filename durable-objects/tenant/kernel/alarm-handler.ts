/** Responsible for what one tenant does without a call: running what is due, and the maintenance work of an alarm. */
import type { AlarmClock } from './alarm-clock.ts'
import type { Effect } from './context.ts'
import { performEffects } from './effects.ts'
import type { Executor } from './execute.ts'
import type { Host } from './host.ts'
import { roomsWith } from './rooms-with.ts'

/** The most rows that one room deletes per alarm. */
const prunedAtOnce = 500

export class AlarmHandler {
  readonly #clock: AlarmClock
  readonly #host: Host
  readonly #executor: Executor
  /** True while `alarm()` runs; the platform retries an alarm that was interrupted. */
  #inAlarm = false

  constructor(clock: AlarmClock, host: Host, executor: Executor) {
    this.#clock = clock
    this.#host = host
    this.#executor = executor
  }

  get inAlarm(): boolean {
    return this.#inAlarm
  }

  /** Called after each commit: performs its effects, notifies the rooms, sets the clock for what is due next. */
  committed(effects: readonly Effect[]): void {
    performEffects(this.#host, effects)
    for (const room of roomsWith(this.#host.rooms, 'onCommit')) room.onCommit(this.#host)
    this.arm()
  }

  arm(): void {
    const { live, rooms } = this.#host
    this.#clock.arm(
      live.due.at,
      roomsWith(rooms, 'awake').some((room) => room.awake(live)),
    )
  }

  wakeUp(): void {
    this.#executor.catchUp()
    this.arm()
  }

  async alarm(): Promise<void> {
    const { live, rooms, store } = this.#host
    this.#inAlarm = true
    try {
      this.wakeUp()
      for (const room of rooms) await room.finish?.(this.#host)
      const reading = this.#host.read()
      for (const room of rooms) room.prune?.({ at: reading.at, store, live, rooms, atOnce: prunedAtOnce })
    } finally {
      this.#inAlarm = false
    }
    this.arm()
  }
}
