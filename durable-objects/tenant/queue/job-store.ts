/** Responsible for job rows: written whole with their place in the queue, found by id, by place, by thread. */
import { and, asc, desc, eq, gt, isNotNull, lt, lte, max, ne, sql } from 'drizzle-orm'
import { getTableColumns } from 'drizzle-orm'
import type { SQL } from 'drizzle-orm'
import type { Effort, JobHold, JobStatus } from '@modelreins/contract'
import { deadlineOf, expiryOf, hasDefaultExpiry } from '../../../src/domain/job/job-machine.ts'
import type { JobOutcome, JobRecord } from '../../../src/domain/job/job-machine.ts'
import { mayFallBack } from '../../../src/domain/job/fallback.ts'
import { mergeDue } from '../../../src/domain/fan-out/fan-out.ts'
import { places, poolRank } from '../../../src/domain/job/queue.ts'
import type { TenantDatabase } from '../kernel/open-stores.ts'
import type { Forget } from '../kernel/rollback.ts'
import { Statement } from '../kernel/statement.ts'
import type { ValueStore } from '../kernel/value-store.ts'
import { RecentJobs } from './recent-jobs.ts'
import { matches } from './job-match.ts'
import type { JobMatch } from './job-match.ts'
import type { DispatchKey } from './key-store.ts'
import { jobs } from './tables.ts'

type Row = typeof jobs.$inferSelect

/** Where a job stands, from its state alone; `poolId` is asked only for a job that may be offered. */
function placeOf(job: JobRecord, poolId: (job: JobRecord) => number): { readonly pool: number | null; readonly rank: number | null } {
  if (job.status === 'running' && job.spec.fan_out !== undefined)
    return { pool: places.parents, rank: mergeDue(job.spec.fan_out) ?? Number.MAX_SAFE_INTEGER }
  if (job.status === 'running') return { pool: places.running, rank: deadlineOf(job) }
  if (job.status === 'retry') return { pool: places.timed, rank: job.retry_at ?? 0 }
  if (job.status !== 'pending') return { pool: null, rank: null }
  if (job.hold === 'schedule') return { pool: places.timed, rank: job.queued_at }
  if (job.hold !== null) return { pool: places.held, rank: expiryOf(job) }
  return { pool: poolId(job), rank: poolRank(job.queued_at, job.effort, job.priority) }
}

type Changeable = Omit<Row, 'idempotency_key' | 'idempotency_digest'>

function toRow(job: JobRecord, poolId: (job: JobRecord) => number): Changeable {
  const place = placeOf(job, poolId)
  const claimable = place.pool !== null && place.pool > 0
  return {
    ...job,
    ...place,
    expires_at: claimable && !hasDefaultExpiry(job) ? expiryOf(job) : null,
    long_lease: Number(job.long_lease),
    stream: Number(job.stream),
    falls_back: mayFallBack(job) ? 1 : null,
    spec: JSON.stringify(job.spec),
    outcome: job.outcome === null ? null : JSON.stringify(job.outcome),
  }
}

const fromRow = (row: Changeable): JobRecord => ({
  id: row.id,
  status: row.status as JobStatus,
  hold: row.hold as JobHold | null,
  effort: row.effort as Effort,
  priority: row.priority,
  thread_id: row.thread_id,
  worker_id: row.worker_id,
  attempt: row.attempt,
  max_attempts: row.max_attempts,
  nonce: row.nonce,
  long_lease: row.long_lease === 1,
  created_by: row.created_by,
  created_at: row.created_at,
  queued_at: row.queued_at,
  started_at: row.started_at,
  ended_at: row.ended_at,
  retry_at: row.retry_at,
  review_id: row.review_id,
  parent_id: row.parent_id,
  stream: row.stream === 1,
  spec: JSON.parse(row.spec),
  outcome: row.outcome === null ? null : JSON.parse(row.outcome),
})

const charactersOf = (row: Changeable): number => row.spec.length + (row.outcome?.length ?? 0)

/** The value that remembers the id of the newest job when its row is erased. */
const highestErased = 'jobs.highest_erased'

/** Rows read at once on a walk: jobs may be large. */
const rowsPerRead = 20

/** What is left to say of a job whose row goes. */
export interface PrunedJob {
  readonly id: number
  readonly thread_id: string | null
  readonly ended_at: number
}

/** A queue entry as the index has it, without the job. */
export interface Head {
  readonly id: number
  readonly rank: number
}

export class JobStore {
  readonly #db: TenantDatabase
  readonly #insert: Statement<Row>
  readonly #update: Statement<Changeable>
  readonly #get: Statement<{ id: number }, Row>
  readonly #heads: Statement<{ pool: number; limit: number }, Head>
  readonly #headsExcept: Statement<{ pool: number; limit: number; offered: string }, Head>
  readonly #recent = new RecentJobs()
  readonly #forget: Forget
  readonly #values: Pick<ValueStore, 'read' | 'write'>
  #nextId: number | undefined

  constructor(db: TenantDatabase, forget: Forget, values: Pick<ValueStore, 'read' | 'write'>) {
    this.#db = db
    this.#values = values
    this.#forget = forget
    const columns = Object.keys(getTableColumns(jobs)) as (keyof Row)[]
    const all = Object.fromEntries(columns.map((name) => [name, sql`${sql.placeholder(name)}`])) as Record<
      keyof Row,
      ReturnType<typeof sql>
    >
    // Whatever column is set costs its index a row, changed or not: what is fixed at creation is left alone.
    const { id: _, idempotency_key: _key, idempotency_digest: _digest, thread_id: _thread, parent_id: _parent, ...changeable } = all
    this.#insert = new Statement(db, db.insert(jobs).values(all))
    const withId = eq(jobs.id, sql.placeholder('id'))
    this.#update = new Statement(db, db.update(jobs).set(changeable).where(withId))
    this.#get = new Statement(db, db.select().from(jobs).where(withId))
    const heads = (but?: SQL) =>
      db
        .select({ id: jobs.id, rank: jobs.rank })
        .from(jobs)
        .where(and(eq(jobs.pool, sql.placeholder('pool')), isNotNull(jobs.pool), but))
        .orderBy(asc(jobs.rank))
        .limit(sql.placeholder('limit'))
    this.#heads = new Statement(db, heads())
    this.#headsExcept = new Statement(db, heads(sql`${jobs.id} not in (select value from json_each(${sql.placeholder('offered')}))`))
  }

  /** The highest id that a job has, or had before it was erased. */
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

  /** Nothing of it stays in its row. Its id is not given again. */
  erase(id: number): void {
    if (id === this.#newestId()) this.#values.write(highestErased, id)
    this.#recent.drop(id)
    this.#written(id)
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
    const row = toRow(job, poolId)
    this.#insert.run({ ...row, idempotency_key: key?.key ?? null, idempotency_digest: key?.digest ?? null })
    this.#written(job.id)
    this.#recent.keep(job, charactersOf(row))
  }

  update(job: JobRecord, poolId: (job: JobRecord) => number): void {
    const row = toRow(job, poolId)
    this.#update.run(row)
    this.#written(job.id)
    this.#recent.keep(job, charactersOf(row))
  }

  #written(id: number): void {
    this.#forget(() => this.#recent.drop(id))
  }

  /** A stream object may exist from now on. */
  markStreamed(id: number): void {
    this.#recent.drop(id)
    this.#written(id)
    this.#db.update(jobs).set({ stream: 1 }).where(eq(jobs.id, id)).run()
  }

  /** What the last attempt left behind, without a change of the job's place. */
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
    const row = this.#get.get({ id })
    return row === undefined ? undefined : this.#recent.keep(fromRow(row), charactersOf(row))
  }

  heads(pool: number, limit: number): readonly Head[] {
    return this.#heads.all({ pool, limit })
  }

  /** Heads of a pool without those that are out on offer: they stand at the front, and reading past them in SQL is cheap. */
  headsExcept(pool: number, limit: number, offered: Iterable<number>): readonly Head[] {
    return this.#headsExcept.all({ pool, limit, offered: JSON.stringify([...offered]) })
  }

  /** Distinct pools that have jobs, by skipping through the index: one seek per pool, not one per job. */
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

  /** Jobs of a place whose rank has come, lowest first. */
  due(pool: number, upTo: number, limit: number): readonly JobRecord[] {
    return this.#db
      .select()
      .from(jobs)
      .where(and(eq(jobs.pool, pool), isNotNull(jobs.pool), lte(jobs.rank, upTo)))
      .orderBy(asc(jobs.rank))
      .limit(limit)
      .all()
      .map(fromRow)
  }

  /** Claimable jobs with an expiry of their own that has passed. */
  expired(at: number, limit: number): readonly JobRecord[] {
    return this.#db
      .select()
      .from(jobs)
      .where(and(isNotNull(jobs.expires_at), lte(jobs.expires_at, at)))
      .orderBy(asc(jobs.expires_at))
      .limit(limit)
      .all()
      .map(fromRow)
  }

  /** Ids of waiting jobs whose fallback chain has steps ahead. */
  fallingBack(): readonly number[] {
    const rows = this.#db.select({ id: jobs.id }).from(jobs).where(isNotNull(jobs.falls_back)).all()
    return rows.map((row) => row.id)
  }

  nextExpiry(): number | undefined {
    const row = this.#db
      .select({ at: jobs.expires_at })
      .from(jobs)
      .where(isNotNull(jobs.expires_at))
      .orderBy(asc(jobs.expires_at))
      .limit(1)
      .get()
    return row?.at ?? undefined
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

  /** Jobs below `before`, newest first, read a few at a time: whoever walks decides when it is enough. */
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

  /** The oldest that match. */
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

  /** Deletes ended jobs from the oldest on, except the newest row: ids must not be given twice. Reads one row when there is nothing to do. */
  prune(before: number, limit: number, told: (old: readonly PrunedJob[]) => void = () => {}): number {
    const newest = this.#newestId()
    const oldest = this.#db.select({ created_at: jobs.created_at }).from(jobs).orderBy(asc(jobs.id)).limit(1).get()
    // Ids grow with time: when the lowest one is young, all are.
    if (oldest === undefined || oldest.created_at >= before) return 0
    const old = this.#db
      .select({ id: jobs.id, thread_id: jobs.thread_id, ended_at: jobs.ended_at })
      .from(jobs)
      .where(ne(jobs.id, newest))
      .orderBy(asc(jobs.id))
      .limit(limit)
      .all()
      .flatMap(({ ended_at, ...row }) => (ended_at !== null && ended_at < before ? [{ ...row, ended_at }] : []))
    told(old)
    for (const row of old) this.#recent.drop(row.id)
    for (const row of old) this.#db.delete(jobs).where(eq(jobs.id, row.id)).run()
    return old.length
  }
}
