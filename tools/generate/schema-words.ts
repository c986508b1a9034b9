/** Responsible for describing a JSON schema in a few words for a table cell. */
import * as z from 'zod'

export interface FieldWords {
  readonly name: string
  readonly type: string
  readonly required: boolean
}

type Schema = Readonly<Record<string, unknown>>

const isSchema = (value: unknown): value is Schema => typeof value === 'object' && value !== null && !Array.isArray(value)

function bounds(schema: Schema, noun: string): string {
  const low = schema['minimum'] ?? schema['minLength'] ?? schema['minItems']
  const high = schema['maximum'] ?? schema['maxLength'] ?? schema['maxItems']
  const above = schema['exclusiveMinimum']
  const unbounded = high === undefined || high === Number.MAX_SAFE_INTEGER
  if (above !== undefined && !unbounded) return `, above ${String(above)} to ${String(high)}${noun}`
  if (low !== undefined && !unbounded) return low === high ? `, ${String(low)}${noun}` : `, ${String(low)} to ${String(high)}${noun}`
  if (!unbounded) return `, at most ${String(high)}${noun}`
  return low === undefined || low === -Number.MAX_SAFE_INTEGER ? '' : `, at least ${String(low)}${noun}`
}

/** A schema in words: `integer, 1 to 200`, `one of a, b`, `list of text`. `definitions`: the targets of `$ref`. */
export function words(schema: unknown, definitions: Schema): string {
  if (!isSchema(schema)) return 'anything'
  const reference = schema['$ref']
  if (typeof reference === 'string') {
    const name = reference.split('/').at(-1) ?? ''
    return name.startsWith('__') ? words(definitions[name], definitions) : name
  }
  if ('const' in schema) return `\`${JSON.stringify(schema['const'])}\``
  if (Array.isArray(schema['enum'])) return `one of ${schema['enum'].map((value) => `\`${String(value)}\``).join(', ')}`
  const choices = schema['anyOf'] ?? schema['oneOf']
  if (Array.isArray(choices)) {
    // zod writes "any JSON value" as a union of all types.
    if (choices.length >= 6) return 'any JSON'
    return [...new Set(choices.map((choice) => words(choice, definitions)))].join(' or ')
  }
  switch (schema['type']) {
    case 'string':
      return schema['format'] === 'date-time' ? 'time (ISO 8601, UTC)' : `text${bounds(schema, ' characters')}`
    case 'integer':
    case 'number':
      return `${schema['type']}${bounds(schema, '')}`
    case 'boolean':
      return 'true or false'
    case 'null':
      return 'null'
    case 'array':
      return `list of ${words(schema['items'], definitions)}${bounds(schema, ' entries')}`
    case 'object':
      return objectWords(schema)
    default:
      return 'anything'
  }
}

function objectWords(schema: Schema): string {
  const properties = schema['properties']
  if (!isSchema(properties)) return 'object'
  return `{${Object.keys(properties)
    .map((name) => `\`${name}\``)
    .join(', ')}}`
}

/** The fields of a flat input, with the names that callers use. */
export function fieldsOf(input: z.ZodType): readonly FieldWords[] {
  const document: unknown = z.toJSONSchema(input, { io: 'input', unrepresentable: 'any' })
  if (!isSchema(document)) return []
  const definitions = isSchema(document['$defs']) ? document['$defs'] : {}
  const reference = document['$ref']
  const whole = typeof reference === 'string' ? definitions[reference.split('/').at(-1) ?? ''] : document
  if (!isSchema(whole) || !isSchema(whole['properties'])) return []
  const required = Array.isArray(whole['required']) ? whole['required'] : []
  return Object.entries(whole['properties']).map(([name, schema]) => ({
    name,
    type: words(schema, definitions),
    required: required.includes(name),
  }))
}

/** The answer in words: its name when the contract has one, else its fields. */
export function answerWords(output: z.ZodType): string {
  const document: unknown = z.toJSONSchema(output, { io: 'output', unrepresentable: 'any' })
  if (!isSchema(document)) return 'anything'
  const definitions = isSchema(document['$defs']) ? document['$defs'] : {}
  return words(document, definitions)
}
