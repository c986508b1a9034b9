/**
 * Responsible for signing and verifying tokens: the MAC covers all text before it and names the key that made it. It holds no key: callers pass a
 * function that computes HMAC-SHA-256. A MAC is `<key id><30 characters of base 32>`: letters and digits only.
 */

/** One signing key: `id` is one lower-case letter or digit, so that keys can be rotated while old tokens stay valid. */
export interface TokenKey {
  readonly id: string
  readonly hmac: (text: string) => Uint8Array
}

const alphabet = 'abcdefghijklmnopqrstuvwxyz234567'

/** RFC 4648 base 32 without padding, in lower case. */
export function base32(bytes: Uint8Array): string {
  let out = ''
  let buffer = 0
  let bits = 0
  for (const byte of bytes) {
    buffer = (buffer << 8) | byte
    bits += 8
    while (bits >= 5) {
      bits -= 5
      out += alphabet[(buffer >>> bits) & 31] ?? ''
    }
    buffer &= (1 << bits) - 1
  }
  return bits > 0 ? out + (alphabet[(buffer << (5 - bits)) & 31] ?? '') : out
}

const macChars = 30
/** Bytes that these characters come from. */
const macBytes = Math.ceil((macChars * 5) / 8)

const macOf = (key: TokenKey, text: string): string => key.id + base32(key.hmac(text).subarray(0, macBytes)).slice(0, macChars)

/** `text` with its MAC appended, made with the given key. */
export const sign = (text: string, key: TokenKey): string => `${text}_${macOf(key, text)}`

/** Compares in a time that does not depend on where the texts differ. It may depend on their lengths. */
export function equalInConstantTime(left: string, right: string): boolean {
  if (left.length !== right.length) return false
  let difference = 0
  for (let index = 0; index < left.length; index += 1) difference |= left.charCodeAt(index) ^ right.charCodeAt(index)
  return difference === 0
}

/** True when one of the keys made this MAC over this text. */
export function isMacValid(text: string, mac: string, keys: readonly TokenKey[]): boolean {
  const key = keys.find((candidate) => candidate.id === mac[0])
  return key !== undefined && equalInConstantTime(macOf(key, text), mac)
}
