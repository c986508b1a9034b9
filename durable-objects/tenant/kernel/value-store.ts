/** Responsible for single values of a tenant by their key, stored as JSON and kept in memory: every command reads some, few write any. */
import { eq } from 'drizzle-orm'
import type { TenantDatabase } from './open-stores.ts'
import type { Forget } from './rollback.ts'
import { meta } from './tables.ts'

export class ValueStore {
  readonly #db: TenantDatabase
  readonly #forget: Forget
  readonly #known = new Map<string, unknown>()
  constructor(db: TenantDatabase, forget: Forget) {
    this.#db = db
    this.#forget = forget
  }

  /** Undefined when it was never written. */
  read(key: string): unknown {
    if (this.#known.has(key)) return this.#known.get(key)
    const row = this.#db.select({ value: meta.value }).from(meta).where(eq(meta.key, key)).get()
    const value: unknown = row === undefined ? undefined : JSON.parse(row.value)
    this.#known.set(key, value)
    return value
  }

  write(key: string, value: unknown): void {
    const text = JSON.stringify(value)
    this.#db
      .insert(meta)
      .values({ key, value: text })
      .onConflictDoUpdate({ target: meta.key, set: { value: text } })
      .run()
    this.#known.set(key, value)
    this.#forget(() => void this.#known.delete(key))
  }
}
