/** Responsible for idempotency keys: which job a dispatch with this key created, and what a key of another operation stands for. */
import { and, desc, eq, isNotNull, lt, sql } from 'drizzle-orm'
import type { TenantDatabase } from '../kernel/open-stores.ts'
import type { Forget } from '../kernel/rollback.ts'
import { Statement } from '../kernel/statement.ts'
import { KeyBlocks } from './key-blocks.ts'
import { idempotency, jobs } from './tables.ts'

/** The key that a dispatch carried, with what identifies a repeat; written once, with the job. */
export interface DispatchKey {
  readonly key: string
  readonly digest: string
  /** True when the key must be found by the index. */
  readonly indexed?: boolean
}

export interface KnownKey {
  readonly digest: string
  /** Id of a job; where the key says so, of a review or of a thread's deletion. */
  readonly job_id: number
}

export class KeyStore {
  readonly #db: TenantDatabase

  readonly #dispatched: Statement<{ key: string }, { readonly digest: string | null; readonly job_id: number; readonly created_at: number }>
  readonly #carried: Statement<{ id: number }, { readonly key: string | null; readonly digest: string | null; readonly created_at: number }>
  readonly #get: Statement<{ key: string }, KnownKey>
  readonly #blocks: KeyBlocks
  /** Whether any job must be found by the index, and whether other keys are stored at all. Usually not, and then nothing is read. */
  #isAnyIndexed: boolean | undefined
  #isAnyRemembered: boolean | undefined

  constructor(db: TenantDatabase, forget: Forget, blocks = new KeyBlocks(db, forget)) {
    this.#db = db
    this.#blocks = blocks
    this.#carried = new Statement(
      db,
      db
        .select({
          key: sql`${jobs.dispatch_key} as key`,
          digest: sql`${jobs.idempotency_digest} as digest`,
          created_at: jobs.created_at,
        })
        .from(jobs)
        .where(eq(jobs.id, sql.placeholder('id'))),
    )
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

  /** Must be called for every job before it is written, with or without a key, in the order of ids. */
  note(id: number, at: number, key: DispatchKey | undefined): DispatchKey | undefined {
    const kept = this.#blocks.note(id, at, key?.key)
    if (key === undefined || kept) return key
    this.#isAnyIndexed = true
    return { ...key, indexed: true }
  }

  /** The newest job that was dispatched with this key since that time (milliseconds since 1970). */
  dispatchedWith(key: string, since: number): KnownKey | undefined {
    const kept = this.#inBlocks(key, since)
    const row = this.#hasIndexed() ? this.#dispatched.get({ key }) : undefined
    if (row?.digest == null || row.created_at < since || (kept !== undefined && kept.job_id > row.job_id)) return kept
    return { digest: row.digest, job_id: row.job_id }
  }

  #inBlocks(key: string, since: number): KnownKey | undefined {
    for (const job_id of this.#blocks.candidates(key)) {
      const row = this.#carried.get({ id: job_id })
      if (row?.key === key && row.digest !== null) return row.created_at < since ? undefined : { digest: row.digest, job_id }
    }
    return undefined
  }

  #hasIndexed(): boolean {
    this.#isAnyIndexed ??= this.#db.select({ id: jobs.id }).from(jobs).where(isNotNull(jobs.idempotency_key)).limit(1).get() !== undefined
    return this.#isAnyIndexed
  }

  get(key: string): KnownKey | undefined {
    this.#isAnyRemembered ??= this.#db.select({ key: idempotency.key }).from(idempotency).limit(1).get() !== undefined
    return this.#isAnyRemembered ? this.#get.get({ key }) : undefined
  }

  remember(key: string, { digest, job_id }: KnownKey, at: number): void {
    const row = { key, digest, job_id, created_at: at }
    this.#isAnyRemembered = true
    this.#db.insert(idempotency).values(row).onConflictDoUpdate({ target: idempotency.key, set: row }).run()
  }

  forget(before: number): void {
    this.#db.delete(idempotency).where(lt(idempotency.created_at, before)).run()
    this.#blocks.forget(before)
  }
}
