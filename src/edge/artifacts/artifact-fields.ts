/** Responsible for the fields of an uploaded file: from the query, headers, and the text parts of a multipart body. */
import { type Operation, type Parsed, mediaTypeOf, operations } from '@modelreins/contract'
import { safeFilename } from '../../domain/artifact/filename.ts'
import { type Result, ok } from '../../domain/result.ts'
import { parseInput } from '../http/parse-input.ts'

export type ArtifactFields = Parsed<'artifacts.upload'>

/** The fields as received, by name. */
export type GivenFields = Readonly<Record<string, string>>

const row: Operation = operations['artifacts.upload']
export const fieldNames: readonly string[] = Object.keys(row.input.shape)
/** Headers as an alternative to query parameters: `X-Filename` (percent-encoded), `X-Job-Id`, ... */
const headerNames = fieldNames.filter((name) => name !== 'content_type').map((name) => [name, `x-${name.replaceAll('_', '-')}`] as const)

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

export function fieldsOfHeaders(headers: Headers): GivenFields {
  const given: Record<string, string> = {}
  for (const [name, header] of headerNames) {
    const value = headers.get(header)
    if (value !== null && value !== '') given[name] = name === 'filename' ? decoded(value) : value
  }
  return given
}

/** Converts an ISO 8601 time, with an offset or without one (then UTC), to the form of the contract. Other texts stay unchanged. */
function inUtc(text: string): string {
  const iso = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?(Z|[+-]\d\d:?\d\d)?$/i.exec(text.trim())
  if (iso === null) return text
  const zoned =
    iso[1] === undefined ? `${text.trim().replace(' ', 'T')}${text.trim().length > 10 ? 'Z' : ''}` : text.trim().replace(' ', 'T')
  const at = Date.parse(zoned)
  return Number.isNaN(at) ? text : new Date(at).toISOString()
}

/** Parses the fields by the contract's schema. An empty field counts as absent, because forms cannot omit fields. */
export function parseFields(given: GivenFields, tolerant: boolean): Result<ArtifactFields> {
  const body = Object.fromEntries(
    Object.entries(given)
      .filter(([, value]) => value.trim() !== '')
      .map(([name, value]) => [name, name === 'expires_at' ? inUtc(value) : name === 'filename' ? value : value.trim()]),
  )
  const parsed = parseInput(row, { path: {}, query: new URLSearchParams(), body, idempotencyKey: null }, tolerant)
  // The cast is safe: the row's own schema parsed this value.
  return parsed.ok ? ok(parsed.value as ArtifactFields) : parsed
}

const mediaType =
  /^[\w!#$&^.+-]{1,60}\/[\w!#$&^.+-]{1,60}(?:\s*;\s*[\w!#$&^.+-]{1,40}=(?:[\w!#$&^.+:/-]{1,60}|"[\x20\x21\x23-\x5b\x5d-\x7e]{0,60}"))*$/
/** The content type that tools such as curl send by default: it says nothing about the file. */
const unsaid = /^application\/x-www-form-urlencoded\b/i

export interface FileNaming {
  readonly filename: string
  readonly content_type: string
}

/** The name and type of a file: from the fields, else from the part or header; without a type, by the extension of the name. */
export function namingOf(
  fields: ArtifactFields,
  part: { readonly filename?: string | undefined; readonly contentType?: string | undefined },
): FileNaming {
  const filename = safeFilename(fields.filename ?? part.filename ?? '')
  const told = [fields.content_type, part.contentType]
    .map((one) => one?.trim() ?? '')
    .find((one) => mediaType.test(one) && !unsaid.test(one))
  return { filename, content_type: told ?? mediaTypeOf(filename) }
}
