/** Responsible for `npm run generate`: all generated files of the repository; `--check` fails when one differs. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openapiDocument } from '../openapi/document.ts'
import { spelledShort } from '../openapi/spelling.ts'
import { costPage } from '../costs/cost-page.ts'
import { withScale } from '../costs/scale-page.ts'
import { cliReference } from '../../worker-sdk/src/cli/arguments/reference.ts'
import { isCurrent, write, type GeneratedFile } from './generated-file.ts'
import { addMigration, migrationDrift, migrationLines } from './migrations.ts'
import { pythonFiles } from './python/python-files.ts'
import { withSettings } from './settings.ts'
import { directorPage, eventsPage, limitsPage, operationsPage, problemsPage, settingsPage } from './reference.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const text = (path: string): string => readFileSync(join(root, path), 'utf8')

function generatedFiles(): readonly GeneratedFile[] {
  const { version }: { version: string } = JSON.parse(text('package.json'))
  return [
    { path: 'docs/reference/operations.md', content: operationsPage() },
    { path: 'docs/reference/problems.md', content: problemsPage() },
    { path: 'docs/reference/audit-actions.md', content: eventsPage() },
    { path: 'docs/reference/limits.md', content: limitsPage(text('contract/src/limits.ts')) },
    { path: 'docs/reference/director.md', content: directorPage() },
    { path: 'docs/reference/settings.md', content: settingsPage() },
    { path: 'worker-sdk/README.md', content: withSettings(text('worker-sdk/README.md')) },
    { path: 'docs/reference/cli.md', content: cliReference() },
    { path: 'docs/explanation/cost.md', content: costPage() },
    { path: 'docs/explanation/scale.md', content: withScale(root, text('docs/explanation/scale.md')) },
    { path: 'docs/reference/openapi.json', content: spelledShort(openapiDocument({ version })) },
    ...pythonFiles(text),
  ]
}

/** `npm run generate -- --name add_reviews`: the name for a missing migration. */
const named = process.argv.indexOf('--name')
const migrationName = (named === -1 ? undefined : process.argv[named + 1]) ?? 'change'

function check(): number {
  const drifted = generatedFiles().filter((file) => !isCurrent(root, file))
  for (const file of drifted) console.error(`${file.path} is not what its source says: run npm run generate`)
  const migrations = migrationLines.flatMap((line) => migrationDrift(root, line) ?? [])
  for (const sentence of migrations) console.error(`${sentence}\nrun npm run generate`)
  return drifted.length + migrations.length === 0 ? 0 : 1
}

function generate(): number {
  for (const file of generatedFiles()) {
    if (isCurrent(root, file)) continue
    write(root, file)
    console.log(`wrote ${file.path}`)
  }
  for (const line of migrationLines) for (const name of addMigration(root, line, migrationName)) console.log(`wrote ${line.folder}/${name}`)
  return 0
}

process.exitCode = process.argv.includes('--check') ? check() : generate()
