/** Responsible for converting JSON schemas to Python types, and for the classes that answers need. */
import * as z from 'zod'

export type Schema = Readonly<Record<string, unknown>>

/** A class of the Python SDK: an answer, or a part of one. */
export interface Model {
  readonly name: string
  readonly fields: readonly {
    readonly name: string
    readonly type: string
    readonly nested: string | undefined
    readonly optional: boolean
  }[]
}

export const isSchema = (value: unknown): value is Schema => typeof value === 'object' && value !== null && !Array.isArray(value)

export const camel = (text: string): string => text.replaceAll(/(?:^|[_.])([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())

export const documentOf = (schema: z.ZodType, io: 'input' | 'output'): Schema => {
  const document: unknown = z.toJSONSchema(schema, { io, unrepresentable: 'any' })
  return isSchema(document) ? document : {}
}

/** A type, and the class that its values (or the entries of a list of it) are converted to. */
export interface PythonType {
  readonly text: string
  readonly nested?: string | undefined
}

const anything: PythonType = { text: 'Any' }
const text = (value: unknown): string => JSON.stringify(value)

/** Collects the classes that the types of answers need. */
export class Models {
  readonly #models = new Map<string, Model>()
  /** Class names of inline objects, by shape: equal shapes share one class. */
  readonly #names = new Map<string, string>()

  /** Assigns a name to a shape that has none of its own. */
  call(name: string, schema: z.ZodType): void {
    const { $schema: _, $defs: __, ...shape } = documentOf(schema, 'output')
    this.#names.set(JSON.stringify(shape), name)
  }

  all(): readonly Model[] {
    return [...this.#models.values()]
  }

  /** The type of a schema; `hint` names the class of an object that has no name. */
  typeOf(schema: unknown, definitions: Schema, hint: string): PythonType {
    if (!isSchema(schema)) return anything
    const reference = schema['$ref']
    if (typeof reference === 'string') {
      const name = reference.split('/').at(-1) ?? ''
      return this.typeOf(definitions[name], definitions, name.startsWith('__') ? hint : name)
    }
    if ('const' in schema) return { text: schema['const'] === true ? 'bool' : `Literal[${text(schema['const'])}]` }
    if (Array.isArray(schema['enum'])) return { text: `Literal[${schema['enum'].map(text).join(', ')}]` }
    const choices = schema['anyOf'] ?? schema['oneOf']
    if (Array.isArray(choices)) {
      // zod writes "any JSON value" as a union of all types.
      if (choices.length >= 6) return anything
      return union(choices.map((choice) => this.typeOf(choice, definitions, hint)))
    }
    const kind = schema['type']
    if (Array.isArray(kind)) return union(kind.map((one) => this.typeOf({ ...schema, type: one }, definitions, hint)))
    switch (kind) {
      case 'string':
        return { text: 'str' }
      case 'integer':
        return { text: 'int' }
      case 'number':
        return { text: 'float' }
      case 'boolean':
        return { text: 'bool' }
      case 'null':
        return { text: 'None' }
      case 'array': {
        const item = this.typeOf(schema['items'], definitions, hint)
        return { text: `List[${item.text}]`, nested: item.nested }
      }
      case 'object':
        return this.#objectType(schema, definitions, hint)
      default:
        return anything
    }
  }

  #objectType(schema: Schema, definitions: Schema, hint: string): PythonType {
    const properties = schema['properties']
    if (!isSchema(properties)) return { text: `Dict[str, ${this.typeOf(schema['additionalProperties'], definitions, hint).text}]` }
    const shape = JSON.stringify(schema)
    const name = this.#names.get(shape) ?? hint
    if (!this.#models.has(name)) {
      this.#names.set(shape, name)
      const required = Array.isArray(schema['required']) ? schema['required'] : []
      // Computed before the class is added: classes that its fields need must be defined first.
      const fields = Object.entries(properties).map(([field, value]) => {
        const type = this.typeOf(value, definitions, `${name}${camel(field)}`)
        return { name: field, type: type.text, nested: type.nested, optional: !required.includes(field) }
      })
      this.#models.set(name, { name, fields })
    }
    return { text: name, nested: name }
  }
}

function union(types: readonly PythonType[]): PythonType {
  const texts = [...new Set(types.map((type) => type.text))]
  const nested = types.find((type) => type.nested !== undefined)?.nested
  if (texts.includes('Any')) return anything
  const rest = texts.filter((one) => one !== 'None')
  const inner = rest.length === 1 ? (rest[0] ?? 'Any') : `Union[${rest.join(', ')}]`
  return { text: rest.length < texts.length ? `Optional[${inner}]` : inner, nested }
}
