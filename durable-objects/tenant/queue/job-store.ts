/**
 * Responsible for job rows: written with their place in the queue, and found by id, by place and by thread. The request of a job is written once, its
 * state at every change.
 */
import { and, asc, desc, eq, gt, isNotNull, lt, max, ne, sql, type SQL } from 'drizzle-orm'
import type { JobOutcome, JobRecord } from '../../../src/domain/job/job-machine.ts'
import { places } from '../../../src/domain/job/queue.ts'
import type { TenantDatabase } from '../kernel/open-stores.ts'
import type { Forget } from '../kernel/rollback.ts'
import type { ValueStore } from '../kernel/value-store.ts'
import { RecentJobs } from './recent-jobs.ts'
import { changeOf, fromRow, stateOf, stateOfRow } from './job-row.ts'
import type { JobRow, JobState } from './job-row.ts'
import { jobStatements } from './job-statements.ts'
import type { JobStatements } from './job-statements.ts'
import { matches } from './job-match.ts'
import type { JobMatch, JobSelection } from './job-match.ts'
import type { DispatchKey } from './key-store.ts'
import { PoolFront, PoolFronts } from './pool-front.ts'
import type { Head } from './pool-front.ts'
import { jobs } from './tables.ts'

/** The value that remembers the id of the newest job when its row is erased. */
const highestErased = 'jobs.highest_erased'

/** Rows that a walk reads in one statement: jobs may be large. */
const rowsPerRead = 20

/** What a room is told about a job whose row is deleted. */
export interface PrunedJob {
  readonly id: number
  readonly thread_id: string | null
  readonly ended_at: number
}

/** Entries of a pool that are read beyond those requested: later requests find them in memory. */
const headsAhead = 256
const none: ReadonlySet<number> = new Set()

export class JobStore {
  readonly #db: TenantDatabase
  readonly #run: JobStatements
  readonly #fronts = new PoolFronts()
  readonly #recent = new RecentJobs()
  readonly #forget: Forget
  readonly #values: Pick<ValueStore, 'read' | 'write'>
  #nextId: number | undefined

  constructor(db: TenantDatabase, forget: Forget, values: Pick<ValueStore, 'read' | 'write'>) {
    this.#db = db
    this.#values = values
    this.#forget = forget
    this.#run = jobStatements(db)
  }

  /** The highest id of any job, including erased ones. */
  highestId(): number {
    const kept = this.#newestId()
    const erased = this.#values.read(highestErased)
    return typeof erased === 'number' ? Math.max(kept, erased) : kept
  }

  #newestId(): number {
    return (
      this.#db
        .select({ id: max(jobs.id) })
        .from(jobs)
        .get()?.id ?? 0
    )
  }

  /** Deletes the row. The id is not used again. */
  erase(id: number): void {
    const before = this.#values.read(highestErased)
    // Jobs are erased in any order: when the newest row is erased, an older one becomes the newest, so the highest id is stored separately.
    if (id === this.#newestId() && (typeof before !== 'number' || before < id)) this.#values.write(highestErased, id)
    this.#recent.drop(id)
    this.#forget(this.#fronts.moved(id, { pool: null, rank: null }))
    this.#db.delete(jobs).where(eq(jobs.id, id)).run()
  }

  /** Ids count 1, 2, 3, ... within the lane (docs/explanation/scale.md, "Beyond one object"). */
  nextId(): number {
    this.#nextId ??= this.highestId() + 1
    const id = this.#nextId
    this.#forget(() => {
      this.#nextId = id
    })
    this.#nextId = id + 1
    return id
  }

  insert(job: JobRecord, poolId: (job: JobRecord) => number, key?: DispatchKey): void {
    const { thread_id, parent_id, created_by, created_at } = job
    const state = stateOf(job, poolId)
    const spec = JSON.stringify(job.spec)
    const fixed = {
      thread_id,
      parent_id,
      created_by,
      created_at,
      idempotency_key: key?.indexed === true ? key.key : null,
      idempotency_digest: key?.digest ?? null,
      dispatch_key: key === undefined || key.indexed === true ? null : key.key,
    }
    this.#run.insert.run({ ...state, ...fixed, spec })
    this.#written(job, state, spec.length, true)
  }

  update(job: JobRecord, poolId: (job: JobRecord) => number): void {
    const state = stateOf(job, poolId)
    const before = this.#recent.find(job.id)
    // Records are immutable: the same `spec` object has the same text, so it is not written again.
    if (before?.job.spec === job.spec) {
      // Each bound value costs time, and a start or completion changes only a few columns.
      this.#run[before.state === undefined ? 'update' : changeOf(before.state, state)].run(state)
      this.#written(job, state, before.spec)
    } else {
      const spec = JSON.stringify(job.spec)
      this.#run.updateWithSpec.run({ ...state, spec })
      this.#written(job, state, spec.length)
    }
  }

  /** `spec`: its length in characters. `fresh`: older jobs will be read sooner than this one. */
  #written(job: JobRecord, state: JobState, spec: number, fresh = false): void {
    const { pool, rank, outcome } = state
    const putBack = this.#fronts.moved(job.id, { pool, rank })
    this.#forget(() => {
      this.#recent.drop(job.id)
      putBack()
    })
    this.#recent.keep(job, spec + (outcome?.length ?? 0), { spec, state, fresh })
  }

  /** Records that a stream object may exist for the job. */
  markStreamed(id: number): void {
    this.#recent.drop(id)
    this.#forget(() => this.#recent.drop(id))
    this.#db.update(jobs).set({ stream: 1 }).where(eq(jobs.id, id)).run()
  }

  /** Writes the outcome of the last attempt without changing the job's place. */
  saveOutcome(id: number, outcome: JobOutcome): void {
    this.#recent.drop(id)
    this.#db
      .update(jobs)
      .set({ outcome: JSON.stringify(outcome) })
      .where(eq(jobs.id, id))
      .run()
  }

  get(id: number): JobRecord | undefined {
    const recent = this.#recent.get(id)
    if (recent !== undefined) return recent
    const row = this.#run.get.get({ id })
    return row === undefined ? undefined : this.#read(row)
  }

  #read(row: JobRow): JobRecord {
    const spec = row.spec.length
    return this.#recent.keep(fromRow(row), spec + (row.outcome?.length ?? 0), { spec, state: stateOfRow(row) })
  }

  /** Loads those of these jobs that are not in memory, in one statement, so that the next `get` finds them. */
  readAhead(ids: readonly number[]): void {
    const missing = ids.filter((id) => this.#recent.get(id) === undefined)
    if (missing.length > 1) for (const row of this.#run.some.all({ ids: JSON.stringify(missing) })) this.#read(row)
  }

  /** The first entries of a place, in order of rank. */
  heads(place: number, limit: number): readonly Head[] {
    return place > 0 ? this.headsExcept(place, limit, none) : this.#run.heads.all({ pool: place, limit })
  }

  /** The first entries of a pool that are not on offer. Entries on offer are at the front. */
  headsExcept(pool: number, limit: number, offered: ReadonlySet<number>): readonly Head[] {
    const known = this.#fronts.get(pool)?.first(limit, offered)
    if (known !== undefined) return known
    const most = limit + offered.size + headsAhead
    const read = this.#run.heads.all({ pool, limit: most })
    return this.#fronts.keep(pool, new PoolFront(read, read.length === most)).first(limit, offered) ?? []
  }

  /** Pools that have jobs. Skips through the index: one seek per pool, not one per job. */
  occupiedPools(): readonly number[] {
    const found: number[] = []
    let above = 0
    for (;;) {
      const row = this.#db
        .select({ pool: jobs.pool })
        .from(jobs)
        .where(and(gt(jobs.pool, above), isNotNull(jobs.pool)))
        .orderBy(asc(jobs.pool), asc(jobs.rank))
        .limit(1)
        .get()
      if (row?.pool == null) return found
      found.push(row.pool)
      above = row.pool
    }
  }

  /** Jobs of a place whose rank is at most `upTo`, lowest first. */
  due(pool: number, upTo: number, limit: number): readonly JobRecord[] {
    return this.#run.due.all({ pool, upTo, limit }).map(fromRow)
  }

  /** Claimable jobs whose own expiry (not the default one) has passed. */
  expired(at: number, limit: number): readonly JobRecord[] {
    return this.#run.expired.all({ at, limit }).map(fromRow)
  }

  /** Ids of waiting jobs whose fallback chain has steps ahead. */
  fallingBack(): readonly number[] {
    const rows = this.#db.select({ id: jobs.id }).from(jobs).where(isNotNull(jobs.falls_back)).all()
    return rows.map((row) => row.id)
  }

  nextExpiry(): number | undefined {
    return this.#run.nextExpiry.get({})?.at
  }

  /** Children and merge job of a fan-out, in the order of their ids. */
  ofParent(parentId: number): readonly JobRecord[] {
    return this.#db
      .select()
      .from(jobs)
      .where(and(eq(jobs.parent_id, parentId), isNotNull(jobs.parent_id)))
      .orderBy(asc(jobs.id))
      .all()
      .map(fromRow)
  }

  /** Jobs of a thread, newest first. */
  ofThread(threadId: string, limit: number, before = Number.MAX_SAFE_INTEGER): readonly JobRecord[] {
    return this.#db
      .select()
      .from(jobs)
      .where(and(eq(jobs.thread_id, threadId), lt(jobs.id, before)))
      .orderBy(desc(jobs.id))
      .limit(limit)
      .all()
      .map(fromRow)
  }

  /** Jobs with ids below `before`, newest first, read a few at a time: the caller stops when it has enough. */
  *walk(matching: JobMatch, before: number): Generator<JobRecord> {
    let below = before
    for (;;) {
      const rows = this.#db
        .select()
        .from(jobs)
        .where(and(lt(jobs.id, below), matches(matching)))
        .orderBy(desc(jobs.id))
        .limit(rowsPerRead)
        .all()
      for (const row of rows) yield fromRow(row)
      const last = rows.at(-1)
      if (last === undefined || rows.length < rowsPerRead) return
      below = last.id
    }
  }

  /** Ids of the oldest jobs that match. */
  ids(matching: JobMatch, limit: number): readonly number[] {
    const rows = this.#db.select({ id: jobs.id }).from(jobs).where(matches(matching)).orderBy(asc(jobs.id)).limit(limit).all()
    return rows.map((row) => row.id)
  }

  count(matching: JobMatch): number {
    const row = this.#db
      .select({ count: sql<number>`count(*)` })
      .from(jobs)
      .where(matches(matching))
      .get()
    return row?.count ?? 0
  }

  /** Jobs that have not ended, by status, each counted up to `most`. Searches the index of places only. */
  countUnfinished(most: number, matching: JobSelection = {}): Readonly<Record<'pending' | 'running' | 'retry', number>> {
    const upTo = (condition: SQL | undefined): number => {
      const found = this.#db
        .select({ one: sql`1` })
        .from(jobs)
        .where(and(isNotNull(jobs.pool), condition, matches(matching)))
        .limit(most)
        .as('found')
      return (
        this.#db
          .select({ count: sql<number>`count(*)` })
          .from(found)
          .get()?.count ?? 0
      )
    }
    const timed = eq(jobs.pool, places.timed)
    const pending = [gt(jobs.pool, 0), eq(jobs.pool, places.held), and(timed, eq(jobs.status, 'pending'))]
    return {
      pending: Math.min(
        most,
        pending.reduce((sum, condition) => sum + upTo(condition), 0),
      ),
      running: Math.min(most, upTo(eq(jobs.pool, places.running)) + upTo(eq(jobs.pool, places.parents))),
      retry: upTo(and(timed, eq(jobs.status, 'retry'))),
    }
  }

  /** Jobs that are held for this review, oldest first: its own, and those of the same session behind it. */
  heldBehind(reviewId: number): readonly JobRecord[] {
    return this.#db
      .select()
      .from(jobs)
      .where(and(eq(jobs.pool, places.held), isNotNull(jobs.pool), eq(jobs.review_id, reviewId)))
      .orderBy(asc(jobs.id))
      .all()
      .map(fromRow)
  }

  countIn(pool: number, belowRank: number): number {
    return (
      this.#db
        .select({ count: sql<number>`count(*)` })
        .from(jobs)
        .where(and(eq(jobs.pool, pool), isNotNull(jobs.pool), lt(jobs.rank, belowRank)))
        .get()?.count ?? 0
    )
  }

  /** Whether the job's fan-out has not ended and still needs its answer. */
  #isAwaited(parentId: number | null): boolean {
    const parent = parentId === null ? undefined : this.get(parentId)
    return parent !== undefined && parent.ended_at === null
  }

  /** Deletes ended jobs, oldest first, except the newest row: its id must not be used again. Reads one row when there is nothing to delete. */
  prune(before: number, limit: number, told: (old: readonly PrunedJob[]) => void = () => {}): number {
    const newest = this.#newestId()
    const oldest = this.#db.select({ created_at: jobs.created_at }).from(jobs).orderBy(asc(jobs.id)).limit(1).get()
    // Ids increase with time: when the lowest id is recent, all are.
    if (oldest === undefined || oldest.created_at >= before) return 0
    const old = this.#db
      .select({ id: jobs.id, thread_id: jobs.thread_id, ended_at: jobs.ended_at, parent_id: jobs.parent_id })
      .from(jobs)
      .where(ne(jobs.id, newest))
      .orderBy(asc(jobs.id))
      .limit(limit)
      .all()
      .flatMap(({ ended_at, parent_id, ...row }) =>
        ended_at !== null && ended_at < before && !this.#isAwaited(parent_id) ? [{ ...row, ended_at }] : [],
      )
    told(old)
    for (const row of old) this.#recent.drop(row.id)
    for (const row of old) this.#db.delete(jobs).where(eq(jobs.id, row.id)).run()
    return old.length
  }
}
