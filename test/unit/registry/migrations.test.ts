/** Says that a database of before keeps its rows, and takes those of the Worker that still runs while a new one is deployed. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'

const folder = join(import.meta.dirname, '../../../migrations/registry/')
const files = readdirSync(folder).filter((name) => name.endsWith('.sql'))

const auditColumns = [
  ...['tenant', 'seq', 'at', 'actor_kind', 'actor_id', 'actor_name', 'action', 'subject', 'job_id', 'worker_id'],
  ...['capability', 'risk_tier', 'digest', 'summary', 'prev_hash', 'hash', 'mac', 'proof'],
]
const jobColumns = [
  'tenant',
  'id',
  'updated_seq',
  'status',
  'effort',
  'thread_id',
  'capability',
  'worker_id',
  'size',
  'prompt',
  'output',
  'result',
  'rest',
]

const insert = (db: DatabaseSync, table: string, columns: readonly string[], row: Readonly<Record<string, string | number | null>>): void =>
  void db
    .prepare(`INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')}) ON CONFLICT DO NOTHING`)
    .run(...columns.map((name) => row[name] ?? null))

const auditRow = (seq: number) => ({
  ...Object.fromEntries(auditColumns.map((name) => [name, `${name} ${seq}`])),
  ...{ tenant: 't', seq, job_id: seq },
})
const jobRow = (id: number) => ({
  ...Object.fromEntries(jobColumns.map((name) => [name, `${name} ${id}`])),
  ...{ tenant: 't', id, updated_seq: id, size: 1, rest: '{"created_by":"member:Ada"}' },
})

test('rows of before are carried over as they were, and the Worker of before may go on writing', () => {
  const db = new DatabaseSync(':memory:')
  const apply = (name: string): void => db.exec(readFileSync(folder + name, 'utf8'))
  for (const name of files.filter((one) => one < '0003')) apply(name)
  for (const seq of [1, 2, 3]) insert(db, 'audit', auditColumns, auditRow(seq))
  insert(db, 'jobs', jobColumns, jobRow(7))
  const before = db.prepare('SELECT * FROM audit ORDER BY seq').all()
  for (const name of files.filter((one) => one >= '0003')) apply(name)
  expect(db.prepare('SELECT * FROM audit ORDER BY seq').all()).toEqual(before)
  insert(db, 'audit', auditColumns, auditRow(3))
  insert(db, 'audit', auditColumns, auditRow(4))
  insert(db, 'jobs', jobColumns, jobRow(8))
  expect(db.prepare('SELECT seq FROM audit ORDER BY seq').all()).toEqual([1, 2, 3, 4].map((seq) => ({ seq })))
  expect(db.prepare('SELECT id, created_by, prompt FROM jobs ORDER BY id').all()).toEqual(
    [7, 8].map((id) => ({ id, created_by: 'member:Ada', prompt: `prompt ${id}` })),
  )
})
