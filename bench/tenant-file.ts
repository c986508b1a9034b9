/**
 * Responsible for adding rows to a stopped tenant's database file: creating millions of jobs with calls would take hours and measure something else.
 */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

const columnsOf = (database: DatabaseSync, table: string): readonly string[] =>
  database
    .prepare('SELECT name FROM pragma_table_info(?)')
    .all(table)
    .map((row) => String(row['name']))

/** The file of the tenant's object: the only one with a table of jobs. */
function tenantFile(folder: string): DatabaseSync {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.name.endsWith('.sqlite')) continue
    const database = new DatabaseSync(join(entry.parentPath, entry.name))
    const names = new Set(columnsOf(database, 'jobs'))
    if (names.has('pool') && names.has('rank')) return database
    database.close()
  }
  throw new Error('No object has jobs')
}

/** Tables that have a row for this job, with the column of the job's id: parts of a job may be stored outside `jobs`. */
function tablesOf(database: DatabaseSync, job: number): readonly { readonly table: string; readonly key: string }[] {
  const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'job%'").all()
  return tables.flatMap(({ name }) => {
    const table = String(name)
    const key =
      columnsOf(database, table).find((column) => column === 'job_id') ?? (columnsOf(database, table).includes('id') ? 'id' : undefined)
    if (key === undefined) return []
    return database.prepare(`SELECT 1 FROM ${table} WHERE ${key} = ?`).get(job) === undefined ? [] : [{ table, key }]
  })
}

/** Copies job 1 until there are `count` jobs; copies of a waiting job get their own ranks. */
export function copyFirstJob(folder: string, count: number): void {
  const database = tenantFile(folder)
  // The file is deleted after the bench, so speed matters and crash safety does not. A journal of this one large transaction would be as large as the
  // file.
  database.exec('PRAGMA synchronous = off; PRAGMA locking_mode = exclusive; PRAGMA journal_mode = off')
  for (const { table, key } of tablesOf(database, 1)) {
    const columns = columnsOf(database, table)
    const copied = columns.map((column) => (column === key ? 'n.id' : column === 'rank' ? 'old.rank + n.id' : `old.${column}`))
    database.exec(
      `WITH RECURSIVE n(id) AS (SELECT 2 UNION ALL SELECT id + 1 FROM n WHERE id < ${count})
       INSERT INTO ${table} (${columns.join(', ')}) SELECT ${copied.join(', ')} FROM n JOIN ${table} AS old ON old.${key} = 1`,
    )
  }
  // Restores the runtime's own journal mode.
  database.exec('PRAGMA journal_mode = wal')
  database.close()
}
