/** Responsible for resolving names to ids: queries name workers and members, rows hold ids. */
import { and, eq, inArray, sql, type SQL } from 'drizzle-orm'
import type { SQLiteColumn } from 'drizzle-orm/sqlite-core'
import type { RegistryDb } from './page.ts'
import { names } from './schema.ts'

const spelledLikeAnId = /^(?:wk|mb)[a-z0-9]{10,30}$/

/** Every id that ever had this name, and the id itself if the text is one, so that a worker whose name equals another's id does not hide it. */
export async function idsOf(db: RegistryDb, tenant: string, text: string): Promise<readonly string[]> {
  const rows = await db
    .select({ id: names.id })
    .from(names)
    .where(and(eq(names.tenant, tenant), eq(names.name, text)))
  const ids = new Set(rows.map((row) => row.id))
  if (ids.size === 0 || spelledLikeAnId.test(text)) ids.add(text)
  return [...ids]
}

/**
 * A comparison with one id keeps the order of the index; with several, SQLite sorts. `json_each`, because a statement takes at most 100 parameters.
 */
export function isOneOf(column: SQLiteColumn, ids: readonly string[]): SQL {
  const [only] = ids
  return ids.length === 1 && only !== undefined
    ? eq(column, only)
    : inArray(column, sql`(SELECT value FROM json_each(${JSON.stringify(ids)}))`)
}
