/**
 * Responsible for writing one operational event as one line of JSON. It never throws and knows no event. Callers pass ids and codes, never a token, a
 * prompt, a result or a body.
 */
export type LogField = string | number | boolean | null | undefined
export type LogLevel = 'info' | 'warn' | 'error'

/** Writes `{level, event, ...fields}`; undefined fields are left out. */
export function logLine(level: LogLevel, event: string, fields: Readonly<Record<string, LogField>>): void {
  console[level](JSON.stringify({ level, event, ...fields }))
}
