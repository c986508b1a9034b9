/**
 * Responsible for SHA-256 and HMAC-SHA-256 of a text. Each job needs several, so texts are encoded into one shared buffer: allocating a
 * buffer takes longer than hashing a short text.
 */
import { createHash, createHmac } from 'node:crypto'

const encoder = new TextEncoder()
const buffer = new Uint8Array(16 * 1024)

/** The text's UTF-8; valid until the next call. */
function encoded(text: string): Uint8Array {
  // A UTF-16 code unit takes at most three bytes in UTF-8.
  if (text.length * 3 > buffer.length) return encoder.encode(text)
  return buffer.subarray(0, encoder.encodeInto(text, buffer).written)
}

const hexOf = (text: string): string => createHash('sha256').update(encoded(text)).digest('hex')

/** Texts up to this length (characters) are cached, because they often repeat, such as the result "ok" of each job of a kind. */
const shortText = 32
let last: { readonly text: string; readonly hex: string } | undefined

export function sha256Hex(text: string): string {
  if (text.length > shortText) return hexOf(text)
  if (last?.text !== text) last = { text, hex: hexOf(text) }
  return last.hex
}

export const hmacHex = (secret: Uint8Array, text: string): string => createHmac('sha256', secret).update(encoded(text)).digest('hex')

export const hmacBytes = (secret: string, text: string): Uint8Array => createHmac('sha256', secret).update(encoded(text)).digest()
