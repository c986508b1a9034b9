/**
 * Responsible for bringing audit rows, ended jobs, worker rows and signed heads to D1, at least once and in order. The audit trail is the
 * outbox: D1 says how far it has come, so the object keeps no cursor. D1 may be down; nothing but listings suffers.
 */
import type { AuditHead, Job, Worker } from '@modelreins/contract'
import { isTerminal, sizeOf } from '../../../src/domain/job/job-machine.ts'
import { openRegistry } from '../../../src/registry/open.ts'
import type { RegistryHeads } from '../../../src/registry/heads.ts'
import { ship } from '../../../src/registry/ship.ts'
import type { Shipment } from '../../../src/registry/ship.ts'
import type { CommandContext } from '../kernel/context.ts'
import { showJob } from '../queue/job-view.ts'
import { showWorker } from '../queue/workforce/worker-view.ts'

const rowsPerShipment = 500
/** Characters of jobs in one shipment: prompts and results are large, and everything is in memory at once. */
const sizePerShipment = 2_000_000
/** Rows gather for this long, so that a busy tenant ships batches. */
const gatherMs = 200
const retryMs = [1_000, 5_000, 15_000, 60_000] as const

/** Audit actions after which a job may have ended. */
const endings = new Set([
  'job.complete',
  'job.fail',
  'job.abort',
  'job.expire',
  'job.lose',
  'job.timeout',
  'review.decide',
  'review.expire',
])

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
  readonly #heads: RegistryHeads
  /** Highest sequence that D1 has; undefined until it was asked. */
  #shipped: number | undefined
  #scheduled = false
  #flushing: Promise<boolean> | undefined
  #failures = 0

  constructor(parts: ShipperParts) {
    this.#parts = parts
    this.#heads = openRegistry(parts.database).heads
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
        const { audit_seq } = done.value
        // A hole that these rows do not fill would be shipped against for ever, as fast as D1 answers.
        if (shipment.audit.length > 0 && audit_seq <= (this.#shipped ?? 0))
          throw new Error(`D1 stays at row ${audit_seq} after rows ${shipment.audit[0]?.seq} to ${shipment.audit.at(-1)?.seq}`)
        this.#shipped = audit_seq
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
    const saved = await this.#heads.save(this.#parts.tenant, { ...head, key_id: kid })
    if (!saved.ok) throw new Error(saved.failure.detail)
  }

  #load(after: number): Shipment {
    const seeing = this.#parts.seeing()
    const rows = seeing.store.audit.after(after, rowsPerShipment)
    const jobs = new Map<number, Job & { readonly stored_result?: string }>()
    const workers = new Map<string, Worker>()
    let size = 0
    let taken = 0
    for (const row of rows) {
      // A job is mirrored once it has ended, and only rows that may have ended it are worth a look: most rows are dispatches and starts.
      const job = row.job_id === null || jobs.has(row.job_id) || !endings.has(row.action) ? undefined : seeing.store.jobs.get(row.job_id)
      if (job !== undefined && isTerminal(job.status)) {
        size += sizeOf(job)
        if (taken > 0 && size > sizePerShipment) break
        const stored = job.outcome?.stored
        jobs.set(job.id, { ...showJob(seeing, job), ...(stored == null ? {} : { stored_result: stored }) })
      }
      if (row.worker_id !== null && row.action.startsWith('worker.')) {
        const worker = seeing.store.workers.get(row.worker_id)
        if (worker !== undefined) workers.set(worker.worker_id, showWorker(seeing, worker))
      }
      taken += 1
    }
    const audit = rows.slice(0, taken)
    const updated_seq = audit.at(-1)?.seq ?? after
    const stamped = <Row>(row: Row): Row & { readonly updated_seq: number } => ({ ...row, updated_seq })
    return { audit, jobs: [...jobs.values()].map(stamped), workers: [...workers.values()].map(stamped) }
  }
}
