/**
 * Responsible for the one spelling of a JSON value that hashes are computed over: RFC 8785 (JCS). Numbers and strings are spelled as ECMAScript
 * spells them (RFC 8785, 3.2.2); keys are sorted by UTF-16 code units (3.2.3).
 */

/** A value that has no canonical spelling: not JSON, a number that is not finite, or text that is not Unicode. */
export class NotCanonical extends TypeError {}

/** With the `u` flag a surrogate matches only when it is alone. */
const loneSurrogate = /\p{Surrogate}/u

/** One string with its quotes. `JSON.stringify` escapes lone surrogates, which RFC 8785 refuses (3.2.2.2). */
export function canonicalString(text: string): string {
  const quoted = JSON.stringify(text)
  // Cheap test first: only a lone surrogate, or a backslash before "ud" in the text itself, spells `\ud`.
  if (quoted.includes('\\ud') && loneSurrogate.test(text)) throw new NotCanonical('text with a lone surrogate has no canonical JSON')
  return quoted
}

function canonicalObject(value: object): string {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
    throw new NotCanonical('only plain objects and arrays have canonical JSON')
  }
  let out = ''
  for (const [key, member] of Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1))) {
    // Absent and undefined are the same, as they are to JSON.stringify: a value hashes alike before and after it travelled.
    if (member === undefined) continue
    out += `${out === '' ? '' : ','}${canonicalString(key)}:${canonicalJson(member)}`
  }
  return `{${out}}`
}

/**
 * The canonical JSON of a plain JSON value.
 * @throws NotCanonical for anything that JSON cannot say.
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
      // Array.from, not map: a hole is undefined and must be refused, not skipped.
      return Array.isArray(value) ? `[${Array.from(value, canonicalJson).join(',')}]` : canonicalObject(value)
    default:
      throw new NotCanonical(`a value of type ${typeof value} has no canonical JSON`)
  }
}
