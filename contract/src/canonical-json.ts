/**
 * Responsible for the canonical form of a JSON value that hashes are computed over: RFC 8785 (JCS). Numbers and strings are written as ECMAScript
 * writes them (RFC 8785, 3.2.2); keys are sorted by UTF-16 code units (3.2.3).
 */

/** Thrown for a value that has no canonical form: not JSON, a number that is not finite, or text that is not valid Unicode. */
export class NotCanonical extends TypeError {}

/** With the `u` flag a surrogate matches only when it has no partner. */
const loneSurrogate = /\p{Surrogate}/u

/** One string with its quotes. `JSON.stringify` escapes lone surrogates, but RFC 8785 rejects them (3.2.2.2). */
export function canonicalString(text: string): string {
  const quoted = JSON.stringify(text)
  // Cheap test first: `\ud` appears only for a lone surrogate, or for a backslash before "ud" in the text itself.
  if (quoted.includes('\\ud') && loneSurrogate.test(text)) throw new NotCanonical('text with a lone surrogate has no canonical JSON')
  return quoted
}

function canonicalObject(value: object): string {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
    throw new NotCanonical('only plain objects and arrays have canonical JSON')
  }
  let out = ''
  // Without a comparator, texts are sorted by UTF-16 code units.
  for (const key of Object.keys(value).sort()) {
    const member: unknown = Reflect.get(value, key)
    // An undefined member is treated as absent, as in JSON.stringify, so that a value has the same hash before and after it was sent.
    if (member === undefined) continue
    out += `${out === '' ? '' : ','}${canonicalString(key)}:${canonicalJson(member)}`
  }
  return `{${out}}`
}

/**
 * The canonical JSON of a plain JSON value.
 * @throws NotCanonical for anything that JSON cannot express.
 */
export function canonicalJson(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return canonicalString(value)
    case 'boolean':
      return value ? 'true' : 'false'
    case 'number':
      if (!Number.isFinite(value)) throw new NotCanonical(`${value} has no canonical JSON`)
      return JSON.stringify(value)
    case 'object':
      if (value === null) return 'null'
      // Array.from, not map: it turns a hole into undefined, which must be rejected and not skipped.
      return Array.isArray(value) ? `[${Array.from(value, canonicalJson).join(',')}]` : canonicalObject(value)
    default:
      throw new NotCanonical(`a value of type ${typeof value} has no canonical JSON`)
  }
}
