/**
 * Responsible for running an SQL statement that the query builder built once. Hot paths run its SQL directly, because binding and mapping
 * one small row with the query builder takes longer than SQLite takes to find or write the row (ADR 0006).
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

/** `Row`: a returned row, by the names of the columns, with values as SQLite stores them. `Values`: the values of its placeholders. */
export class Statement<Values extends object, Row extends object = never> {
  readonly #sql: SqlStorage
  readonly #text: string
  readonly #params: readonly (Value | { readonly name: keyof Values })[]
  /** Names of the returned columns; undefined before the first execution. */
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
    // Reading raw values is three times as fast as having the runtime build an object for a wide row.
    // The statement was built from the columns that `Row` names.
    return Array.from(cursor.raw(), (row) => named(names, row) as Row)
  }

  /** The first row; undefined without one. */
  get(values: Values): Row | undefined {
    return this.all(values)[0]
  }
}
