/**
 * Responsible for what the deployed Worker does not carry: words and schemas of the operations table that only the reference and
 * `openapi.json` show (built as static files), and the part of zod that writes JSON Schema. It says nothing about how the rest is bundled.
 */
import type { Plugin } from 'rolldown'
import { parseSync } from 'rolldown/utils'

/** Fields of a row that no file of the Worker reads: `test/unit/tools/bundle.test.ts` looks. */
export const unreadFields: readonly string[] = ['summary', 'example', 'output']

const rowsOfOperations = /contract\/src\/operations\/(?!row\.ts$)[a-z-]+\.ts$/
const schemaWriters = /\/zod\/v4\/core\/(json-schema-processors|to-json-schema|json-schema-generator)\.js$/

interface SyntaxNode {
  readonly type: string
  readonly start: number
  readonly end: number
}

const isNode = (value: unknown): value is SyntaxNode => typeof value === 'object' && value !== null && 'type' in value && 'start' in value

const field = (node: SyntaxNode, name: string): unknown => Reflect.get(node, name)
const nodes = (value: unknown): readonly SyntaxNode[] => (Array.isArray(value) ? value.filter(isNode) : [])
const nameOf = (value: unknown): unknown => (isNode(value) ? field(value, 'name') : undefined)

function visit(node: SyntaxNode, see: (node: SyntaxNode) => void): void {
  see(node)
  for (const value of Object.values(node)) {
    if (isNode(value)) visit(value, see)
    else for (const each of nodes(value)) visit(each, see)
  }
}

/** The text of a file of rows without the fields that the Worker does not read. */
export function withoutUnreadFields(path: string, text: string): string {
  const cuts: { readonly from: number; readonly to: number }[] = []
  visit(parseSync(path, text).program as unknown as SyntaxNode, (node) => {
    if (node.type !== 'CallExpression' || nameOf(field(node, 'callee')) !== 'operation') return
    const [row] = nodes(field(node, 'arguments'))
    if (row === undefined) return
    const fields = nodes(field(row, 'properties'))
    for (const [index, each] of fields.entries()) {
      if (unreadFields.includes(String(nameOf(field(each, 'key')))))
        cuts.push({ from: each.start, to: fields[index + 1]?.start ?? row.end - 1 })
    }
  })
  return cuts.toSorted((left, right) => right.from - left.from).reduce((kept, { from, to }) => kept.slice(0, from) + kept.slice(to), text)
}

/** Exports of the same names: made once per schema when named `create...`, called never. */
function refusingExports(text: string): string {
  const names = [...text.matchAll(/^export (?:const|function|class) (\w+)/gm)].map(([, name]) => name ?? '')
  return [
    `const refuse = () => { throw new Error('The Worker carries no writer of JSON Schema: tools/bundle/left-out.ts') }`,
    ...names.map((name) => `export const ${name} = ${name.startsWith('create') ? '() => refuse' : 'refuse'}`),
  ].join('\n')
}

export const leftOut: Plugin = {
  name: 'left-out-of-the-worker',
  transform(text, path) {
    const place = path.replaceAll('\\', '/')
    if (rowsOfOperations.test(place)) return { code: withoutUnreadFields(path, text), map: null }
    if (schemaWriters.test(place)) return { code: refusingExports(text), map: null }
    return null
  },
}
