/**
 * Responsible for breaking the lines of minified code: Node prints the whole line that an uncaught error was thrown from, and a line
 * of tens of kilobytes would bury the message. It adds line feeds between tokens and changes nothing else.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseAst } from 'rolldown/parseAst'

/** A line is broken at the first place behind this many characters. */
const lineLength = 160

/** Starts of nodes right behind `,`, `;` or `{`: no rule of automatic semicolons sees a line feed there. */
function breakable(code: string): readonly number[] {
  const starts = new Set<number>()
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    // Text of a template, where a line feed would be text.
    if ('type' in value && value.type === 'TemplateElement') return
    if ('start' in value && typeof value.start === 'number' && ',;{'.includes(code[value.start - 1] ?? '.')) starts.add(value.start)
    for (const child of Object.values(value)) visit(child)
  }
  visit(parseAst(code))
  return [...starts].sort((one, other) => one - other)
}

export function withShortLines(code: string): string {
  const parts: string[] = []
  let from = 0
  let lineStart = 0
  for (const at of breakable(code)) {
    lineStart = Math.max(lineStart, code.lastIndexOf('\n', at - 1) + 1)
    if (at - lineStart < lineLength) continue
    parts.push(code.slice(from, at))
    from = at
    lineStart = at
  }
  return [...parts, code.slice(from)].join('\n')
}

export function shortenLines(folder: string): void {
  for (const entry of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!entry.endsWith('.js')) continue
    const path = join(folder, entry)
    writeFileSync(path, withShortLines(readFileSync(path, 'utf8')))
  }
}
