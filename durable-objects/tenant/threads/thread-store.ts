/** Responsible for threads as they are stored, and for what their jobs add up to. It decides nothing. */
import { and, asc, count, desc, eq, gt, inArray, isNotNull, lt, max, sql } from 'drizzle-orm'
import type { ThreadDefaults } from '@modelreins/contract'
import type { TenantDatabase } from '../kernel/open-stores.ts'
import type { Forget } from '../kernel/rollback.ts'
import { jobs } from '../queue/tables.ts'
import { threads } from './tables.ts'

export interface ThreadRecord {
  /** Order in which threads began. */
  readonly id: number
  readonly thread_id: string
  readonly title: string
  readonly archived: boolean
  readonly defaults: ThreadDefaults
  readonly created_at: number
}

/** What the jobs of a thread add up to. */
export interface ThreadSums {
  readonly jobs: number
  readonly running: number
  /** worker_ids. */
  readonly workers: readonly string[]
  /** Milliseconds; null when no job is kept any more. */
  readonly last_activity: number | null
}

const fromRow = (row: typeof threads.$inferSelect): ThreadRecord => ({
  ...row,
  archived: row.archived === 1,
  defaults: JSON.parse(row.defaults),
})

/** Threads whose rows are remembered: every job of a thread asks for its own. */
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

  add(thread: Omit<ThreadRecord, 'id'>): void {
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

  #drop(threadId: string): void {
    this.#known.delete(threadId)
    this.#forget(() => this.#known.delete(threadId))
  }

  /** The newest first. */
  list(limit: number, before: number, archived: boolean): readonly ThreadRecord[] {
    return this.#db
      .select()
      .from(threads)
      .where(and(lt(threads.id, before), archived ? undefined : eq(threads.archived, 0)))
      .orderBy(desc(threads.id))
      .limit(limit)
      .all()
      .map(fromRow)
  }

  sums(threadId: string): ThreadSums {
    const ofThread = eq(jobs.thread_id, threadId)
    const all = this.#db
      .select({ jobs: count(), running: sql<number>`count(${jobs.pool})`, made: max(jobs.created_at), ended: max(jobs.ended_at) })
      .from(jobs)
      .where(ofThread)
      .get()
    const workers = this.#db
      .selectDistinct({ id: jobs.worker_id })
      .from(jobs)
      .where(and(ofThread, isNotNull(jobs.worker_id)))
      .all()
    const last = Math.max(all?.made ?? 0, all?.ended ?? 0)
    return {
      jobs: all?.jobs ?? 0,
      running: all?.running ?? 0,
      workers: workers.flatMap((row) => row.id ?? []),
      last_activity: last === 0 ? null : last,
    }
  }

  /** Jobs that have not ended, lowest id first; children of fan-outs too, which may go on when their fan-out has its answer. */
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

  /** Ids of the thread's jobs after this one, oldest first. */
  jobIds(threadId: string, after: number, limit: number): readonly number[] {
    const rows = this.#db
      .select({ id: jobs.id })
      .from(jobs)
      .where(and(eq(jobs.thread_id, threadId), gt(jobs.id, after)))
      .orderBy(asc(jobs.id))
      .limit(limit)
      .all()
    return rows.map((row) => row.id)
  }
}
