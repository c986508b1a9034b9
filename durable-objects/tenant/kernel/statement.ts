/**
 * Responsible for running a statement that was built once: hot paths run its SQL as it is, since the query builder takes longer to fill in and to
 * map one small row than SQLite takes to find or write it (ADR 0006).
 */
import { is, Param, Placeholder } from 'drizzle-orm'
import type { TenantDatabase } from './open-stores.ts'

type Value = string | number | null

interface Built {
  toSQL(): { readonly sql: string; readonly params: readonly unknown[] }
}

function named(names: readonly string[], values: readonly SqlStorageValue[]): object {
  const row: Record<string, SqlStorageValue | undefined> = {}
  for (let index = 0; index < names.length; index += 1) row[names[index] ?? ''] = values[index]
  return row
}

/** `Row`: what it answers, by the names of the columns; values travel as SQLite has them. `Values`: its placeholders. */
export class Statement<Values extends object, Row extends object = never> {
  readonly #sql: SqlStorage
  readonly #text: string
  readonly #params: readonly (Value | { readonly name: keyof Values })[]
  /** Of the columns that it answers; undefined before the first answer. */
  #names: readonly string[] | undefined

  constructor(db: TenantDatabase, built: Built) {
    const { sql, params } = built.toSQL()
    this.#sql = db.$client.sql
    this.#text = sql
    this.#params = params.map((param) => {
      const value = is(param, Param) ? param.value : param
      return is(value, Placeholder) ? { name: value.name as keyof Values } : (value as Value)
    })
  }

  #exec(values: Values): SqlStorageCursor<Record<string, SqlStorageValue>> {
    const bound = this.#params.map((param) => (typeof param === 'object' && param !== null ? (values[param.name] as Value) : param))
    return this.#sql.exec(this.#text, ...bound)
  }

  run(values: Values): void {
    this.#exec(values)
  }

  all(values: Values): Row[] {
    const cursor = this.#exec(values)
    const names = (this.#names ??= cursor.columnNames)
    // The runtime makes an object of a wide row in thrice the time that it takes to answer the values alone.
    // The statement was built from the columns that `Row` names.
    return Array.from(cursor.raw(), (row) => named(names, row) as Row)
  }

  /** The first row. */
  get(values: Values): Row | undefined {
    return this.all(values)[0]
  }
}
