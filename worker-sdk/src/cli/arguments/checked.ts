/** Responsible for checking what a command line says by the contract's own schema, and for telling what is wrong in the words of the command line. */
import { issueInWords, issuesOf } from '@modelreins/contract'
import type * as z from 'zod'
import { UsageError } from './usage-error.ts'

export interface Naming {
  /** What the command line calls a field, by its path: `--limit` for `limit` unless said otherwise. */
  readonly name?: (path: string) => string
  readonly hint?: string
}

const flagOf = (path: string): string => `--${path.replaceAll('_', '-')}`

/** Without the fields that no flag or argument names. */
export const given = (fields: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))

/** The parsed value; fields that are undefined are left out. Throws `UsageError` with every issue. */
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
