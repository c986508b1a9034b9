/** Responsible for single values of a tenant by key, stored as JSON and cached in memory: every command reads some, few commands write. */
import { eq, sql } from 'drizzle-orm'
import type { TenantDatabase } from './open-stores.ts'
import type { Forget } from './rollback.ts'
import { Statement } from './statement.ts'
import { meta } from './tables.ts'

export class ValueStore {
  readonly #db: TenantDatabase
  readonly #forget: Forget
  readonly #known = new Map<string, unknown>()
  readonly #write: Statement<{ key: string; value: string }>
  constructor(db: TenantDatabase, forget: Forget) {
    this.#db = db
    this.#forget = forget
    this.#write = new Statement(
      db,
      db
        .insert(meta)
        .values({ key: sql.placeholder('key'), value: sql.placeholder('value') })
        .onConflictDoUpdate({ target: meta.key, set: { value: sql`excluded.value` } }),
    )
  }

  /** Undefined when the key was never written. */
  read(key: string): unknown {
    if (this.#known.has(key)) return this.#known.get(key)
    const row = this.#db.select({ value: meta.value }).from(meta).where(eq(meta.key, key)).get()
    const value: unknown = row === undefined ? undefined : JSON.parse(row.value)
    this.#known.set(key, value)
    return value
  }

  write(key: string, value: unknown): void {
    this.#write.run({ key, value: JSON.stringify(value) })
    this.#known.set(key, value)
    this.#forget(() => void this.#known.delete(key))
  }
}
