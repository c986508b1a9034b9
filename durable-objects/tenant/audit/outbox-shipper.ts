/**
 * Responsible for shipping audit rows, ended jobs, worker rows and signed heads to D1, at least once and in order, and for erasing jobs
 * there. The audit trail is the outbox: D1 reports how far it has come, so the object stores no cursor. While D1 is down, only listings
 * are outdated.
 */
import { mirrorOf, type AuditHead, type Job, type Worker } from '@modelreins/contract'
import { shownResult } from '../../../src/domain/fan-out/pick.ts'
import { isTerminal, sizeOf } from '../../../src/domain/job/job-machine.ts'
import { eraseJobs, jobsOfThread } from '../../../src/registry/erase.ts'
import type { ArchivedJob } from '../../../src/registry/erase.ts'
import type { Result } from '../../../src/domain/result.ts'
import { openRegistry } from '../../../src/registry/open.ts'
import type { RegistryHeads } from '../../../src/registry/heads.ts'
import { ship } from '../../../src/registry/ship.ts'
import type { Shipment, Shipped } from '../../../src/registry/ship.ts'
import type { CommandContext } from '../kernel/context.ts'
import { showJob } from '../queue/job-view.ts'
import { showWorker } from '../queue/workforce/worker-view.ts'

const rowsPerShipment = 2_000
/** Limit of the jobs in one shipment, characters: prompts and results are large, and the whole shipment is in memory. */
const sizePerShipment = 2_000_000
/** A shipment waits `gatherMs` for further rows, and starts at least `paceMs` after the previous one: few large shipments cost less. */
const gatherMs = 200
const paceMs = 1_000
const retryMs = [1_000, 5_000, 15_000, 60_000] as const

export interface ShipperParts {
  readonly database: D1Database
  readonly tenant: string
  readonly seeing: () => Pick<CommandContext, 'at' | 'store' | 'live'>
  readonly setTimer: (run: () => void, ms: number) => () => void
  readonly waitUntil: (promise: Promise<unknown>) => void
  readonly failed: (reason: string) => void
  /** Called when D1 has a different row than the object under this number, or rows that the object never wrote. */
  readonly forked: (seq: number) => void
}

function valueOf<Value>(result: Result<Value>): Value {
  if (!result.ok) throw new Error(result.failure.detail)
  return result.value
}

export class OutboxShipper {
  readonly #parts: ShipperParts
  readonly #heads: RegistryHeads
  /** Highest sequence number that D1 has; undefined until D1 was asked. */
  #shipped: number | undefined
  #scheduled = false
  /** The newest row at the latest call of `flush`: the running flush ends only when D1 has it. */
  #wanted = 0
  /** When the last shipment arrived, milliseconds since 1970. */
  #arrivedAt = 0
  #flushing: Promise<boolean> | undefined
  #failures = 0
  #fork: number | null = null

  constructor(parts: ShipperParts) {
    this.#parts = parts
    this.#heads = openRegistry(parts.database).heads
  }

  /** Highest sequence number known to be in D1: rows up to it may be pruned. */
  get shipped(): number {
    return this.#shipped ?? 0
  }

  /** The first row that differs between D1 and the object; null while they agree. Shipping stops there until an operator intervenes. */
  get fork(): number | null {
    return this.#fork
  }

  /** Schedules a flush for new rows. Rows that arrive during a flush wait for the next one: many small shipments cost more than a large one. */
  nudge(delayMs = this.#delay()): void {
    if (this.#scheduled || this.#flushing !== undefined) return
    this.#scheduled = true
    this.#parts.setTimer(() => {
      this.#scheduled = false
      this.#parts.waitUntil(this.flush())
    }, delayMs)
  }

  #delay(): number {
    const { at } = this.#parts.seeing()
    // When the clock was set back, `#arrivedAt` lies in the future: it must not delay shipments.
    return Math.max(gatherMs, Math.min(paceMs, this.#arrivedAt + paceMs - at))
  }

  /**
   * Ships all present rows; true when D1 has them, false when D1 refused. Never throws. Concurrent calls share one flush, which continues
   * until the rows of the latest call are shipped.
   */
  flush(): Promise<boolean> {
    this.#wanted = this.#newest()
    this.#flushing ??= this.#flush().finally(() => {
      this.#flushing = undefined
      if (this.#failures > 0) this.nudge(retryMs[Math.min(this.#failures, retryMs.length) - 1])
      else if (this.#newest() > this.shipped) this.nudge()
    })
    return this.#flushing
  }

  #newest(): number {
    return this.#parts.seeing().store.audit.head()?.seq ?? 0
  }

  async #flush(): Promise<boolean> {
    try {
      for (;;) {
        const after = this.#shipped ?? (await this.#lastAgreed())
        const shipment = this.#load(after, this.#shipped !== undefined && after >= this.#wanted ? 0 : rowsPerShipment)
        if (this.#shipped !== undefined && shipment.audit.length === 0) {
          this.#failures = 0
          return true
        }
        const { audit_seq } = await this.#ship(shipment)
        // Without progress, stop: if D1 lacks an earlier row, this loop would ship the same rows forever.
        if (shipment.audit.length > 0 && audit_seq <= (this.#shipped ?? 0))
          throw new Error(`D1 stays at row ${audit_seq} after rows ${shipment.audit[0]?.seq} to ${shipment.audit.at(-1)?.seq}`)
        this.#shipped = audit_seq
        this.#arrivedAt = this.#parts.seeing().at
      }
    } catch (error) {
      this.#parts.failed(error instanceof Error ? error.message : String(error))
      this.#failures += 1
      return false
    }
  }

  async #ship(shipment: Shipment): Promise<Shipped> {
    const done = await ship(this.#parts.database, this.#parts.tenant, shipment)
    if (!done.ok) throw new Error(done.failure.detail)
    const [fork] = done.value.forks
    if (fork !== undefined) throw this.#forkAt(fork)
    this.#fork = null
    return done.value
  }

  #forkAt(seq: number): Error {
    this.#fork = seq
    this.#parts.forked(seq)
    return new Error(`D1 holds another row ${seq} than this tenant's chain: shipping has stopped`)
  }

  /**
   * After a cold start: the number of the row before D1's last one, so that the first shipment repeats the last row and D1 compares it. D1
   * may have been restored from a backup, or written by another object, in the meantime.
   */
  async #lastAgreed(): Promise<number> {
    const { audit_seq } = await this.#ship({ audit: [], jobs: [], workers: [] })
    const newest = this.#newest()
    if (audit_seq > newest) throw this.#forkAt(newest + 1)
    return Math.max(0, audit_seq - 1)
  }

  /** Copies a head to D1, where listings read it. Throws when D1 does not accept it. */
  async copyHead({ kid, ...head }: AuditHead): Promise<void> {
    const saved = await this.#heads.save(this.#parts.tenant, { ...head, key_id: kid })
    if (!saved.ok) throw new Error(saved.failure.detail)
  }

  /** The jobs of a deleted thread in D1, oldest turns first. Throws when D1 does not answer. */
  async archivedOf(threadId: string, through: number, turns: number): Promise<readonly ArchivedJob[]> {
    return valueOf(await jobsOfThread(this.#parts.database, this.#parts.tenant, threadId, through, turns))
  }

  /** Erases jobs in D1 that this object no longer holds. Throws when D1 does not answer. */
  async eraseJobs(ids: readonly number[]): Promise<void> {
    // Wait for the running flush: its shipment may contain these jobs, because it was read before they were erased here.
    await this.#flushing
    valueOf(await eraseJobs(this.#parts.database, this.#parts.tenant, ids))
  }

  #load(after: number, most: number): Shipment {
    const seeing = this.#parts.seeing()
    const rows = seeing.store.audit.after(after, most)
    const jobs = new Map<number, Job & { readonly stored_result?: string }>()
    const workers = new Map<string, Worker>()
    let size = 0
    let taken = 0
    for (const row of rows) {
      // Only ended jobs are mirrored. Skip rows that cannot have ended a job, because most rows are dispatches and starts.
      const job =
        row.job_id === null || jobs.has(row.job_id) || mirrorOf(row.action) !== 'job' ? undefined : seeing.store.jobs.get(row.job_id)
      if (job !== undefined && isTerminal(job.status)) {
        size += sizeOf(job)
        if (taken > 0 && size > sizePerShipment) break
        const { stored } = shownResult(job.outcome)
        const shown = showJob(seeing, job)
        jobs.set(job.id, stored === null ? shown : { ...shown, stored_result: stored })
      }
      if (row.worker_id !== null && mirrorOf(row.action) === 'worker') {
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
