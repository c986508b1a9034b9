/**
 * Responsible for the stored list of erased jobs: which copies are still to be deleted elsewhere, and, for a while, the fact that the job is gone.
 */
import { and, asc, count, eq, lte } from 'drizzle-orm'
import type { TenantDatabase } from '../kernel/open-stores.ts'
import { erasedJobs } from './tables.ts'

/**
 * `erasing`: output, results and the archived row may still exist elsewhere. `again`: they are deleted, and a second pass looks for copies that were
 * in transit. `erased`: only the fact that the job was erased remains.
 */
export type ErasedState = 'erasing' | 'again' | 'erased'

export interface ErasedJob {
  readonly job_id: number
  /** Id of the erasure that the job belongs to (threads/). */
  readonly erasure_id: number
  readonly state: ErasedState
  readonly erased_at: number
  /** A stream object may exist for it. */
  readonly streamed: boolean
  /** An attempt has started, so a large result may be in R2. */
  readonly ran: boolean
  /** When the next step is due, milliseconds since 1970. */
  readonly next_at: number
  readonly tries: number
}

const fromRow = (row: typeof erasedJobs.$inferSelect): ErasedJob => ({
  ...row,
  state: row.state as ErasedState,
  streamed: row.streamed === 1,
  ran: row.ran === 1,
})

export class ErasedJobs {
  readonly #db: TenantDatabase
  constructor(db: TenantDatabase) {
    this.#db = db
  }

  get(id: number): ErasedJob | undefined {
    const row = this.#db.select().from(erasedJobs).where(eq(erasedJobs.job_id, id)).get()
    return row === undefined ? undefined : fromRow(row)
  }

  add(job: ErasedJob): void {
    this.#db
      .insert(erasedJobs)
      .values({ ...job, streamed: Number(job.streamed), ran: Number(job.ran) })
      .onConflictDoNothing()
      .run()
  }

  move(id: number, to: Pick<ErasedJob, 'state' | 'next_at' | 'tries'>): void {
    this.#db.update(erasedJobs).set(to).where(eq(erasedJobs.job_id, id)).run()
  }

  forget(id: number): void {
    this.#db.delete(erasedJobs).where(eq(erasedJobs.job_id, id)).run()
  }

  due(at: number, limit: number): readonly ErasedJob[] {
    return this.#db
      .select()
      .from(erasedJobs)
      .where(lte(erasedJobs.next_at, at))
      .orderBy(asc(erasedJobs.next_at))
      .limit(limit)
      .all()
      .map(fromRow)
  }

  nextDue(): number | undefined {
    return this.#db.select({ at: erasedJobs.next_at }).from(erasedJobs).orderBy(asc(erasedJobs.next_at)).limit(1).get()?.at
  }

  /** How many jobs of an erasure still have copies in other places. */
  pending(erasureId: number): number {
    const row = this.#db
      .select({ count: count() })
      .from(erasedJobs)
      .where(and(eq(erasedJobs.state, 'erasing'), eq(erasedJobs.erasure_id, erasureId)))
      .get()
    return row?.count ?? 0
  }
}
