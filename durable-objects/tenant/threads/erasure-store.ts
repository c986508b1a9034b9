/** Responsible for storing deleted threads and the progress of each erasure. It decides nothing. */
import { and, asc, desc, eq, gte, inArray, isNotNull, lte } from 'drizzle-orm'
import type { TenantDatabase } from '../kernel/open-stores.ts'
import { erasedThreads } from './tables.ts'

/**
 * `rows`: job rows remain in the tenant object. `archive`: jobs that only the archive has remain. `rest`: streams and objects of some jobs
 * may remain. `done`: nothing remains.
 */
export type ErasureStage = 'rows' | 'archive' | 'rest' | 'done'

/** The deletion of one thread. Times are milliseconds since 1970; `aborted` holds job ids, `tries` counts the tries so far. */
export interface Erasure {
  readonly id: number
  readonly thread_id: string
  readonly through_id: number
  readonly stage: ErasureStage
  /** Number of jobs erased in the tenant object so far. */
  readonly jobs: number
  readonly aborted: readonly number[]
  readonly request_id: string
  readonly erased_at: number
  readonly next_at: number | null
  readonly tries: number
}

type Row = typeof erasedThreads.$inferSelect

const fromRow = (row: Row): Erasure => ({ ...row, stage: row.stage as ErasureStage, aborted: JSON.parse(row.aborted) })
const toRow = ({ id: _, ...erasure }: Erasure): Omit<Row, 'id'> => ({ ...erasure, aborted: JSON.stringify(erasure.aborted) })

export class ErasureStore {
  readonly #db: TenantDatabase
  constructor(db: TenantDatabase) {
    this.#db = db
  }

  add(erasure: Omit<Erasure, 'id'>): Erasure {
    const row = this.#db
      .insert(erasedThreads)
      .values(toRow({ id: 0, ...erasure }))
      .returning()
      .get()
    return fromRow(row)
  }

  get(id: number): Erasure | undefined {
    const row = this.#db.select().from(erasedThreads).where(eq(erasedThreads.id, id)).get()
    return row === undefined ? undefined : fromRow(row)
  }

  save(erasure: Erasure): void {
    this.#db.update(erasedThreads).set(toRow(erasure)).where(eq(erasedThreads.id, erasure.id)).run()
  }

  forget(id: number): void {
    this.#db.delete(erasedThreads).where(eq(erasedThreads.id, id)).run()
  }

  /** The latest deletion of a thread with this id. */
  newest(threadId: string): Erasure | undefined {
    const row = this.#db
      .select()
      .from(erasedThreads)
      .where(eq(erasedThreads.thread_id, threadId))
      .orderBy(desc(erasedThreads.id))
      .limit(1)
      .get()
    return row === undefined ? undefined : fromRow(row)
  }

  /** Whether this archived job belongs to a deleted thread: its row may still be in the archive. */
  covers(threadId: string, jobId: number): boolean {
    const row = this.#db
      .select({ id: erasedThreads.id })
      .from(erasedThreads)
      .where(and(eq(erasedThreads.thread_id, threadId), gte(erasedThreads.through_id, jobId)))
      .limit(1)
      .get()
    return row !== undefined
  }

  /** Erasures at one of these stages that are due, longest overdue first. */
  due(stages: readonly ErasureStage[], at: number, limit: number): readonly Erasure[] {
    return this.#db
      .select()
      .from(erasedThreads)
      .where(and(isNotNull(erasedThreads.next_at), lte(erasedThreads.next_at, at), inArray(erasedThreads.stage, [...stages])))
      .orderBy(asc(erasedThreads.next_at))
      .limit(limit)
      .all()
      .map(fromRow)
  }

  nextDue(): number | undefined {
    const row = this.#db
      .select({ at: erasedThreads.next_at })
      .from(erasedThreads)
      .where(isNotNull(erasedThreads.next_at))
      .orderBy(asc(erasedThreads.next_at))
      .limit(1)
      .get()
    return row?.at ?? undefined
  }
}
