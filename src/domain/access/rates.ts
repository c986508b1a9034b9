/** Responsible for limiting how often a caller does something: counts per time window, kept in memory, so that a restart resets them. */

export interface Rate {
  readonly most: number
  readonly per_ms: number
}

interface Window {
  readonly ends: number
  count: number
}

/** Maximum number of callers in memory; windows that have ended are removed first. */
const windowsKept = 10_000

export class Rates {
  readonly #windows = new Map<string, Window>()

  /** Milliseconds until this caller may act again; 0 when it may act now. */
  wait(key: string, at: number, rate: Rate): number {
    const window = this.#windows.get(key)
    return window === undefined || window.ends <= at || window.count < rate.most ? 0 : window.ends - at
  }

  note(key: string, at: number, rate: Rate, count = 1): void {
    const window = this.#windows.get(key)
    if (window !== undefined && window.ends > at) {
      window.count += count
      return
    }
    if (this.#windows.size >= windowsKept) {
      for (const [other, { ends }] of this.#windows) if (ends <= at) this.#windows.delete(other)
      if (this.#windows.size >= windowsKept) this.#windows.clear()
    }
    this.#windows.set(key, { ends: at + rate.per_ms, count })
  }
}
