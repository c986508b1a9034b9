/** Responsible for `DEBUG=modelreins:*`: messages about the worker's loops on stderr, without prompts, output or tokens. */
import { stderr } from 'node:process'

export type Debug = (message: string) => void

/** A logger for one part. It is silent unless `selection` (the DEBUG variable) names the part; `*` matches anything, a leading `-` excludes. */
export function debugFor(
  part: string,
  selection: string | undefined,
  write: (line: string) => void = (line) => void stderr.write(line),
): Debug {
  const name = `modelreins:${part}`
  const rules = (selection ?? '').split(/[\s,]+/).filter((rule) => rule !== '')
  const matches = (rule: string): boolean =>
    new RegExp(`^${rule.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`).replaceAll('*', '.*')}$`).test(name)
  const wanted =
    rules.some((rule) => !rule.startsWith('-') && matches(rule)) && !rules.some((rule) => rule.startsWith('-') && matches(rule.slice(1)))
  if (!wanted) return () => undefined
  return (message) => write(`${new Date().toISOString()} ${name} ${message}\n`)
}
