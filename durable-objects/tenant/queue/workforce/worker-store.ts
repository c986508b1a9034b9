/** Responsible for worker rows. Presence, load and leases are not stored: see presence-book.ts and ../lease-book.ts. */
import { and, asc, desc, eq, gt, isNotNull, isNull } from 'drizzle-orm'
import type { Capability, RiskTier, WorkerConfig, WorkerKind } from '@modelreins/contract'
import type { PresenceSpan } from '../../../../src/domain/workforce/presence-history.ts'
import { ChangedIds } from '../../kernel/changed-ids.ts'
import type { TenantDatabase } from '../../kernel/open-stores.ts'
import type { Forget } from '../../kernel/rollback.ts'
import { workers } from './tables.ts'
import { WorkerIndex } from './worker-index.ts'

/** What a worker last said of itself. */
export interface WorkerProfile {
  /** Label of the machine or process; null without one. */
  readonly instance: string | null
  /** Tags for routing. */
  readonly tags: readonly string[]
  /** Networks that it is in. */
  readonly networks: readonly string[]
  /** Provider that it runs; null for a handler in code. */
  readonly provider: string | null
  /** Default model; null without one. */
  readonly model: string | null
  /** Attempts that it runs at the same time. */
  readonly slots: number
  /** Directory that it works in, with its machine; absent until it was asked and said so. */
  readonly place?: string
  /** It announced its stop: after a cold start this is the only record of it. Removed by the next report. */
  readonly left?: boolean
  /** Its connection ended, and it has not been heard of since: after a cold start it is not taken for present. Removed by the next report. */
  readonly gone?: boolean
  /** Name of its machine; absent until it said so. */
  readonly machine?: string
  /** Version of `config` that it runs with, and when it first said so. */
  readonly config_applied?: { readonly version: number; readonly at: number }
  /** When it was there in the last day, oldest first. */
  readonly spans?: readonly PresenceSpan[]
}
export const emptyProfile: WorkerProfile = { instance: null, tags: [], networks: [], provider: null, model: null, slots: 1 }

export interface WorkerRecord {
  /** Public id. Fixed at registration. */
  readonly worker_id: string
  /** Unique name among active workers. Fixed at registration. */
  readonly name: string
  /** What kind of worker it is, for display and routing. */
  readonly kind: WorkerKind
  /** Description for people. */
  readonly description: string
  /** Declared capabilities with tier and policy. Changes by an update; a looser policy needs a review. */
  readonly capabilities: readonly Capability[]
  /** Secrets that must be allowed on its machine. */
  readonly requires_secrets: readonly string[]
  /** Settings that the server pushes to it; each overrides the worker's own. */
  readonly config: WorkerConfig
  /** Increases with every change of `config`; the worker reports the version that it runs. */
  readonly config_version: number
  /** The worker token may raise the killswitch. */
  readonly may_raise_killswitch: boolean
  /** No new offers; running attempts continue. */
  readonly paused: boolean
  /** What the worker last reported about itself. Changes with a heartbeat or welcome. */
  readonly profile: WorkerProfile
  /** Member whose key it runs under; null for a worker with a token of its own. */
  readonly companion_of: string | null
  /** The member who works as it, by the operations for persons: it has no token. Null for every other worker. Fixed at registration. */
  readonly member_id: string | null
  /** Time of registration, milliseconds since 1970. */
  readonly created_at: number
  /** Last contact, written at most every few minutes; exact presence is in memory. Null before the first. */
  readonly last_seen_at: number | null
  /** Time of revocation; null while it is active. A revoked worker keeps its row for the history. */
  readonly revoked_at: number | null
}

type Row = typeof workers.$inferSelect

const toRow = (worker: WorkerRecord): Row => ({
  ...worker,
  capabilities: JSON.stringify(worker.capabilities),
  requires_secrets: JSON.stringify(worker.requires_secrets),
  config: JSON.stringify(worker.config),
  profile: JSON.stringify(worker.profile),
  may_raise_killswitch: Number(worker.may_raise_killswitch),
  paused: Number(worker.paused),
})

const fromRow = (row: Row): WorkerRecord => ({
  ...row,
  kind: row.kind as WorkerKind,
  capabilities: JSON.parse(row.capabilities),
  requires_secrets: JSON.parse(row.requires_secrets),
  config: JSON.parse(row.config),
  profile: JSON.parse(row.profile),
  may_raise_killswitch: row.may_raise_killswitch === 1,
  paused: row.paused === 1,
})

export class WorkerStore {
  readonly #db: TenantDatabase
  /** Every dispatch and claim reads workers, so rows are parsed once and kept in memory. */
  #known: WorkerIndex | undefined
  readonly #forget: Forget
  /** Ids of workers that were written, or whose write was rolled back. */
  readonly changed = new ChangedIds()
  constructor(db: TenantDatabase, forget: Forget) {
    this.#db = db
    this.#forget = forget
  }

  /** Workers that are not revoked, in the order of their ids. */
  #inForce(): WorkerIndex {
    this.#known ??= new WorkerIndex(
      this.#db.select().from(workers).where(isNull(workers.revoked_at)).orderBy(asc(workers.worker_id)).all().map(fromRow),
    )
    return this.#known
  }

  /** Workers that are not revoked. */
  active(): Iterable<WorkerRecord> {
    return this.#inForce().all()
  }

  /** How many are not revoked. */
  count(): number {
    return this.#inForce().size
  }

  /** Undefined for a revoked worker. */
  getActive(id: string): WorkerRecord | undefined {
    return this.#inForce().get(id)
  }

  /** Also finds a revoked worker: its row stays. */
  get(id: string): WorkerRecord | undefined {
    const known = this.#inForce().get(id)
    if (known !== undefined) return known
    const row = this.#db.select().from(workers).where(eq(workers.worker_id, id)).get()
    return row === undefined ? undefined : fromRow(row)
  }

  named(name: string): WorkerRecord | undefined {
    return this.#inForce().named(name)
  }

  /** The worker that had this name last and is now revoked. */
  lastNamed(name: string): WorkerRecord | undefined {
    const row = this.#db
      .select()
      .from(workers)
      .where(and(eq(workers.name, name), isNotNull(workers.revoked_at)))
      .orderBy(desc(workers.revoked_at))
      .limit(1)
      .get()
    return row === undefined ? undefined : fromRow(row)
  }

  /** The worker as which this member takes jobs; undefined when they take none. */
  ofMember(memberId: string): WorkerRecord | undefined {
    return this.#inForce().ofMember(memberId)
  }

  /** Whether any member takes jobs. Most tenants have none, and then nothing more is read about people. */
  hasPeople(): boolean {
    return this.#inForce().hasPeople()
  }

  /** Ids of the workers in this place. */
  inPlace(place: string): Iterable<string> {
    return this.#inForce().inPlace(place)
  }

  /** The tiers under which active workers declare this capability; empty when none does. */
  tiersOf(capability: string): Iterable<RiskTier> {
    return this.#inForce().tiersOf(capability)
  }

  /** Whether an active worker that is not a person declares it. */
  isDeclaredByOthers(capability: string): boolean {
    return this.#inForce().isDeclaredByOthers(capability)
  }

  save(worker: WorkerRecord): void {
    const row = toRow(worker)
    // Loaded before the write: an index loaded after it would have to be dropped if the write is rolled back.
    const known = this.#inForce()
    const before = known.get(worker.worker_id)
    // SQLite rewrites the index entry of every column in SET, even when its value is unchanged: names never change, and a revocation comes once.
    const { worker_id: _, name: _1, revoked_at, ...changeable } = row
    const set = revoked_at === null ? changeable : { ...changeable, revoked_at }
    this.#db.insert(workers).values(row).onConflictDoUpdate({ target: workers.worker_id, set }).run()
    if (worker.revoked_at === null) known.set(worker)
    else known.delete(worker.worker_id)
    this.changed.add(worker.worker_id)
    this.#forget(() => {
      this.changed.add(worker.worker_id)
      // A revoked worker that a rollback restores would be inserted at the end, out of order, so the index is dropped.
      if (worker.revoked_at !== null) this.#known = undefined
      else if (before === undefined) known.delete(worker.worker_id)
      else known.set(before)
    })
  }

  list(options: { readonly limit: number; readonly after?: string; readonly includeRevoked: boolean }): readonly WorkerRecord[] {
    const rows = this.#db
      .select()
      .from(workers)
      .where(
        and(
          options.after === undefined ? undefined : gt(workers.worker_id, options.after),
          options.includeRevoked ? undefined : isNull(workers.revoked_at),
        ),
      )
      .orderBy(asc(workers.worker_id))
      .limit(options.limit)
      .all()
    return rows.map(fromRow)
  }
}
