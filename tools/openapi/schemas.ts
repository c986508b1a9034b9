/**
 * Responsible for turning the contract's zod schemas into the components of one OpenAPI document. zod names what carries an id and what repeats
 * itself in `$defs` of each schema; here they become one set for all.
 */
import * as z from 'zod'

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }
export type JsonObject = { readonly [key: string]: Json }
export type Side = 'input' | 'output'

const isObject = (value: Json | undefined): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value)

/** What zod adds for its own sake, or what clients must not rely on. */
function tidy(schema: z.core.JSONSchema.BaseSchema, side: Side): void {
  delete schema.id
  // The pattern of a date is 300 characters that `format` says in one word.
  if (schema.format === 'date-time') delete schema.pattern
  if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum
  // Unknown fields of an answer are ignored by our clients, so that fields can be added.
  if (side === 'output' && schema.additionalProperties === false) delete schema.additionalProperties
}

/** The value with every reference to one of `names` pointing to where it is now. */
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

  /** The JSON Schema of one side of the wire, its named parts moved into the components. */
  schema(type: z.ZodType, side: Side): JsonObject {
    const made: unknown = z.toJSONSchema(type, { io: side, unrepresentable: 'any', override: ({ jsonSchema }) => tidy(jsonSchema, side) })
    // Through text, since what zod answers is JSON but not typed so.
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
    // A part that repeats itself without an id of its own is the JSON value: the only recursive type there is.
    for (const local of Object.keys(parts)) names.set(local, local.startsWith('__schema') ? 'JsonValue' : local)
    for (const local of Object.keys(parts)) {
      const name = names.get(local) ?? local
      names.set(local, this.#free(name, this.#moved(parts[local], names), side))
    }
    return names
  }

  /** The same type may look different when sent and when received: then the sent one is called `...Input`. */
  #free(name: string, body: JsonObject, side: Side): string {
    const there = this.#components.get(name)
    return there === undefined || side === 'output' || JSON.stringify(there) === JSON.stringify(body) ? name : `${name}Input`
  }
}
