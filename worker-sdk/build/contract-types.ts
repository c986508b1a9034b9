/** Responsible for spelling the contract's schemas as plain TypeScript types. It knows the contract and JSON Schema, no file. */
import * as contract from '@modelreins/contract'
import * as z from 'zod'

const { operations } = contract

interface Schema {
  readonly $ref?: string
  readonly $defs?: Readonly<Record<string, Schema>>
  readonly type?: string | readonly string[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly allOf?: readonly Schema[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: Schema | boolean
  readonly items?: Schema
}

/** Schemas that the table mentions by their id, spelled once. */
class Speller {
  readonly named = new Map<string, string>()

  type(schema: z.ZodType, io: 'input' | 'output'): string {
    const json = z.toJSONSchema(schema, { io, unrepresentable: 'any', reused: 'inline' }) as Schema
    for (const [id, def] of Object.entries(json.$defs ?? {})) {
      if (id.startsWith('__')) continue
      if (!this.named.has(id)) {
        this.named.set(id, '')
        this.named.set(id, this.spell(def))
      }
    }
    return this.spell(json)
  }

  spell(schema: Schema): string {
    if (schema.$ref !== undefined) {
      const id = schema.$ref.replace('#/$defs/', '')
      // The only schema that refers to itself is zod's JSON value.
      return id.startsWith('__') || id === '#' ? 'JsonValue' : id
    }
    if (schema.const !== undefined) return JSON.stringify(schema.const)
    if (schema.enum !== undefined) return schema.enum.map((value) => JSON.stringify(value)).join(' | ')
    const union = schema.anyOf ?? schema.oneOf
    if (union !== undefined) return [...new Set(union.map((part) => this.spell(part)))].join(' | ')
    if (schema.allOf !== undefined) return schema.allOf.map((part) => `(${this.spell(part)})`).join(' & ')
    if (typeof schema.type === 'object') return schema.type.map((type) => this.spell({ ...schema, type })).join(' | ')
    if (schema.type === 'integer') return 'number'
    if (schema.type === 'array') return `(${this.spell(schema.items ?? {})})[]`
    if (schema.type === 'object') return this.object(schema)
    return schema.type ?? 'unknown'
  }

  object(schema: Schema): string {
    const fields = Object.entries(schema.properties ?? {}).map(
      ([name, field]) => `${name}${schema.required?.includes(name) === true ? '' : '?'}: ${this.spell(field)}`,
    )
    if (fields.length > 0) return `{ ${fields.join('; ')} }`
    const values = schema.additionalProperties
    return typeof values === 'object' ? `{ [key: string]: ${this.spell(values)} }` : 'Record<string, never>'
  }
}

/** By the contract's habit the type `Job` is what the schema `job` says. */
function schemaNamed(name: string): z.ZodType {
  const schema = new Map<string, unknown>(Object.entries(contract)).get(name.charAt(0).toLowerCase() + name.slice(1))
  if (!(schema instanceof z.ZodType)) throw new Error(`The contract has no schema for the public type ${name}`)
  return schema
}

/** A module that declares the operations, and the types that the public declarations import by name. */
export function contractTypes(names: ReadonlySet<string>): string {
  const speller = new Speller()
  const rows = Object.entries(operations).map(([id, row]) => ({
    id: JSON.stringify(id),
    input: speller.type(row.input, 'input'),
    output: speller.type(row.output, 'output'),
    row: 'produces' in row ? `{ readonly produces: ${JSON.stringify(row.produces)} }` : '{}',
  }))
  const own: Readonly<Record<string, string>> = {
    OperationId: 'export type OperationId = keyof Inputs',
    Operations: `export interface Operations {\n${rows.map(({ id, row }) => `  ${id}: ${row}`).join('\n')}\n}`,
    Input: 'export type Input<Id extends OperationId> = Inputs[Id]',
    Output: 'export type Output<Id extends OperationId> = Outputs[Id]',
    ProblemCode: `export type ProblemCode = ${contract.problemCodes.map((code) => JSON.stringify(code)).join(' | ')}`,
    Issue: `export interface Issue ${speller.type(contract.issueSchema, 'output')}`,
  }
  const wanted = [...names]
    .filter((name) => !Object.hasOwn(own, name))
    .map((name) => ({ name, type: speller.type(schemaNamed(name), 'output') }))
  const aliases = wanted.filter(({ name, type }) => name !== type && !speller.named.has(name))
  return [
    '/** What travels between programs, as plain types; made from the operations table. */',
    'export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue }',
    ...Object.values(own),
    `export interface Inputs {\n${rows.map(({ id, input }) => `  ${id}: ${input}`).join('\n')}\n}`,
    `export interface Outputs {\n${rows.map(({ id, output }) => `  ${id}: ${output}`).join('\n')}\n}`,
    ...[...speller.named].map(([id, type]) => `export type ${id} = ${type}`),
    ...aliases.map(({ name, type }) => `export type ${name} = ${type}`),
    '',
  ].join('\n')
}
