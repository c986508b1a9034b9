/** Responsible for how much one caller does in a while: counts in windows, held in memory, so that a forgotten one begins anew. */

export interface Rate {
  readonly most: number
  readonly per_ms: number
}

interface Window {
  readonly ends: number
  count: number
}

/** Callers remembered; windows that are over make room first. */
const windowsKept = 10_000

export class Rates {
  readonly #windows = new Map<string, Window>()

  /** Milliseconds until this caller may do it again; 0 when it may now. */
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
