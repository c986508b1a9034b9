/** Responsible for reading how much the tenant object stores and the state of its queue, with few rows read. It writes nothing. */
import { desc, eq, inArray, isNotNull, sql, type SQL } from 'drizzle-orm'
import type { SQLiteTable } from 'drizzle-orm/sqlite-core'
import type { SeenJob } from '../../../src/domain/diagnostics/invariants.ts'
import { places } from '../../../src/domain/job/queue.ts'
import { artifacts } from '../artifacts/tables.ts'
import { audit } from '../audit/tables.ts'
import type { TenantDatabase } from '../kernel/open-stores.ts'
import { members } from '../members/tables.ts'
import { jobs } from '../queue/tables.ts'
import { workers } from '../queue/workforce/tables.ts'
import { reviews } from '../reviews/tables.ts'
import { schedules } from '../schedules/tables.ts'
import { sessions } from '../sessions/tables.ts'
import { threads } from '../threads/tables.ts'
import { webhooks } from '../webhooks/tables.ts'

/** Tables that are small enough to count; jobs and audit rows are estimated from their numbers. */
const counted = { artifacts, members, reviews, schedules, sessions, threads, webhooks, workers } as const

const seen = {
  id: jobs.id,
  status: jobs.status,
  pool: jobs.pool,
  worker_id: jobs.worker_id,
  attempt: jobs.attempt,
  max_attempts: jobs.max_attempts,
} as const

export class DiagnosticsStore {
  readonly #db: TenantDatabase
  constructor(db: TenantDatabase) {
    this.#db = db
  }

  bytes(): number {
    return this.#db.$client.sql.databaseSize
  }

  rows(): Readonly<Record<string, number>> {
    const count = (table: SQLiteTable): number =>
      this.#db
        .select({ count: sql<number>`count(*)` })
        .from(table)
        .get()?.count ?? 0
    const small = Object.entries(counted).map(([name, table]) => [name, count(table)] as const)
    return { jobs: this.#span('jobs', 'id'), audit_rows: this.#span('audit', 'seq'), ...Object.fromEntries(small) }
  }

  /** The distance from the lowest number to the highest: reads only two rows of a table of any size. */
  #span(table: 'jobs' | 'audit', key: 'id' | 'seq'): number {
    const row = this.#db.get<{ readonly low: number | null; readonly high: number | null }>(
      sql.raw(`select (select min(${key}) from ${table}) as low, (select max(${key}) from ${table}) as high`),
    )
    return row?.low == null || row.high == null ? 0 : row.high - row.low + 1
  }

  /** The number of rows from this time on, by binary search in a table whose times ascend with its numbers. */
  #since(newest: number, atOf: (number: number) => number | undefined, at: number): number {
    let [low, high] = [0, newest]
    while (low < high) {
      const middle = Math.ceil((low + high) / 2)
      const its = atOf(middle)
      // A missing row was pruned, so it is older than all present rows.
      if (its === undefined || its < at) low = middle
      else high = middle - 1
    }
    return newest - low
  }

  jobsSince(at: number): number {
    const newest = this.#db.select({ id: jobs.id }).from(jobs).orderBy(desc(jobs.id)).limit(1).get()?.id ?? 0
    return this.#since(
      newest,
      (id) => this.#db.select({ created_at: jobs.created_at }).from(jobs).where(eq(jobs.id, id)).get()?.created_at,
      at,
    )
  }

  auditRowsSince(at: number): number {
    const newest = this.#db.select({ seq: audit.seq }).from(audit).orderBy(desc(audit.seq)).limit(1).get()?.seq ?? 0
    const atOf = (seq: number): number | undefined => {
      const row = this.#db
        .select({ at: sql<string>`json_extract(${audit.row}, '$.at')` })
        .from(audit)
        .where(eq(audit.seq, seq))
        .get()
      return row === undefined ? undefined : Date.parse(row.at)
    }
    return this.#since(newest, atOf, at)
  }

  #jobs(where: SQL | undefined, limit: number): readonly SeenJob[] {
    return this.#db.select(seen).from(jobs).where(where).limit(limit).all()
  }

  /** Running jobs, then jobs in other places of the queue, then the newest jobs in any state; at most `limit` of each. */
  jobs(limit: number): { readonly jobs: readonly SeenJob[]; readonly partial: boolean } {
    const running = this.#jobs(eq(jobs.pool, places.running), limit)
    const standing = this.#jobs(isNotNull(jobs.pool), limit)
    const newest = this.#db.select(seen).from(jobs).orderBy(desc(jobs.id)).limit(limit).all()
    const all = new Map([...running, ...standing, ...newest].map((job) => [job.id, job]))
    return { jobs: [...all.values()], partial: running.length === limit || standing.length === limit }
  }

  jobsById(ids: readonly number[]): readonly SeenJob[] {
    const found: SeenJob[] = []
    for (let from = 0; from < ids.length; from += 90) found.push(...this.#jobs(inArray(jobs.id, ids.slice(from, from + 90)), 90))
    return found
  }
}
