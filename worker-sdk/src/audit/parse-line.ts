/** Responsible for parsing one line of an export: its typed form, and the original value that hashes are computed over. */
import { auditExportLine, type AuditExportLine } from '@modelreins/contract'

export interface ParsedLine {
  /** Undefined: the line is JSON, but not a line that an export can have. */
  readonly line: AuditExportLine | undefined
  /** All fields, including unknown ones, because a row's hash covers all of them. */
  readonly raw: Readonly<Record<string, unknown>>
}

/** Undefined when the text is not a JSON object. */
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
