/**
 * Responsible for what is removed from the deployed Worker: texts and schemas of the contract's tables that only the reference, `openapi.json`
 * (static files) and other programs need, and unused parts of libraries. The rest of the bundling is in worker-bundle.ts.
 */
import type { Plugin } from 'rolldown'
import { parseSync } from 'rolldown/utils'

/** Fields of a table's rows that no file of the Worker reads; `test/unit/tools/bundle/worker-bundle.test.ts` checks this. */
export interface UnreadFields {
  readonly files: RegExp
  /** The function whose calls make the rows, or the constant whose values are the rows. */
  readonly rows: string
  readonly fields: readonly string[]
}

export const unread: readonly UnreadFields[] = [
  {
    files: /contract\/src\/operations\/(?!row\.ts$)[a-z-]+\.ts$/,
    rows: 'operation',
    fields: ['summary', 'example', 'output', 'problems', 'tool', 'produces', 'held', 'by'],
  },
  { files: /contract\/src\/problem\.ts$/, rows: 'problems', fields: ['help', 'exit'] },
  { files: /contract\/src\/tenant-event\.ts$/, rows: 'tenantEvents', fields: ['says'] },
]

/** A setting's arguments after its schema and its default are texts for people. */
const settings = { file: /contract\/src\/settings\.ts$/, read: 2 }
/** All files of the contract. */
const contract = /\/contract\/src\/.*\.ts$/
/** The files of the contract with schemas, without the tables of rows. */
const schemas = /\/contract\/src\/[a-z-]+\.ts$/

/**
 * Modules of libraries that the Worker never calls: zod's writer of JSON Schema, and drizzle's relations, which only a database with a `schema` uses.
 */
const uncalled =
  /\/zod\/v4\/core\/(json-schema-processors|to-json-schema|json-schema-generator)\.js$|\/drizzle-orm\/(relations|sqlite-core\/query-builders\/query)\.js$/

/** zod's own messages for issues. `contract/src/issue-words.ts` replaces them: it recognises them by their beginning. */
const words = /\/zod\/v4\/locales\/en\.js$/
const noWords = `export default () => ({ localeError: () => 'Invalid input' })`

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

/** The expression inside `as const` and `satisfies`. */
function bare(node: unknown): SyntaxNode | undefined {
  if (!isNode(node)) return undefined
  return node.type === 'TSAsExpression' || node.type === 'TSSatisfiesExpression' ? bare(field(node, 'expression')) : node
}

/** The objects that are rows: arguments of calls of this name, and values of the constant of this name. */
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

interface Cut {
  readonly from: number
  readonly to: number
}

const without = (text: string, cuts: readonly Cut[]): string =>
  cuts.toSorted((left, right) => right.from - left.from).reduce((kept, { from, to }) => kept.slice(0, from) + kept.slice(to), text)

/** The text of a file with rows, without the fields that the Worker does not read. */
export function withoutUnreadFields(path: string, text: string, { rows, fields }: Omit<UnreadFields, 'files'>): string {
  const cuts = rowsIn(path, text, rows).flatMap((row) =>
    nodes(field(row, 'properties')).flatMap((each, index, all) =>
      fields.includes(String(nameOf(field(each, 'key')))) ? [{ from: each.start, to: all[index + 1]?.start ?? row.end - 1 }] : [],
    ),
  )
  return without(text, cuts)
}

/**
 * The text of a file with schemas, each wrapped in a function that the bundler may drop. The bundler assumes that zod's own calls have side effects,
 * so unused schemas of answers would stay in the bundle.
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

function calls(path: string, text: string): readonly SyntaxNode[] {
  const found: SyntaxNode[] = []
  visit(parseSync(path, text).program as unknown as SyntaxNode, (node) => {
    if (node.type === 'CallExpression') found.push(node)
  })
  return found
}

/** The text with the calls of this name reduced to their first `read` arguments. */
export function withoutArguments(path: string, text: string, name: string, read: number): string {
  const cuts = calls(path, text).flatMap((call) => {
    const given = nodes(field(call, 'arguments'))
    const [last, end] = [given[read - 1], given.at(-1)]
    return nameOf(field(call, 'callee')) === name && last !== undefined && end !== undefined && given.length > read
      ? [{ from: last.end, to: end.end }]
      : []
  })
  return without(text, cuts)
}

/** The text without the schema names for openapi.json: `schema.meta({ id })` becomes the schema itself. */
export function withoutNamesOfSchemas(path: string, text: string): string {
  const cuts = calls(path, text).flatMap((call) => {
    const callee = field(call, 'callee')
    if (!isNode(callee) || callee.type !== 'MemberExpression' || nameOf(field(callee, 'property')) !== 'meta') return []
    const schema = field(callee, 'object')
    return isNode(schema) ? [{ from: schema.end, to: call.end }] : []
  })
  return without(text, cuts)
}

/**
 * A module with the same export names. Exports named `create...` are called once per schema; what they return, and all other exports, are never
 * called.
 */
export function refusingExports(text: string): string {
  const declared = [...text.matchAll(/^export (?:const|function|class) (\w+)/gm)].map(([, name]) => name ?? '')
  const listed = [...text.matchAll(/^export \{([^}]*)\}/gm)].flatMap(([, names = '']) =>
    names.split(',').flatMap((each) => /\w+(?=\s*$)/.exec(each)?.[0] ?? []),
  )
  const isMaker = (name: string): boolean => declared.includes(name) && name.startsWith('create')
  return [
    `function refuse() { throw new Error('The Worker does not carry this part of the library: tools/bundle/left-out.ts') }`,
    `function maker() { return refuse }`,
    `export { ${[...new Set([...declared, ...listed])].map((name) => `${isMaker(name) ? 'maker' : 'refuse'} as ${name}`).join(', ')} }`,
  ].join('\n')
}

export const leftOut: Plugin = {
  name: 'left-out-of-the-worker',
  transform(text, path) {
    const place = path.replaceAll('\\', '/')
    if (contract.test(place)) {
      const table = unread.find(({ files }) => files.test(place))
      const rows = table === undefined ? text : withoutUnreadFields(path, text, table)
      const read = settings.file.test(place) ? withoutArguments(path, rows, 'row', settings.read) : rows
      const unnamed = withoutNamesOfSchemas(path, read)
      return { code: table === undefined && schemas.test(place) ? withDroppableSchemas(path, unnamed) : unnamed, map: null }
    }
    if (words.test(place)) return { code: noWords, map: null }
    if (uncalled.test(place)) return { code: refusingExports(text), map: null }
    return null
  },
}
