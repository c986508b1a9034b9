/** Responsible for reading one line of an export: what it says, and the very value it was, which hashes are over. */
import { auditExportLine, type AuditExportLine } from '@modelreins/contract'

export interface ParsedLine {
  /** Undefined: JSON, but nothing that an export holds. */
  readonly line: AuditExportLine | undefined
  /** With every field it has, also those that nobody knows: a row's hash is over all of them. */
  readonly raw: Readonly<Record<string, unknown>>
}

/** Undefined when it is no JSON object. */
export function parseLine(text: string): ParsedLine | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof value !== 'object' || value === null) return undefined
  const parsed = auditExportLine.safeParse(value)
  return { line: parsed.success ? parsed.data : undefined, raw: Object.fromEntries(Object.entries(value)) }
}
