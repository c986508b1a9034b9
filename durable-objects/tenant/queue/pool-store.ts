/** Responsible for the pools: the requirements and the assignment that a pool number stands for. */
import { eq } from 'drizzle-orm'
import { canonicalJson } from '@modelreins/contract'
import type { Requirements } from '../../../src/domain/director/matching.ts'
import type { TenantDatabase } from '../kernel/open-stores.ts'
import type { Forget } from '../kernel/rollback.ts'
import { pools } from './tables.ts'

/** What all jobs of one pool have in common. `worker_id`: the worker that the Director assigned; null for none. */
export interface PoolKey {
  readonly wants: Requirements
  readonly worker_id: string | null
  /** A human has approved each of these jobs, so workers that declare the capability under the tier `approve` may take them. */
  readonly released?: true
}
export interface Pool extends PoolKey {
  readonly id: number
}

export class PoolStore {
  readonly #db: TenantDatabase
  /** Pools are few (distinct requirements times workers) and immutable, so they stay in memory once read. */
  readonly #byId = new Map<number, Pool>()
  readonly #idByKey = new Map<string, number>()
  /** By the key's non-canonical JSON, which is computed in a fraction of the time that the canonical one takes. */
  readonly #idBySpelling = new Map<string, number>()
  readonly #forget: Forget
  constructor(db: TenantDatabase, forget: Forget) {
    this.#db = db
    this.#forget = forget
  }

  /** The pool with this key; created when it does not exist. */
  of(key: PoolKey): Pool {
    const spelling = JSON.stringify([key.wants, key.worker_id, key.released])
    let id = this.#idBySpelling.get(spelling)
    if (id === undefined) {
      id = this.#find(canonicalJson({ wants: key.wants, worker_id: key.worker_id, released: key.released }))
      this.#idBySpelling.set(spelling, id)
      // A new pool's row may be rolled back with the transaction.
      this.#forget(() => void this.#idBySpelling.delete(spelling))
    }
    return { ...key, id }
  }

  #find(text: string): number {
    const known = this.#idByKey.get(text)
    if (known !== undefined) return known
    const row = this.#db.select().from(pools).where(eq(pools.key, text)).get()
    const id = row?.id ?? this.#insert(text)
    this.#idByKey.set(text, id)
    return id
  }

  #insert(key: string): number {
    const { id } = this.#db.insert(pools).values({ key }).returning({ id: pools.id }).get()
    this.#forget(() => {
      this.#idByKey.delete(key)
      this.#byId.delete(id)
    })
    return id
  }

  get(id: number): Pool | undefined {
    const known = this.#byId.get(id)
    if (known !== undefined) return known
    const row = this.#db.select().from(pools).where(eq(pools.id, id)).get()
    if (row === undefined) return undefined
    const pool: Pool = { ...(JSON.parse(row.key) as PoolKey), id }
    this.#byId.set(id, pool)
    return pool
  }
}
