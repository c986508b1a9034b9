/** Responsible for SQL migrations generated from the drizzle schemas; there are no down migrations. */
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative, resolve } from 'node:path'

export interface MigrationLine {
  readonly name: string
  readonly schema: string
  readonly folder: string
  /** Durable Objects load their migrations from a module; for D1 there are only files. */
  readonly driver?: 'durable-sqlite'
}

export const migrationLines: readonly MigrationLine[] = [
  { name: 'registry', schema: 'src/registry/schema.ts', folder: 'migrations/registry' },
  { name: 'tenant', schema: 'durable-objects/tenant/**/tables.ts', folder: 'migrations/tenant', driver: 'durable-sqlite' },
  { name: 'job-stream', schema: 'durable-objects/job-stream/store/schema.ts', folder: 'migrations/job-stream', driver: 'durable-sqlite' },
]

/** `out` is relative because drizzle-kit puts `./` before it. Its output is searched for errors because it exits with 0 when it fails. */
function drizzle(root: string, line: MigrationLine, out: string, name: string): void {
  const words = [
    join(root, 'node_modules/drizzle-kit/bin.cjs'),
    'generate',
    '--dialect=sqlite',
    `--schema=${line.schema}`,
    `--out=${relative(root, resolve(root, out))}`,
    `--name=${name}`,
    ...(line.driver === undefined ? [] : [`--driver=${line.driver}`]),
  ]
  const result = spawnSync(process.execPath, words, { cwd: root, encoding: 'utf8' })
  if (result.status !== 0 || !/No schema changes|Your SQL migration file/.test(result.stdout)) {
    throw new Error(`drizzle-kit failed for ${line.name}:\n${result.stdout}${result.stderr}`)
  }
}

const sqlOf = (folder: string): readonly string[] => (existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.sql')) : [])

/** One sentence when a migration is missing for the schema; undefined when they agree. */
export function migrationDrift(root: string, line: MigrationLine): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'modelreins-migrations-'))
  try {
    cpSync(join(root, line.folder), folder, { recursive: true })
    const before = new Set(sqlOf(folder))
    drizzle(root, line, folder, 'drift')
    const added = sqlOf(folder).filter((name) => !before.has(name))
    if (added.length === 0) return undefined
    return `${line.schema} has changed since the last migration:\n${added.map((name) => readFileSync(join(folder, name), 'utf8')).join('\n')}`
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Adds a missing migration, if there is one; returns the names of the added files. */
export function addMigration(root: string, line: MigrationLine, name: string): readonly string[] {
  const before = new Set(sqlOf(join(root, line.folder)))
  drizzle(root, line, line.folder, name)
  return sqlOf(join(root, line.folder)).filter((name) => !before.has(name))
}
