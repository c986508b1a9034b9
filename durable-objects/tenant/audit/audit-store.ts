/**
 * Responsible for the audit rows in the object: appended in order, written together at the end of a transaction, read for shipping, pruned
 * once shipped and old.
 */
import { and, asc, desc, gt, lt, sql } from 'drizzle-orm'
import type { AuditRow } from '@modelreins/contract'
import type { ChainHead, Sealed } from '../../../src/domain/audit/audit-chain.ts'
import type { TenantDatabase } from '../kernel/open-stores.ts'
import type { Forget } from '../kernel/rollback.ts'
import { Statement } from '../kernel/statement.ts'
import { audit } from './tables.ts'

/** The number of newest rows that memory keeps at least, so that shipping need not read them back from SQLite. */
const remembered = 5_000
/** Limit of the platform: a statement of a Durable Object takes 100 parameters, and a row has two. */
const rowsPerInsert = 50

export class AuditStore {
  readonly #db: TenantDatabase
  /** The newest rows, without a gap between them. */
  #newest: AuditRow[] = []
  /** The rows that this transaction has appended: number and text alternate, as parameters of the INSERT. */
  #unwritten: (number | string)[] = []
  readonly #sql: SqlStorage
  readonly #forget: Forget
  #head: ChainHead | undefined
  readonly #after: Statement<{ seq: number; limit: number }, { readonly row: string }>
  constructor(db: TenantDatabase, forget: Forget) {
    this.#db = db
    this.#sql = db.$client.sql
    this.#forget = forget
    this.#after = new Statement(
      db,
      db
        .select({ row: audit.row })
        .from(audit)
        .where(gt(audit.seq, sql.placeholder('seq')))
        .orderBy(asc(audit.seq))
        .limit(sql.placeholder('limit')),
    )
  }

  /** Appends a row in memory; `write` stores it in the same transaction. */
  append({ row, text }: Sealed): void {
    this.#unwritten.push(row.seq, text)
    const before = this.#head
    this.#head = { seq: row.seq, hash: row.hash }
    this.#newest.push(row)
    this.#forget(() => {
      this.#head = before
      this.#newest.pop()
      this.#unwritten.length = 0
    })
    if (this.#newest.length > 2 * remembered) this.#newest = this.#newest.slice(-remembered)
  }

  /** Stores the appended rows, with several rows per statement. */
  write(): void {
    const values = this.#unwritten
    if (values.length === 0) return
    for (let from = 0; from < values.length; from += 2 * rowsPerInsert) {
      const some = values.slice(from, from + 2 * rowsPerInsert)
      this.#sql.exec(`INSERT INTO audit (seq, row) VALUES (?, ?)${', (?, ?)'.repeat(some.length / 2 - 1)}`, ...some)
    }
    this.#unwritten = []
  }

  /** The newest row. It is never pruned, because the next row of the chain contains its hash. */
  head(): ChainHead | undefined {
    if (this.#head !== undefined) return this.#head
    const row = this.#db.select({ row: audit.row }).from(audit).orderBy(desc(audit.seq)).limit(1).get()
    if (row === undefined) return undefined
    const { seq, hash }: AuditRow = JSON.parse(row.row)
    this.#head = { seq, hash }
    return this.#head
  }

  after(seq: number, limit: number): readonly AuditRow[] {
    const first = this.#newest[0]
    if (first !== undefined && first.seq <= seq + 1) return this.#newest.slice(seq + 1 - first.seq, seq + 1 - first.seq + limit)
    return this.#after.all({ seq, limit }).map((row) => JSON.parse(row.row))
  }

  /**
   * Deletes rows below `seq` that are older than `before` (milliseconds since 1970), from the oldest on; returns their number. Examines at
   * most `limit` rows.
   */
  prune(seq: number, before: number, limit: number): number {
    const oldest = this.#db.select().from(audit).where(lt(audit.seq, seq)).orderBy(asc(audit.seq)).limit(1).get()
    if (oldest === undefined || Date.parse((JSON.parse(oldest.row) as AuditRow).at) >= before) return 0
    const old = this.#db
      .select({ seq: audit.seq })
      .from(audit)
      .where(
        and(lt(audit.seq, Math.min(seq, oldest.seq + limit)), lt(sql`json_extract(${audit.row}, '$.at')`, new Date(before).toISOString())),
      )
      .orderBy(asc(audit.seq))
      .all()
    const newest = old.at(-1)
    if (newest === undefined) return 0
    this.#db
      .delete(audit)
      .where(lt(audit.seq, newest.seq + 1))
      .run()
    return old.length
  }
}
