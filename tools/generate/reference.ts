/** Responsible for the reference pages made from the contract's tables: operations, problems, limits. */
import {
  commonProblems,
  operationIds,
  operations,
  problemCodes,
  problems,
  roles,
  type Operation,
  type OperationId,
  type Scope,
  inputOf,
  operationPaths,
} from '@modelreins/contract'
import { attemptsByEffort, auditActions, headStartByEffort, limits, tenantEvents, tenantSettingRows } from '@modelreins/contract'
import { roleMay, workerMay } from '../../src/domain/access/access.ts'
import { builtIn, modelClasses } from '../../src/domain/director/catalogue.ts'
import { weightsByEffort } from '../../src/domain/director/director.ts'
import { answerWords, fieldsOf } from './schema-words.ts'

const notice = '<!-- Made by `npm run generate` from the contract. Change the contract, not this page. -->'
export const page = (title: string, ...blocks: readonly string[]): string => `${[`# ${title}`, notice, ...blocks].join('\n\n')}\n`
const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ')

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

/** In words: who holds this scope. */
function holders(scope: Scope): string {
  if (scope === 'public') return 'everybody, without a token'
  if (scope === 'master') return 'the master token'
  if (scope === 'attempt') return 'the lease token of the attempt'
  const members = roles.filter((role) => roleMay(role, scope))
  const workers = workerMay(scope, false) ? ['workers'] : workerMay(scope, true) ? ['workers given the right'] : []
  return [...members, ...workers].join(', ')
}

const repeatWords = {
  safe: 'Safe to repeat.',
  'by-key': 'Safe to repeat with the same idempotency key.',
  never: 'Not safe to repeat: look first.',
} as const

function operationBlock(id: OperationId): string {
  const row: Operation = operations[id]
  const fields = fieldsOf(inputOf(row, false))
  const inPath = new Set(row.path.split('/').flatMap((part) => (part.startsWith(':') ? [part.slice(1)] : [])))
  const where = (name: string): string =>
    inPath.has(name) ? 'path' : row.body === 'raw' ? 'query or part' : row.method === 'GET' || row.method === 'DELETE' ? 'query' : 'body'
  const facts = [
    `\`${row.method} ${row.path}\`${operationPaths(row)
      .slice(1)
      .map((path) => `, also \`${path}\``)
      .join('')}`,
    `For: ${holders(row.scope)}.${row.held === true ? ' May be held open.' : ''} ${repeatWords[row.repeat]}`,
    row.produces === undefined ? `Answers ${row.status}: ${answerWords(row.output)}.` : `Answers ${row.status}, \`${row.produces}\`.`,
    `Problems: ${[...new Set([...row.problems, ...commonProblems(row)])].map((code) => `[\`${code}\`](problems.md#${code})`).join(', ')}.`,
  ]
  return [
    `### ${id}`,
    `${row.summary}.`,
    facts.join('  \n'),
    ...(fields.length === 0
      ? []
      : [
          table(
            ['field', 'in', 'type', ''],
            fields.map((field) => [`\`${field.name}\``, where(field.name), field.type, field.required ? 'required' : '']),
          ),
          `Example: \`${JSON.stringify(row.example)}\``,
        ]),
  ].join('\n\n')
}

export function operationsPage(): string {
  const ids = operationIds
  const nouns = [...new Set(ids.map((id) => id.split('.')[0] ?? id))]
  return page(
    'Operations',
    'All operations of the HTTP API. Requests and answers are JSON in snake_case; times are ISO 8601 in UTC. Lists take `limit` and `cursor`. An unknown field is refused with an error that names it. On the paths after "also", for older workers, unknown fields are ignored and null means absent.',
    'For programs: [`openapi.json`](openapi.json), served at `/openapi.json` and shown at `/docs`.',
    ...nouns.flatMap((noun) => [`## ${noun}`, ...ids.filter((id) => id.startsWith(`${noun}.`)).map(operationBlock)]),
  )
}

export function problemsPage(): string {
  return page(
    'Problems',
    'Every error of the API is `application/problem+json` (RFC 9457) with one of these codes in `code`. `retryable` says whether the same call may succeed later; `instance` is the request id.',
    ...problemCodes.map((code) => {
      const row = problems[code]
      return [
        `## ${code}`,
        `${row.title}: HTTP ${row.status}, ${row.retryable ? 'retryable' : 'not retryable'}, exit code ${row.exit} of the command line.`,
        row.help,
      ].join('\n\n')
    }),
  )
}

export function eventsPage(): string {
  const nouns = [...new Set(auditActions.map((action) => action.split('.')[0] ?? action))]
  const rows = (noun: string): readonly (readonly string[])[] =>
    auditActions
      .filter((action) => action.startsWith(`${noun}.`))
      .map((action) => [`\`${action}\``, tenantEvents[action].says, tenantEvents[action].fields.map((field) => `\`${field}\``).join(', ')])
  return page(
    'Audit actions',
    'All actions of the [audit trail](../explanation/audit.md). Every row has a number, time, actor, action, subject and summary. The last column names the additional fields of an action.',
    ...nouns.flatMap((noun) => [`## ${noun}`, table(['action', 'meaning', 'additional fields'], rows(noun))]),
  )
}

function amount(name: string, value: number): string {
  if (name.endsWith('_bytes')) return value % 1024 ** 2 === 0 ? `${value / 1024 ** 2} MiB` : `${value / 1024} KiB`
  if (name.endsWith('_ms')) return duration(value)
  if (name.endsWith('_s')) return duration(value * 1_000)
  return value.toLocaleString('en-US')
}

function duration(ms: number): string {
  const units = [
    [86_400_000, 'd'],
    [3_600_000, 'h'],
    [60_000, 'min'],
    [1_000, 's'],
  ] as const
  const unit = units.find(([size]) => ms >= size && ms % size === 0)
  return unit === undefined ? `${ms} ms` : `${ms / unit[0]} ${unit[1]}`
}

/** The comment above a limit, in the contract's own words; limits without one are said by their name. */
export function limitComments(source: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const match of source.matchAll(/\/\*\*((?:(?!\*\/).)*)\*\/\s*\n\s*([a-z_]+):/gs)) {
    // Citations of design notes are removed, because the notes are not part of the reference.
    const words = (match[1] ?? '').replaceAll(/\s*\n\s*\*\s*/g, ' ').replaceAll(/\s*\([a-z]+\.md[^)]*\)/g, '')
    found.set(match[2] ?? '', words.trim())
  }
  return found
}

export function limitsPage(source: string): string {
  const comments = limitComments(source)
  const rows = Object.entries(limits).map(([name, value]) => [`\`${name}\``, amount(name, value), comments.get(name) ?? ''])
  const efforts = Object.entries(attemptsByEffort).map(([effort, attempts]) => [
    `\`${effort}\``,
    String(attempts),
    duration(Object.entries(headStartByEffort).find(([name]) => name === effort)?.[1] ?? 0),
  ])
  return page(
    'Limits and defaults',
    'All limits and default values. They are defined in `contract/src/limits.ts`, for the server and the SDKs.',
    table(['limit', 'value', 'meaning'], rows),
    '## By effort',
    table(['effort', 'attempts (default)', 'head start in the queue'], efforts),
  )
}

export function settingsPage(): string {
  const value = (one: unknown): string => `\`${typeof one === 'string' ? one : JSON.stringify(one)}\``
  const rows = Object.entries(tenantSettingRows).map(([name, { otherwise, about, reason }]) => [
    `\`${name}\``,
    value(otherwise),
    about,
    reason,
  ])
  return page(
    'Settings of a tenant',
    'Default values and rules for all jobs of a tenant. Read them with `GET /api/v1/settings` or `npx modelreins-worker settings`. An owner changes them with `PATCH /api/v1/settings` or `settings set NAME VALUE`; `null` (on the command line `default`) restores the default. Every change is in the audit trail and increases `version`. Fields of a job have precedence over the defaults of its thread, and these over the settings.',
    table(['setting', 'default', 'meaning', 'why this default'], rows),
  )
}

export function directorPage(): string {
  const weights = Object.entries(weightsByEffort).map(([effort, { cost, quality, speed, local }]) => [
    `\`${effort}\``,
    String(cost),
    String(quality),
    String(speed),
    local === 0 ? '0' : `${Math.abs(local)} for ${local > 0 ? 'local' : 'cloud'}`,
  ])
  const classes = modelClasses.map(({ model_class, cost, quality, speed, locality }) => [
    model_class,
    String(cost),
    String(quality),
    String(speed),
    locality,
  ])
  return page(
    'The Director in numbers',
    'The score of a worker for a job is the sum of its traits, each multiplied by the weight for the effort of the job. Other effects on the score, parking and fallback are explained in [the Director](../explanation/director.md). The numbers come from `src/domain/director/`.',
    '## Weights by effort',
    table(['effort', 'cost', 'quality', 'speed', 'locality'], weights),
    '## Traits by class',
    'From 0 (worst) to 1 (best). Rules of the tenant (`PUT /api/v1/director/catalogue`) override class and traits by pattern, and the `config` of a worker overrides both, field by field.',
    table(['class', 'cost', 'quality', 'speed', 'locality'], classes),
    '## Built-in classes',
    'The first matching line applies. No prices are built in.',
    table(
      ['which', 'class'],
      builtIn.map(({ which, model_class }) => [which, model_class]),
    ),
  )
}
