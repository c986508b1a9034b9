/** Responsible for time that moves by hand, and chance that is chosen. */
import type { Clock } from '../../../../worker-sdk/src/client/clock.ts'

export class ManualClock implements Clock {
  #now = Date.parse('2026-01-01T00:00:00Z')
  readonly #timers = new Set<{ at: number; callback: () => void }>()
  #watchers: (() => void)[] = []
  /** What `random()` answers. */
  chance = 0.5

  now(): number {
    return this.#now
  }

  random(): number {
    return this.chance
  }

  after(ms: number, callback: () => void): () => void {
    const timer = { at: this.#now + ms, callback }
    this.#timers.add(timer)
    for (const watch of this.#watchers.splice(0)) watch()
    return () => void this.#timers.delete(timer)
  }

  /** Moves time; timers due on the way ring in order, and each may set others. */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms
    for (;;) {
      const due = [...this.#timers].filter((timer) => timer.at <= until).sort((left, right) => left.at - right.at)[0]
      if (due === undefined) break
      this.#timers.delete(due)
      this.#now = Math.max(this.#now, due.at)
      due.callback()
      await turn()
    }
    this.#now = until
    await turn()
  }

  /** Time in which the machine was asleep: no timer rings before `advance`. */
  sleep(ms: number): void {
    this.#now += ms
  }

  /** Settles when somebody waits for exactly so long. */
  async waitFor(ms: number): Promise<void> {
    while (![...this.#timers].some((timer) => timer.at === this.#now + ms)) {
      await new Promise<void>((resolve) => this.#watchers.push(resolve))
    }
  }
}

/** Lets everything that is ready run. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** What has been sent within this process arrives and is read: that takes turns of its loop, whatever time they take. */
export async function delivered(): Promise<void> {
  for (let turns = 0; turns < 20; turns += 1) await turn()
}
