/** Responsible for the number of offers that the worker can take now, and for notifying waiters when it changes. */
import type { SocketLink } from './socket-link.ts'

export interface CreditPorts {
  readonly free: () => number
  /** Paused or drained: no new work, even if slots are free. */
  readonly closed: () => boolean
  readonly link: () => SocketLink | undefined
}

export class Credit {
  readonly #ports: CreditPorts
  #open = false
  readonly #waiting = new Set<() => void>()

  constructor(ports: CreditPorts) {
    this.#ports = ports
  }

  /** Whether no new work may be started. */
  get closed(): boolean {
    return !this.#open || this.#ports.closed()
  }

  get now(): number {
    return this.closed ? 0 : this.#ports.free()
  }

  /** Called when the worker is ready. */
  open(): void {
    this.#open = true
    this.changed()
  }

  /** Called when the worker stops. */
  shut(): void {
    this.#open = false
    this.changed()
  }

  changed(): void {
    this.#ports.link()?.creditChanged()
    for (const resolve of this.#waiting) resolve()
  }

  /** Settles at the next change, or when the signal aborts. */
  async nextChange(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return
    let wake: () => void = () => undefined
    const change = new Promise<void>((resolve) => {
      wake = resolve
    })
    this.#waiting.add(wake)
    signal.addEventListener('abort', wake, { once: true })
    await change
    this.#waiting.delete(wake)
    signal.removeEventListener('abort', wake)
  }
}
