/**
 * Responsible for keeping leases while a handler blocks the event loop: a thread watches the turns of the loop and sends the heartbeat in its place.
 * It starts with the first job that an executor of the caller runs.
 */
import { Worker as Thread } from 'node:worker_threads'
import type { Clock } from '../../client/clock.ts'
import { keyOf, type LiveLease } from '../job/live-attempts.ts'
import { leaseKeeperThread, type LeaseKeeperData } from './lease-keeper-thread.ts'

export interface LeaseKeeperPorts {
  readonly clock: Clock
  readonly url: string
  readonly token: string
  /** The worker's present report about itself. */
  readonly report: () => { readonly leases?: readonly LiveLease[] | undefined }
  readonly running: () => number
  /** Called when the loop was blocked, with the time in milliseconds. */
  readonly onBlocked: (ms: number) => void
  readonly onTrouble: (error: unknown) => void
}

export interface LeaseKeeperTimes {
  readonly tickMs: number
  /** Without a turn for this long, the loop counts as blocked. It is well below the lease. */
  readonly blockedMs: number
  readonly beatMs: number
}

const defaultTimes: LeaseKeeperTimes = { tickMs: 1_000, blockedMs: 5_000, beatMs: 5_000 }

export class LeaseKeeper {
  readonly #ports: LeaseKeeperPorts
  readonly #times: LeaseKeeperTimes
  readonly #turns = new Int32Array(new SharedArrayBuffer(12))
  #thread: Thread | undefined
  #cancelTick: (() => void) | undefined
  /** The leases that the thread would report, each with its position, once their attempts have begun. */
  #named: ReadonlyMap<string, number> = new Map()
  #over = false

  constructor(ports: LeaseKeeperPorts, times: LeaseKeeperTimes = defaultTimes) {
    this.#ports = ports
    this.#times = times
  }

  /**
   * Called before a job runs, so that the thread can report its lease. Jobs that begin together are reported to the thread once. `waiting`: how many
   * of the leases, at the end, belong to attempts that have not begun. The thread does not keep those, because nothing can begin them while the loop
   * is blocked.
   */
  follow(attempt: LiveLease, waiting = 0): void {
    if (this.#over) return
    this.#thread ??= this.#start()
    Atomics.store(this.#turns, 1, this.#ports.running())
    const place = this.#named.get(keyOf(attempt))
    if (place === undefined) {
      const report = this.#ports.report()
      const leases = report.leases ?? []
      this.#thread?.postMessage(JSON.stringify(report))
      this.#named = new Map(leases.map((lease, index) => [keyOf(lease), index]))
      Atomics.store(this.#turns, 2, leases.length - waiting)
    } else if (place >= Atomics.load(this.#turns, 2)) Atomics.store(this.#turns, 2, place + 1)
    if (this.#cancelTick === undefined) this.#tick()
  }

  async stop(): Promise<void> {
    this.#over = true
    this.#cancelTick?.()
    await this.#thread?.terminate()
  }

  #tick(): void {
    Atomics.add(this.#turns, 0, 1)
    const running = this.#ports.running()
    Atomics.store(this.#turns, 1, running)
    this.#cancelTick = undefined
    if (running === 0 || this.#over) return
    const due = this.#ports.clock.now() + this.#times.tickMs
    this.#cancelTick = this.#ports.clock.after(this.#times.tickMs, () => {
      const late = this.#ports.clock.now() - due
      if (late >= this.#times.blockedMs) this.#ports.onBlocked(late)
      this.#tick()
    })
  }

  #start(): Thread | undefined {
    const workerData: LeaseKeeperData = {
      url: this.#ports.url,
      token: this.#ports.token,
      shared: this.#turns.buffer as SharedArrayBuffer,
      ...this.#times,
    }
    try {
      // Without the parent's flags and environment, because the thread needs neither.
      const thread = new Thread(`(${leaseKeeperThread.toString()})(require('node:worker_threads'))`, {
        eval: true,
        workerData,
        execArgv: [],
        env: {},
      })
      thread.unref()
      thread.on('error', this.#ports.onTrouble)
      return thread
    } catch (error) {
      this.#ports.onTrouble(error)
      return undefined
    }
  }
}
