/**
 * Responsible for leaving out of the bundles what the tables of operations and events say for readers alone: summaries and examples are in
 * the reference and in openapi.json, and no code of the package reads them.
 */
import type { Plugin } from 'rolldown'
import { parseAst } from 'rolldown/parseAst'

const tables = /[\\/]contract[\\/]src[\\/](?:operations[\\/][\w-]+|tenant-event)\.ts$/
const forReaders = new Set(['summary', 'example', 'says'])

/** Where properties of these names begin and end in the source, the comma behind them included. */
function rangesIn(node: unknown, code: string): readonly (readonly [number, number])[] {
  if (typeof node !== 'object' || node === null) return []
  if (Array.isArray(node)) return node.flatMap((one) => rangesIn(one, code))
  const { type, key, start, end } = node as { type?: string; key?: { name?: string }; start?: number; end?: number }
  if (type === 'Property' && forReaders.has(key?.name ?? '') && start !== undefined && end !== undefined) {
    return [[start, end + (/^\s*,/.exec(code.slice(end))?.[0].length ?? 0)]]
  }
  return Object.values(node).flatMap((one) => rangesIn(one, code))
}

export const withoutDescriptions: Plugin = {
  name: 'without-descriptions',
  transform: {
    filter: { id: tables },
    handler: (code) => {
      let rest = code
      for (const [start, end] of rangesIn(parseAst(code, { lang: 'ts' }), code).toReversed()) rest = rest.slice(0, start) + rest.slice(end)
      return { code: rest, map: null }
    },
  },
}
