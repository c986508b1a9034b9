/**
 * Responsible for what one tenant does by itself: taking stock after a cold start, being awake when something is due, and the chores of an
 * alarm. It decides nothing and answers nobody; with nothing due it arms nothing, so that an idle tenant sleeps.
 */
import { limits } from '@modelreins/contract'
import type { AlarmClock } from './alarm-clock.ts'
import { leaseUntil } from '../queue/commands/attempts.ts'
import type { AuditWriter } from '../audit/audit-writer.ts'
import type { Live } from './context.ts'
import type { Executor } from './execute.ts'
import type { AuditGate } from '../audit/heads-gate.ts'
import type { OutboxShipper } from '../audit/outbox-shipper.ts'
import { prune } from './prune.ts'
import type { Store } from './open-store.ts'
import type { WebhookSender } from '../webhooks/webhook-sender.ts'

/** After a commit whose rows are not in D1 yet: an eviction before they are must not strand them. */
const shipAgainMs = 60_000

export interface UpkeepParts {
  readonly clock: AlarmClock
  readonly store: Store
  readonly live: Live
  readonly now: () => number
  readonly executor: Executor
  readonly audit: AuditWriter
  readonly shipper: OutboxShipper
  readonly gate: AuditGate
  readonly sender: WebhookSender
}

/** Memory is new: find the occupied pools, and give every running job one fresh lease instead of trusting stale ones. */
export function takeStock(store: Store, live: Live, at: number): void {
  for (const pool of store.jobs.occupiedPools()) live.occupied.add(pool)
  for (const job of store.jobs.due(0, Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)) {
    if (job.worker_id === null) continue
    const heard = job.long_lease ? null : live.sockets.heardAt(job.worker_id)
    // A hibernated socket tells when its worker was last heard: waking up is no reason to believe in it for longer.
    const expires_at = heard === null ? leaseUntil({ at }, job) : heard + limits.lease_ms
    live.leases.grant({ job_id: job.id, worker_id: job.worker_id, attempt: job.attempt, long: job.long_lease, expires_at })
  }
  live.due.hint(at)
}

export class Upkeep {
  readonly #parts: UpkeepParts
  /** The alarm ships what there is: it must not ask for another one to do so. Cut off before, it is rung again. */
  #inAlarm = false

  constructor(parts: UpkeepParts) {
    this.#parts = parts
  }

  get #unshipped(): boolean {
    return this.#parts.audit.head.seq > this.#parts.shipper.shipped
  }

  /** Something was committed. */
  committed(): void {
    if (this.#unshipped) this.#parts.shipper.nudge()
    void this.#parts.gate.heads.tend()
    this.arm()
    if (this.#unshipped && !this.#inAlarm) this.#shipAgain()
  }

  #shipAgain(): void {
    this.#parts.clock.arm(this.#parts.now() + shipAgainMs, false)
  }

  /** Leases behind no socket, and offers, are known to memory alone: stay awake for them. */
  arm(): void {
    const { clock, live, gate, sender } = this.#parts
    const { leases, sockets, due } = live
    const memoryOnly =
      !leases.offers().next().done || [...leases.leases()].some((lease) => !lease.long && sockets.ofWorker(lease.worker_id) === undefined)
    clock.arm(due.at, memoryOnly)
    clock.arm(gate.heads.dueAt, false)
    clock.arm(sender.dueAt, false)
  }

  wakeUp(): void {
    const { executor, sender, gate } = this.#parts
    executor.catchUp()
    sender.tend()
    void gate.heads.tend()
    this.arm()
  }

  async alarm(): Promise<void> {
    const { store, shipper, sender, gate, now } = this.#parts
    this.#inAlarm = true
    try {
      this.wakeUp()
      await shipper.flush()
      await sender.flush()
      await gate.heads.tend()
      prune(store, now(), shipper.shipped)
    } finally {
      this.#inAlarm = false
    }
    this.arm()
    if (this.#unshipped) this.#shipAgain()
  }
}
