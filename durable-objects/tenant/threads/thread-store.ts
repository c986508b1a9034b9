/** Responsible for storing threads and computing sums over their jobs. It decides nothing. */
import { and, asc, count, eq, gt, inArray, isNotNull, lt, lte, max, sql } from 'drizzle-orm'
import type { ThreadDefaults } from '@modelreins/contract'
import type { TenantDatabase } from '../kernel/open-stores.ts'
import type { Forget } from '../kernel/rollback.ts'
import { jobs } from '../queue/tables.ts'
import { threads } from './tables.ts'

export interface ThreadRecord {
  /** Increases in the order in which threads are created. */
  readonly id: number
  readonly thread_id: string
  readonly title: string
  readonly archived: boolean
  readonly defaults: ThreadDefaults
  readonly created_at: number
  /** The last activity of jobs that are no longer stored, in milliseconds since 1970; 0 when there are none. */
  readonly last_activity: number
}

export type ThreadHead = Omit<ThreadRecord, 'archived' | 'defaults'>

/** Sums over the stored jobs of a thread. */
export interface ThreadSums {
  readonly jobs: number
  readonly running: number
  /** worker_ids, including those of children. */
  readonly workers: readonly string[]
  /** Ids of the callers that dispatched the jobs. */
  readonly creators: readonly string[]
  /** Milliseconds since 1970; 0 when no job is stored any more. */
  readonly last_activity: number
}

const fromRow = (row: typeof threads.$inferSelect): ThreadRecord => ({
  ...row,
  archived: row.archived === 1,
  defaults: JSON.parse(row.defaults),
})

/** Maximum number of thread rows in memory: every job of a thread reads its thread. */
const rememberedAtMost = 1_000

export class ThreadStore {
  readonly #db: TenantDatabase
  readonly #known = new Map<string, ThreadRecord>()
  readonly #forget: Forget
  constructor(db: TenantDatabase, forget: Forget) {
    this.#db = db
    this.#forget = forget
  }

  get(threadId: string): ThreadRecord | undefined {
    const known = this.#known.get(threadId)
    if (known !== undefined) return known
    const row = this.#db.select().from(threads).where(eq(threads.thread_id, threadId)).get()
    if (row === undefined) return undefined
    if (this.#known.size >= rememberedAtMost) this.#known.clear()
    const thread = fromRow(row)
    this.#known.set(threadId, thread)
    this.#forget(() => this.#known.delete(threadId))
    return thread
  }

  add(thread: Omit<ThreadRecord, 'id' | 'last_activity'>): void {
    this.#drop(thread.thread_id)
    this.#db
      .insert(threads)
      .values({ ...thread, archived: Number(thread.archived), defaults: JSON.stringify(thread.defaults) })
      .run()
  }

  save({ id, title, archived, defaults, thread_id }: ThreadRecord): void {
    this.#drop(thread_id)
    this.#db
      .update(threads)
      .set({ title, archived: Number(archived), defaults: JSON.stringify(defaults) })
      .where(eq(threads.id, id))
      .run()
  }

  remove(threadId: string): void {
    this.#drop(threadId)
    this.#db.delete(threads).where(eq(threads.thread_id, threadId)).run()
  }

  #drop(threadId: string): void {
    this.#known.delete(threadId)
    this.#forget(() => this.#known.delete(threadId))
  }

  /** The fields for sorting and filtering a list. `archived`: true for archived threads only, false for the others, undefined for all. */
  heads(archived: boolean | undefined): readonly ThreadHead[] {
    const { id, thread_id, title, created_at, last_activity } = threads
    return this.#db
      .select({ id, thread_id, title, created_at, last_activity })
      .from(threads)
      .where(archived === undefined ? undefined : eq(threads.archived, Number(archived)))
      .all()
  }

  /** For each thread with stored jobs: when a job was last dispatched or ended, in milliseconds since 1970. */
  activity(): readonly (readonly [string, number])[] {
    return this.#db
      .select({ thread_id: jobs.thread_id, made: max(jobs.created_at), ended: max(jobs.ended_at) })
      .from(jobs)
      .where(isNotNull(jobs.thread_id))
      .groupBy(jobs.thread_id)
      .all()
      .map(({ thread_id, made, ended }) => [thread_id ?? '', Math.max(made ?? 0, ended ?? 0)] as const)
  }

  /** Keeps the last activity of jobs whose rows are pruned. */
  noteActivity(threadId: string, at: number): void {
    this.#drop(threadId)
    this.#db
      .update(threads)
      .set({ last_activity: at })
      .where(and(eq(threads.thread_id, threadId), lt(threads.last_activity, at)))
      .run()
  }

  /** Ids of threads with a matching job. Children of fan-outs count for the thread of their fan-out. */
  having(what: { readonly worker_id: string } | { readonly created_by: string } | { readonly unfinished: true }): ReadonlySet<string> {
    const such =
      'worker_id' in what
        ? eq(jobs.worker_id, what.worker_id)
        : 'created_by' in what
          ? eq(jobs.created_by, what.created_by)
          : isNotNull(jobs.pool)
    const own = this.#db
      .selectDistinct({ thread_id: jobs.thread_id })
      .from(jobs)
      .where(and(such, isNotNull(jobs.thread_id)))
      .all()
    const parents = this.#db
      .select({ id: jobs.parent_id })
      .from(jobs)
      .where(and(such, isNotNull(jobs.parent_id)))
    const ofChildren = this.#db
      .selectDistinct({ thread_id: jobs.thread_id })
      .from(jobs)
      .where(and(inArray(jobs.id, parents), isNotNull(jobs.thread_id)))
      .all()
    return new Set([...own, ...ofChildren].flatMap((row) => row.thread_id ?? []))
  }

  sums(threadId: string): ThreadSums {
    const ofThread = eq(jobs.thread_id, threadId)
    const all = this.#db
      .select({ jobs: count(), running: sql<number>`count(${jobs.pool})`, made: max(jobs.created_at), ended: max(jobs.ended_at) })
      .from(jobs)
      .where(ofThread)
      .get()
    const turns = this.#db.select({ id: jobs.id }).from(jobs).where(ofThread)
    const workers = [ofThread, and(inArray(jobs.parent_id, turns), isNotNull(jobs.parent_id))].flatMap((those) =>
      this.#db
        .selectDistinct({ id: jobs.worker_id })
        .from(jobs)
        .where(and(those, isNotNull(jobs.worker_id)))
        .all(),
    )
    const creators = this.#db.selectDistinct({ id: jobs.created_by }).from(jobs).where(ofThread).all()
    return {
      jobs: all?.jobs ?? 0,
      running: all?.running ?? 0,
      workers: [...new Set(workers.flatMap((row) => row.id ?? []))],
      creators: creators.map((row) => row.id),
      last_activity: Math.max(all?.made ?? 0, all?.ended ?? 0),
    }
  }

  /**
   * Ids of unfinished jobs, lowest first. Children of fan-outs are included, since they may continue after their fan-out has its answer.
   */
  inFlight(threadId: string): readonly number[] {
    const turns = this.#db.select({ id: jobs.id }).from(jobs).where(eq(jobs.thread_id, threadId))
    const open = [eq(jobs.thread_id, threadId), inArray(jobs.parent_id, turns)].flatMap((ofThread) =>
      this.#db
        .select({ id: jobs.id })
        .from(jobs)
        .where(and(ofThread, isNotNull(jobs.pool)))
        .all(),
    )
    return open.map(({ id }) => id).toSorted((left, right) => left - right)
  }

  /** Ids of the thread's jobs greater than `after` and up to `through`, oldest first. */
  jobIds(threadId: string, after: number, limit: number, through = Number.MAX_SAFE_INTEGER): readonly number[] {
    const rows = this.#db
      .select({ id: jobs.id })
      .from(jobs)
      .where(and(eq(jobs.thread_id, threadId), gt(jobs.id, after), lte(jobs.id, through)))
      .orderBy(asc(jobs.id))
      .limit(limit)
      .all()
    return rows.map((row) => row.id)
  }
}
