/**
 * Responsible for RFC 8785 (JCS) of values that came out of JSON: the spelling that hashes of the audit trail are over. Written apart
 * from the server's, so that a mistake in one does not hide in the other.
 */

const loneSurrogate = /\p{Surrogate}/u

/** A lone surrogate has no UTF-8: hashed as its replacement character, one row could pass for another. */
export class NotCanonical extends Error {}

function text(value: string): string {
  if (loneSurrogate.test(value)) throw new NotCanonical('text that is not Unicode')
  return JSON.stringify(value)
}

/** Keys are sorted by UTF-16 code units, as JavaScript compares strings. Throws `NotCanonical`. */
export function canonicalJson(value: unknown): string {
  if (typeof value === 'string') return text(value)
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const members = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1))
  return `{${members.map(([key, member]) => `${text(key)}:${canonicalJson(member)}`).join(',')}}`
}
