/**
 * Responsible for converting the contract's zod schemas to the components of one OpenAPI document. For each schema zod collects named and recursive
 * parts in `$defs`; here they are merged into one set.
 */
import * as z from 'zod'

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }
export type JsonObject = { readonly [key: string]: Json }
export type Side = 'input' | 'output'

const isObject = (value: Json | undefined): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value)

/** Removes what zod adds for its own use, and what clients must not rely on. */
function tidy(schema: z.core.JSONSchema.BaseSchema, side: Side): void {
  delete schema.id
  // A date's pattern has 300 characters, and `format` expresses the same.
  if (schema.format === 'date-time') delete schema.pattern
  if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum
  // Our clients ignore unknown fields of an answer, so that fields can be added later.
  if (side === 'output' && schema.additionalProperties === false) delete schema.additionalProperties
}

/** The value with every reference to one of `names` changed to the part's new location. */
function renamed(value: Json, names: ReadonlyMap<string, string>): Json {
  if (Array.isArray(value)) return value.map((item) => renamed(item, names))
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      const local = key === '$ref' && typeof inner === 'string' ? /^#\/\$defs\/(.+)$/.exec(inner)?.[1] : undefined
      const name = local === undefined ? undefined : names.get(local)
      return [key, name === undefined ? renamed(inner, names) : `#/components/schemas/${name}`]
    }),
  )
}

export class SchemaBook {
  readonly #components = new Map<string, JsonObject>()

  /** The JSON Schema of the input or output side, with its named parts moved to the components. */
  schema(type: z.ZodType, side: Side): JsonObject {
    const made: unknown = z.toJSONSchema(type, { io: side, unrepresentable: 'any', override: ({ jsonSchema }) => tidy(jsonSchema, side) })
    // Converted through text, because the type of zod's result is not a JSON type.
    const whole: Json = JSON.parse(JSON.stringify(made))
    if (!isObject(whole)) return {}
    const { $defs, $schema: _dialect, ...own } = whole
    const parts = isObject($defs) ? $defs : {}
    const names = this.#name(parts, side)
    for (const [local, name] of names) this.#components.set(name, this.#moved(parts[local], names))
    return this.#moved(own, names)
  }

  /** All components so far, by name. */
  components(): JsonObject {
    return Object.fromEntries([...this.#components].toSorted(([left], [right]) => (left < right ? -1 : 1)))
  }

  #moved(value: Json | undefined, names: ReadonlyMap<string, string>): JsonObject {
    const moved = renamed(value ?? {}, names)
    return isObject(moved) ? moved : {}
  }

  #name(parts: JsonObject, side: Side): ReadonlyMap<string, string> {
    const names = new Map<string, string>()
    // The only recursive type without an id is the JSON value.
    for (const local of Object.keys(parts)) names.set(local, local.startsWith('__schema') ? 'JsonValue' : local)
    for (const local of Object.keys(parts)) {
      const name = names.get(local) ?? local
      names.set(local, this.#free(name, this.#moved(parts[local], names), side))
    }
    return names
  }

  /** A type may have different schemas for input and output: then the input one is called `...Input`. */
  #free(name: string, body: JsonObject, side: Side): string {
    const there = this.#components.get(name)
    return there === undefined || side === 'output' || JSON.stringify(there) === JSON.stringify(body) ? name : `${name}Input`
  }
}
