/** Responsible for finding damaged or missing database files that keep a server from starting. It repairs nothing. */
import { DatabaseSync } from 'node:sqlite'
import { sep } from 'node:path'
import { StartFailure } from './start-failure.ts'
import { databasesIn, type StateFolder } from './state-folder.ts'

/** SQLite's description of the damage of this file; undefined when it is intact. */
function damageOf(file: string): string | undefined {
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(file, { readOnly: true })
    const row = database.prepare('PRAGMA quick_check(1)').get()
    const verdict = row === undefined ? 'ok' : String(Object.values(row)[0])
    return verdict === 'ok' ? undefined : verdict
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  } finally {
    database?.close()
  }
}

const advice = 'Restore the whole state folder from a backup, or begin again with another folder (--state DIR).'
const isRegistry = (file: string): boolean => file.split(sep).includes('d1')

/** The content of this file, in the terms of ARCHITECTURE.md. */
const contentOf = (file: string): string =>
  isRegistry(file)
    ? 'the registry: tenants, finished jobs, the audit trail'
    : file.split(sep).includes('r2')
      ? 'artifacts, transcripts and signed audit heads'
      : 'the queue, members and reviews of a tenant, or the output of a job'

/** After an unexpected failure of the start: a failure that names the damaged files, if there are any. */
export function damagedFiles(folder: StateFolder): StartFailure | undefined {
  const damaged = databasesIn(folder.file('data')).flatMap((file) => {
    const damage = damageOf(file)
    return damage === undefined ? [] : [`${file} is damaged (${damage}). It holds ${contentOf(file)}.`]
  })
  return damaged.length === 0 ? undefined : new StartFailure([...damaged, advice].join('\n'))
}

/** Checked before a start: objects of a tenant without the registry are an incomplete backup, and starting would lose their history. */
export function proveRegistryIsThere(folder: StateFolder): void {
  const files = databasesIn(folder.file('data'))
  const objects = files.filter((file) => !isRegistry(file))
  if (objects.length === 0 || files.some(isRegistry)) return
  throw new StartFailure(
    `${folder.file('data')} has the objects of a tenant but no registry (data/d1): its finished jobs and its audit trail would be missing. ${advice}`,
  )
}
