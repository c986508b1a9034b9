/** Responsible for the rows of one job's stream: batches of chunks, and the single state row. */
import { asc, desc, eq, gt, lt, lte, sql } from 'drizzle-orm'
import type { DrizzleSqliteDODatabase } from 'drizzle-orm/durable-sqlite'
import { batches, stream } from './schema.ts'

export type Batch = typeof batches.$inferSelect
export type StreamState = Omit<typeof stream.$inferSelect, 'id'>

/** A batch without its texts. */
export interface Span {
  readonly first: number
  readonly next: number
  readonly bytes: number
}

export class StreamStore {
  readonly #db: DrizzleSqliteDODatabase

  constructor(db: DrizzleSqliteDODatabase) {
    this.#db = db
  }

  /** Runs `act` in a transaction, which is rolled back when it throws. */
  atomically<Value>(act: () => Value): Value {
    return this.#db.transaction(act)
  }

  /** Undefined before an attempt has written. */
  state(): StreamState | undefined {
    const row = this.#db.select().from(stream).get()
    if (row === undefined) return undefined
    const { id: _, ...state } = row
    return state
  }

  saveState(state: StreamState): void {
    this.#db
      .insert(stream)
      .values({ id: 1, ...state })
      .onConflictDoUpdate({ target: stream.id, set: state })
      .run()
  }

  append(batch: Batch): void {
    this.#db.insert(batches).values(batch).run()
  }

  /** The number after the newest chunk, and when that chunk arrived; undefined without chunks. */
  newest(): { readonly next: number; readonly at: number } | undefined {
    return this.#db.select({ next: batches.next, at: batches.at }).from(batches).orderBy(desc(batches.first)).limit(1).get()
  }

  /** Bytes of all batches. */
  bytes(): number {
    return (
      this.#db
        .select({ bytes: sql<number>`coalesce(sum(${batches.bytes}), 0)` })
        .from(batches)
        .get()?.bytes ?? 0
    )
  }

  /** The oldest batches that have at least `bytes` together. */
  oldest(bytes: number): Span[] {
    const spans: Span[] = []
    let total = 0
    while (total < bytes) {
      const after = spans.at(-1)?.first ?? -1
      const columns = { first: batches.first, next: batches.next, bytes: batches.bytes }
      const span = this.#db.select(columns).from(batches).where(gt(batches.first, after)).orderBy(asc(batches.first)).limit(1).get()
      if (span === undefined) break
      spans.push(span)
      total += span.bytes
    }
    return spans
  }

  drop(first: number): void {
    this.#db.delete(batches).where(eq(batches.first, first)).run()
  }

  /** The batch that holds number `from`, or the next one after it. */
  batchFrom(from: number): Batch | undefined {
    const before = this.#db.select().from(batches).where(lte(batches.first, from)).orderBy(desc(batches.first)).limit(1).get()
    if (before !== undefined && before.next > from) return before
    return this.#db.select().from(batches).where(gt(batches.first, from)).orderBy(asc(batches.first)).limit(1).get()
  }

  /** The newest batch that begins before number `seq`. */
  batchBefore(seq: number): Batch | undefined {
    return this.#db.select().from(batches).where(lt(batches.first, seq)).orderBy(desc(batches.first)).limit(1).get()
  }

  clearBatches(): void {
    this.#db.delete(batches).run()
  }
}
