/** Responsible for whom a name means: queries name workers and members as people do, rows hold ids. */
import { and, eq, inArray, sql, type SQL } from 'drizzle-orm'
import type { SQLiteColumn } from 'drizzle-orm/sqlite-core'
import type { RegistryDb } from './page.ts'
import { names } from './schema.ts'

const spelledLikeAnId = /^(?:wk|mb)[a-z0-9]{10,30}$/

/** Everybody who has ever had this name, and whoever has it as an id: a worker named like another's id must not hide it. */
export async function idsOf(db: RegistryDb, tenant: string, text: string): Promise<readonly string[]> {
  const rows = await db
    .select({ id: names.id })
    .from(names)
    .where(and(eq(names.tenant, tenant), eq(names.name, text)))
  const ids = new Set(rows.map((row) => row.id))
  if (ids.size === 0 || spelledLikeAnId.test(text)) ids.add(text)
  return [...ids]
}

/** One id keeps the index's order; several are sorted by SQLite. `json_each`: a statement takes 100 parameters at most. */
export function isOneOf(column: SQLiteColumn, ids: readonly string[]): SQL {
  const [only] = ids
  return ids.length === 1 && only !== undefined
    ? eq(column, only)
    : inArray(column, sql`(SELECT value FROM json_each(${JSON.stringify(ids)}))`)
}
