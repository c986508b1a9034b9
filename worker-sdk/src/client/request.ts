/** Responsible for turning an operation and its input into an HTTP request, from the operations table alone. */
import { inputOf, issueInWords, issuesOf, operations, type Operation, type OperationId } from '@modelreins/contract'
import { ModelReinsError } from './error.ts'

export interface WireRequest {
  readonly method: string
  /** Path and query, to be appended to the server's address. */
  readonly path: string
  readonly body: string | undefined
}

export const rowOf = (id: OperationId): Operation => operations[id]

/** Validates the input with the table's schema and builds the request; throws `invalid-request` with every issue. */
export function wireRequest(id: OperationId, input: unknown): WireRequest {
  const row = rowOf(id)
  const parsed = inputOf(row, false).safeParse(input ?? {})
  if (!parsed.success) {
    const issues = issuesOf(parsed.error, input ?? {})
    throw new ModelReinsError(`${id}: ${issues.map(issueInWords).join('; ')}`, {
      code: 'invalid-request',
      status: 0,
      issues,
    })
  }
  const rest = new Map<string, unknown>(Object.entries(parsed.data))
  const path = row.path.replaceAll(/:([a-z_]+)/g, (_, name: string) => {
    const value = rest.get(name)
    rest.delete(name)
    return encodeURIComponent(String(value))
  })
  if (row.body === 'raw' || row.method === 'GET' || row.method === 'DELETE')
    return { method: row.method, path: path + queryText(rest), body: undefined }
  return { method: row.method, path, body: JSON.stringify(Object.fromEntries(rest)) }
}

function queryText(fields: ReadonlyMap<string, unknown>): string {
  const query = new URLSearchParams()
  for (const [name, value] of fields) {
    if (value === undefined || value === null) continue
    query.set(name, Array.isArray(value) ? value.join(',') : String(value))
  }
  const text = query.toString()
  return text === '' ? '' : `?${text}`
}
