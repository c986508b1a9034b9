/**
 * Responsible for what the deployed Worker does not carry: words and schemas of the contract's tables that only the reference, `openapi.json` (static
 * files) and other programs show, and the part of zod that writes JSON Schema. It says nothing about how the rest is bundled.
 */
import type { Plugin } from 'rolldown'
import { parseSync } from 'rolldown/utils'

/** Fields of a table's rows that no file of the Worker reads: `test/unit/tools/bundle/worker-bundle.test.ts` looks. */
export interface UnreadFields {
  readonly files: RegExp
  /** The call that makes a row, or the constant whose values are the rows. */
  readonly rows: string
  readonly fields: readonly string[]
}

export const unread: readonly UnreadFields[] = [
  { files: /contract\/src\/operations\/(?!row\.ts$)[a-z-]+\.ts$/, rows: 'operation', fields: ['summary', 'example', 'output'] },
  { files: /contract\/src\/problem\.ts$/, rows: 'problems', fields: ['help', 'exit'] },
  { files: /contract\/src\/tenant-event\.ts$/, rows: 'tenantEvents', fields: ['says'] },
]

/** The contract's, but for the tables of rows. */
const schemas = /\/contract\/src\/[a-z-]+\.ts$/

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

/** The object behind `as const` and `satisfies`. */
function bare(node: unknown): SyntaxNode | undefined {
  if (!isNode(node)) return undefined
  return node.type === 'TSAsExpression' || node.type === 'TSSatisfiesExpression' ? bare(field(node, 'expression')) : node
}

/** The objects that are rows: arguments of the call of that name, and values of the constant of that name. */
function rowsIn(path: string, text: string, name: string): readonly SyntaxNode[] {
  const found: SyntaxNode[] = []
  visit(parseSync(path, text).program as unknown as SyntaxNode, (node) => {
    if (node.type === 'CallExpression' && nameOf(field(node, 'callee')) === name) found.push(...nodes(field(node, 'arguments')))
    if (node.type !== 'VariableDeclarator' || nameOf(field(node, 'id')) !== name) return
    const table = bare(field(node, 'init'))
    if (table !== undefined) found.push(...nodes(field(table, 'properties')).flatMap((row) => bare(field(row, 'value')) ?? []))
  })
  return found
}

/** The text of a file of rows without the fields that the Worker does not read. */
export function withoutUnreadFields(path: string, text: string, { rows, fields }: Omit<UnreadFields, 'files'>): string {
  const cuts = rowsIn(path, text, rows).flatMap((row) =>
    nodes(field(row, 'properties')).flatMap((each, index, all) =>
      fields.includes(String(nameOf(field(each, 'key')))) ? [{ from: each.start, to: all[index + 1]?.start ?? row.end - 1 }] : [],
    ),
  )
  return cuts.toSorted((left, right) => right.from - left.from).reduce((kept, { from, to }) => kept.slice(0, from) + kept.slice(to), text)
}

/**
 * The text of a file of schemas with each of them made by a function that the bundler may drop: zod's own calls look to it as if they did something, so
 * that what only answers look like would stay.
 */
export function withDroppableSchemas(path: string, text: string): string {
  const program = parseSync(path, text).program as unknown as SyntaxNode
  const made = nodes(field(program, 'body')).flatMap((statement) => {
    const declared = statement.type === 'ExportNamedDeclaration' ? field(statement, 'declaration') : statement
    const found = isNode(declared) && declared.type === 'VariableDeclaration' ? nodes(field(declared, 'declarations')) : []
    return found.flatMap((each) => {
      const value = field(each, 'init')
      return isNode(value) && value.type === 'CallExpression' ? [value] : []
    })
  })
  return made
    .toSorted((left, right) => right.start - left.start)
    .reduce((kept, { start, end }) => `${kept.slice(0, start)}/* @__PURE__ */ (() => ${kept.slice(start, end)})()${kept.slice(end)}`, text)
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
    const table = unread.find(({ files }) => files.test(place))
    if (table !== undefined) return { code: withoutUnreadFields(path, text, table), map: null }
    if (schemas.test(place)) return { code: withDroppableSchemas(path, text), map: null }
    if (schemaWriters.test(place)) return { code: refusingExports(text), map: null }
    return null
  },
}
