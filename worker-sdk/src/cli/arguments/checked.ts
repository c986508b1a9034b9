/** Responsible for checking command line input with the contract's schema, and for reporting errors by the names of flags and arguments. */
import { issueInWords, issuesOf } from '@modelreins/contract'
import type * as z from 'zod'
import { UsageError } from './usage-error.ts'

export interface Naming {
  /** The name of a field on the command line, by its path; default: `--limit` for `limit`. */
  readonly name?: (path: string) => string
  readonly hint?: string
}

const flagOf = (path: string): string => `--${path.replaceAll('_', '-')}`

/** Removes the fields that no flag or argument sets. */
export const given = (fields: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))

/** The parsed value; undefined fields are left out. Throws `UsageError` with every issue. */
export function checked<Schema extends z.ZodType>(
  schema: Schema,
  fields: Readonly<Record<string, unknown>>,
  { name = flagOf, hint }: Naming = {},
): z.output<Schema> {
  const said = given(fields)
  const parsed = schema.safeParse(said)
  if (parsed.success) return parsed.data
  const lines = issuesOf(parsed.error, said).map(({ path, message }) => issueInWords({ path: path === '' ? '' : name(path), message }))
  throw new UsageError(lines.join('\n  '), hint)
}
