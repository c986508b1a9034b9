/**
 * Responsible for bringing audit rows, ended jobs, worker rows and signed heads to D1, at least once and in order, and for erasing jobs there. The audit trail is the
 * outbox: D1 says how far it has come, so the object keeps no cursor. D1 may be down; nothing but listings suffers.
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
/** Characters of jobs in one shipment: prompts and results are large, and everything is in memory at once. */
const sizePerShipment = 2_000_000
/** Rows gather for this long after the first of them, and while a tenant is busy for this long after the last shipment. */
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
  /** D1 has another row than the object under this number, or rows that the object has never made. */
  readonly forked: (seq: number) => void
}

function valueOf<Value>(result: Result<Value>): Value {
  if (!result.ok) throw new Error(result.failure.detail)
  return result.value
}

export class OutboxShipper {
  readonly #parts: ShipperParts
  readonly #heads: RegistryHeads
  /** Highest sequence that D1 has; undefined until it was asked. */
  #shipped: number | undefined
  #scheduled = false
  /** The row that whoever waits for a flight wants to be in D1. */
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

  /** Highest sequence known to be in D1: what is at or below it may be pruned. */
  get shipped(): number {
    return this.#shipped ?? 0
  }

  /** The first row that D1 holds otherwise than the object; null while they agree. Nothing is shipped over it: somebody has to look. */
  get fork(): number | null {
    return this.#fork
  }

  /** There is something new. What comes while a shipment is under way waits for the next one: many small ones cost more than a large one. */
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
    // A clock that was set back must not hold shipments up.
    return Math.max(gatherMs, Math.min(paceMs, this.#arrivedAt + paceMs - at))
  }

  /**
   * Ships what there is now, or until D1 refuses; true when it has arrived. Never throws. Calls at the same time share one flight, which goes
   * on for the last of them.
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
        // A hole that these rows do not fill would be shipped against for ever, as fast as D1 answers.
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
   * After a cold start: the row before the last one that D1 has, so that the first shipment repeats that one and learns whether it is the
   * same there. D1 may have been set back or filled by somebody else while nobody looked.
   */
  async #lastAgreed(): Promise<number> {
    const { audit_seq } = await this.#ship({ audit: [], jobs: [], workers: [] })
    const newest = this.#newest()
    if (audit_seq > newest) throw this.#forkAt(newest + 1)
    return Math.max(0, audit_seq - 1)
  }

  /** The copy of a head that listings answer. Throws when D1 does not take it. */
  async copyHead({ kid, ...head }: AuditHead): Promise<void> {
    const saved = await this.#heads.save(this.#parts.tenant, { ...head, key_id: kid })
    if (!saved.ok) throw new Error(saved.failure.detail)
  }

  /** Jobs of a deleted thread that the archive has, the oldest turns first. Throws when D1 does not answer. */
  async archivedOf(threadId: string, through: number, turns: number): Promise<readonly ArchivedJob[]> {
    return valueOf(await jobsOfThread(this.#parts.database, this.#parts.tenant, threadId, through, turns))
  }

  /** Erases jobs that this object does not keep any more. Throws when D1 does not answer. */
  async eraseJobs(ids: readonly number[]): Promise<void> {
    // What is on its way was read before they were erased here, and may have them in it.
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
      // A job is mirrored once it has ended, and only rows that may have ended it are worth a look: most rows are dispatches and starts.
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
