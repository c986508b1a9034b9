import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { addMigration, migrationDrift } from '../../../../tools/generate/migrations.ts'

const root = fileURLToPath(new URL('../../../..', import.meta.url))
// Inside the repository, where drizzle-kit finds drizzle-orm; hidden, so that nothing else looks at it.
const folder = mkdtempSync(join(root, '.migrations-test-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('migrations', () => {
  const schema = join(folder, 'schema.ts')
  const line = { name: 'registry', schema: relative(root, schema), folder: relative(root, join(folder, 'out')) }
  cpSync(join(root, 'migrations/registry'), join(folder, 'out'), { recursive: true })
  const original = readFileSync(join(root, 'src/registry/schema.ts'), 'utf8')

  test('agree with a schema that has not changed', () => {
    writeFileSync(schema, original)
    expect(migrationDrift(root, line)).toBeUndefined()
  }, 60_000)

  test('drift is found, named in SQL, and gone once the migration is added', () => {
    writeFileSync(schema, `${original}\nexport const extra = sqliteTable('extra', { name: text('name').primaryKey() })\n`)
    expect(migrationDrift(root, line)).toMatch(/has changed since the last migration:[\s\S]*CREATE TABLE `extra`/)
    expect(addMigration(root, line, 'more')).toEqual([expect.stringMatching(/_more\.sql$/)])
    expect(migrationDrift(root, line)).toBeUndefined()
  }, 60_000)
})
