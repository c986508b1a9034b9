/**
 * Responsible for SHA-256 and HMAC-SHA-256 of a text. Each job has several: texts are encoded into one buffer that is used again, since a buffer of
 * their own takes longer than hashing what is in it.
 */
import { createHash, createHmac } from 'node:crypto'

const encoder = new TextEncoder()
const buffer = new Uint8Array(16 * 1024)

/** The text's UTF-8; valid until the next call. */
function encoded(text: string): Uint8Array {
  // A unit of UTF-16 takes three bytes at most.
  if (text.length * 3 > buffer.length) return encoder.encode(text)
  return buffer.subarray(0, encoder.encodeInto(text, buffer).written)
}

const hexOf = (text: string): string => createHash('sha256').update(encoded(text)).digest('hex')

/** Characters of a text that may come again at once, such as the "ok" that each job of a kind answers. */
const shortText = 32
let last: { readonly text: string; readonly hex: string } | undefined

export function sha256Hex(text: string): string {
  if (text.length > shortText) return hexOf(text)
  if (last?.text !== text) last = { text, hex: hexOf(text) }
  return last.hex
}

export const hmacHex = (secret: Uint8Array, text: string): string => createHmac('sha256', secret).update(encoded(text)).digest('hex')

export const hmacBytes = (secret: string, text: string): Uint8Array => createHmac('sha256', secret).update(encoded(text)).digest()
