/** Responsible for idempotency keys: which job a dispatch with this key has made, and what a key of anything else stands for. */
import { and, desc, eq, isNotNull, lt, sql } from 'drizzle-orm'
import type { TenantDatabase } from '../kernel/open-stores.ts'
import { Statement } from '../kernel/statement.ts'
import { idempotency, jobs } from './tables.ts'

/** What a dispatch carried to be recognised by; written once, with the job. */
export interface DispatchKey {
  readonly key: string
  readonly digest: string
}

export interface KnownKey {
  readonly digest: string
  /** A job's id; a review's, or that of a thread's deletion, where the key says so. */
  readonly job_id: number
}

export class KeyStore {
  readonly #db: TenantDatabase

  readonly #dispatched: Statement<{ key: string }, { readonly digest: string | null; readonly job_id: number; readonly created_at: number }>
  readonly #get: Statement<{ key: string }, KnownKey>

  constructor(db: TenantDatabase) {
    this.#db = db
    const { digest, job_id } = idempotency
    const key = sql.placeholder('key')
    this.#dispatched = new Statement(
      db,
      db
        .select({ digest: sql`${jobs.idempotency_digest} as digest`, job_id: sql`${jobs.id} as job_id`, created_at: jobs.created_at })
        .from(jobs)
        .where(and(eq(jobs.idempotency_key, key), isNotNull(jobs.idempotency_key)))
        .orderBy(desc(jobs.id))
        .limit(1),
    )
    this.#get = new Statement(db, db.select({ digest, job_id }).from(idempotency).where(eq(idempotency.key, key)))
  }

  /** The newest job that was dispatched with this key since then. */
  dispatchedWith(key: string, since: number): KnownKey | undefined {
    const row = this.#dispatched.get({ key })
    return row?.digest == null || row.created_at < since ? undefined : { digest: row.digest, job_id: row.job_id }
  }

  get(key: string): KnownKey | undefined {
    return this.#get.get({ key })
  }

  remember(key: string, { digest, job_id }: KnownKey, at: number): void {
    const row = { key, digest, job_id, created_at: at }
    this.#db.insert(idempotency).values(row).onConflictDoUpdate({ target: idempotency.key, set: row }).run()
  }

  forget(before: number): void {
    this.#db.delete(idempotency).where(lt(idempotency.created_at, before)).run()
  }
}
