/** Responsible for combining path, query, headers and body into one flat input, and for reporting all issues in it. */
import { type Issue, type Operation, inputOf, issuesOf } from '@modelreins/contract'
import { type Result, fail, ok } from '../../domain/result.ts'

/** The parts of a request from which the input is built. */
export interface RawInput {
  readonly path: Readonly<Record<string, string>>
  readonly query: URLSearchParams
  /** Undefined for methods without a JSON body. */
  readonly body: Readonly<Record<string, unknown>> | undefined
  readonly idempotencyKey: string | null
}

const mostIssues = 100
const shown = (text: string): string => (text.length > 120 ? `${text.slice(0, 120)}...` : text)

/** Lists at most 100 issues and counts the others, so that the response stays smaller than the request. */
const bounded = (issues: readonly Issue[]): readonly Issue[] =>
  issues.length <= mostIssues
    ? issues
    : [...issues.slice(0, mostIssues), { path: '', message: `and ${issues.length - mostIssues} more issues` }]

/** The failure for these issues; its detail repeats the first one. */
function invalid(issues: readonly Issue[]): ReturnType<typeof fail> {
  const [first] = issues
  const what = first === undefined ? 'The input is not valid' : `${first.path === '' ? 'The input' : `\`${first.path}\``} ${first.message}`
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : ''
  return fail('invalid-request', `${what}${more}.`, { issues: bounded(issues) })
}

function fromQuery(query: URLSearchParams, tolerant: boolean, issues: Issue[]): Record<string, unknown> {
  const flat: Record<string, unknown> = Object.create(null)
  for (const [key, value] of query) {
    if (!(key in flat)) flat[key] = value
    else if (!tolerant) issues.push({ path: shown(key), message: 'is given more than once' })
  }
  return flat
}

interface FlatInput {
  readonly values: Readonly<Record<string, unknown>>
  readonly issues: readonly Issue[]
}

/**
 * The flat input of an operation. Our own paths are strict: no unknown field, no field twice, no query parameters in a request with a body.
 * On a seed's path unknown top-level fields are ignored and null means absent (docs/explanation/compatibility.md).
 */
function flatInput(row: Operation, raw: RawInput, tolerant: boolean): FlatInput {
  const issues: Issue[] = []
  const known = row.input.shape
  const flat: Record<string, unknown> = Object.create(null)
  const queryIsInput = raw.body === undefined
  const given = queryIsInput ? fromQuery(raw.query, tolerant, issues) : raw.body
  for (const [key, value] of Object.entries(given)) {
    if (tolerant && (value === null || !Object.hasOwn(known, key))) continue
    flat[key] = value
  }
  if (!queryIsInput && !tolerant) {
    for (const key of new Set(raw.query.keys())) issues.push({ path: shown(key), message: 'belongs in the body, not in the query' })
  }
  if (raw.idempotencyKey !== null && !tolerant && row.status === 201 && !Object.hasOwn(known, 'idempotency_key')) {
    issues.push({ path: 'Idempotency-Key', message: 'is not supported here: check whether the resource exists before repeating the call' })
  }
  if (raw.idempotencyKey !== null && Object.hasOwn(known, 'idempotency_key')) {
    if (flat.idempotency_key === undefined) flat.idempotency_key = raw.idempotencyKey
    else if (flat.idempotency_key !== raw.idempotencyKey) {
      issues.push({ path: 'idempotency_key', message: 'differs from the Idempotency-Key header' })
    }
  }
  for (const [key, value] of Object.entries(raw.path)) {
    if (!tolerant && flat[key] !== undefined && String(flat[key]) !== value) issues.push({ path: key, message: 'differs from the path' })
    flat[key] = value
  }
  return { values: { ...flat }, issues }
}

/** The input from the fast parser of frequent inputs; undefined when that does not apply, and the general parser must run. */
function parsedHot(row: Operation, { path, query, body, idempotencyKey }: RawInput): Record<string, unknown> | undefined {
  if (row.hot === undefined || body === undefined || query.size > 0) return undefined
  const named = idempotencyKey === null ? path : { ...path, idempotency_key: idempotencyKey }
  for (const name in named) if (Object.hasOwn(body, name)) return undefined
  return row.hot({ ...body, ...named })
}

/** Parses the flat input with the operation's schema: fills in defaults, converts texts of paths and queries. Reports all issues. */
export function parseInput(row: Operation, raw: RawInput, tolerant: boolean): Result<Record<string, unknown>> {
  const hot = parsedHot(row, raw)
  if (hot !== undefined) return ok(hot)
  const flat = flatInput(row, raw, tolerant)
  const parsed = inputOf(row, tolerant).safeParse(flat.values)
  if (parsed.success && flat.issues.length === 0) return ok(parsed.data)
  return invalid([...flat.issues, ...(parsed.success ? [] : issuesOf(parsed.error, flat.values))])
}
