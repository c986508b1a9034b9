/**
 * Responsible for bringing audit rows, ended jobs, worker rows and signed heads to D1, at least once and in order. The audit trail is the
 * outbox: D1 says how far it has come, so the object keeps no cursor. D1 may be down; nothing but listings suffers.
 */
import type { AuditHead, Job, Worker } from '@modelreins/contract'
import { isTerminal } from '../../src/domain/job-machine.ts'
import { openRegistry } from '../../src/registry/open.ts'
import { ship } from '../../src/registry/ship.ts'
import type { Shipment } from '../../src/registry/ship.ts'
import type { CommandContext } from './context.ts'
import { showJob } from './job-view.ts'
import { showWorker } from './workforce.ts'

const rowsPerShipment = 200
/** Rows gather for this long, so that a busy tenant ships batches. */
const gatherMs = 200
const retryMs = [1_000, 5_000, 15_000, 60_000] as const

export interface ShipperParts {
  readonly database: D1Database
  readonly tenant: string
  readonly seeing: () => Pick<CommandContext, 'at' | 'store' | 'live'>
  readonly setTimer: (run: () => void, ms: number) => () => void
  readonly waitUntil: (promise: Promise<unknown>) => void
  readonly failed: (reason: string) => void
}

export class OutboxShipper {
  readonly #parts: ShipperParts
  /** Highest sequence that D1 has; undefined until it was asked. */
  #shipped: number | undefined
  #scheduled = false
  #flushing: Promise<boolean> | undefined
  #failures = 0

  constructor(parts: ShipperParts) {
    this.#parts = parts
  }

  /** Highest sequence known to be in D1: what is at or below it may be pruned. */
  get shipped(): number {
    return this.#shipped ?? 0
  }

  /** There is something new. */
  nudge(delayMs = gatherMs): void {
    if (this.#scheduled) return
    this.#scheduled = true
    this.#parts.setTimer(() => {
      this.#scheduled = false
      this.#parts.waitUntil(this.flush())
    }, delayMs)
  }

  /** Ships until nothing is left or D1 refuses; true when nothing is left. Never throws. Calls at the same time share one flight. */
  flush(): Promise<boolean> {
    this.#flushing ??= this.#flush().finally(() => {
      this.#flushing = undefined
    })
    return this.#flushing
  }

  async #flush(): Promise<boolean> {
    try {
      for (;;) {
        const shipment = this.#shipped === undefined ? { audit: [], jobs: [], workers: [] } : this.#load(this.#shipped)
        if (this.#shipped !== undefined && shipment.audit.length === 0) {
          this.#failures = 0
          return true
        }
        const done = await ship(this.#parts.database, this.#parts.tenant, shipment)
        if (!done.ok) throw new Error(done.failure.detail)
        this.#shipped = done.value.audit_seq
      }
    } catch (error) {
      this.#parts.failed(error instanceof Error ? error.message : String(error))
      const delay = retryMs[Math.min(this.#failures, retryMs.length - 1)] ?? 60_000
      this.#failures += 1
      this.nudge(delay)
      return false
    }
  }

  /** The copy of a head that listings answer. Throws when D1 does not take it. */
  async copyHead({ kid, ...head }: AuditHead): Promise<void> {
    const saved = await openRegistry(this.#parts.database).heads.save(this.#parts.tenant, { ...head, key_id: kid })
    if (!saved.ok) throw new Error(saved.failure.detail)
  }

  #load(after: number): Shipment {
    const seeing = this.#parts.seeing()
    const audit = seeing.store.audit.after(after, rowsPerShipment)
    const jobs = new Map<number, Job & { updated_seq: number }>()
    const workers = new Map<string, Worker & { updated_seq: number }>()
    const updated_seq = audit.at(-1)?.seq ?? after
    for (const row of audit) {
      if (row.job_id !== null && !jobs.has(row.job_id)) {
        const job = seeing.store.jobs.get(row.job_id)
        if (job !== undefined && isTerminal(job.status)) jobs.set(job.id, { ...showJob(seeing, job), updated_seq })
      }
      if (row.worker_id !== null && row.action.startsWith('worker.')) {
        const worker = seeing.store.workers.get(row.worker_id)
        if (worker !== undefined) workers.set(worker.worker_id, { ...showWorker(seeing, worker), updated_seq })
      }
    }
    return { audit, jobs: [...jobs.values()], workers: [...workers.values()] }
  }
}
