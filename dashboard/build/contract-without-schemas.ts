/**
 * Responsible for the contract as the dashboard's first load needs it: the table of operations and the constants, without zod. The server
 * checks every call by the same table, so that a schema in the page would be 25 KiB for a second opinion.
 */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import * as contract from '@modelreins/contract'
import type { Plugin } from 'vite'

const name = '@modelreins/contract'
const resolved = `\0${name}`

/** Modules of the contract that import none with schemas: they are taken as they are. */
const files = [
  'byte-length.ts',
  'canonical-json.ts',
  'digest-words.ts',
  'limits.ts',
  'media-type.ts',
  'scope.ts',
  'signed-decision-text.ts',
  'special-addresses.ts',
  'view-url.ts',
]
const bare = files.map((file) => fileURLToPath(import.meta.resolve(`${name}/source/${file}`)))

/** Their exports, by the words that export them. */
const bareNames = bare.flatMap((path) =>
  [...readFileSync(path, 'utf8').matchAll(/^export (?:const|function|class) (\w+)/gm)].map((match) => match[1] ?? ''),
)

const isSchema = (value: unknown): boolean => typeof value === 'object' && value !== null && 'safeParse' in value
const isData = (value: unknown): boolean => {
  const text = JSON.stringify(value)
  return text !== undefined && typeof value !== 'function' && !isSchema(value)
}

/** Words for people and servers, which the client does not read. */
const leftOut = new Set(['summary', 'example', 'problems', 'aliases', 'seedPaths', 'status', 'tool', 'by'])

/** Every field of a row as it is; `input` and `output` let pass what they are given. */
function rowsText(): string {
  const rows = Object.entries(contract.operations).map(([id, row]) => {
    const data = Object.fromEntries(Object.entries(row).filter(([name, value]) => !leftOut.has(name) && isData(value)))
    return `${JSON.stringify(id)}: { ...${JSON.stringify(data)}, input: open, output: open }`
  })
  return `{ ${rows.join(',\n')} }`
}

/** The module's text: constants as JSON, every schema as one that lets pass what it is given. */
export function contractText(): string {
  const exported = Object.entries(contract)
  // What a bare module exports is not written down a second time: it would hide the original.
  const named = new Set(['operations', 'operationIds', 'limits', 'scopes', ...bareNames])
  const constants = exported
    .filter(([key, value]) => !named.has(key) && isData(value))
    .map(([key, value]) => `export const ${key} = ${JSON.stringify(value)}`)
  // Small spellings, such as what a signature is over: each stands on its own and is taken word for word.
  const functions = exported
    .filter(([key, value]) => !named.has(key) && typeof value === 'function')
    .map(([key, value]) => `export const ${key} = ${String(value)}`)
  const schemas = exported.filter(([, value]) => isSchema(value)).map(([key]) => `export const ${key} = open`)
  return [
    ...bare.map((path) => `export * from ${JSON.stringify(path)}`),
    'const open = { safeParse: (data) => ({ success: true, data }), parse: (data) => data }',
    `export const operations = ${rowsText()}`,
    'export const operationIds = Object.keys(operations)',
    ...constants,
    ...functions,
    ...schemas,
  ].join('\n')
}

export const contractWithoutSchemas: Plugin = {
  name: 'contract-without-schemas',
  enforce: 'pre',
  resolveId: (source) => (source === name ? resolved : undefined),
  load: (id) => (id === resolved ? { code: contractText(), moduleSideEffects: false } : undefined),
}
