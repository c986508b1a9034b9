/**
 * Responsible for the byte layout of one encrypted message to a browser (RFC 8291 over RFC 8188, `aes128gcm`, a single record). It computes no
 * cryptography and makes no keys: the caller provides bytes and functions.
 */

export interface Functions {
  /** HMAC-SHA-256. */
  readonly hmac: (key: Uint8Array, data: Uint8Array) => Uint8Array
  /** AES-128-GCM: the ciphertext followed by its tag of 16 bytes. */
  readonly encrypt: (key: Uint8Array, nonce: Uint8Array, plain: Uint8Array) => Uint8Array
}

export interface Parties {
  /** The browser's public key and its secret for this service, from its subscription. */
  readonly receiver: { readonly publicKey: Uint8Array; readonly auth: Uint8Array }
  /** Public half of a key that was made for this message only, and the secret that ECDH computes from it and the receiver's key. */
  readonly sender: { readonly publicKey: Uint8Array; readonly shared: Uint8Array }
  /** 16 random bytes. */
  readonly salt: Uint8Array
}

const recordSize = 4_096
/** Bytes of a record in addition to the message: the delimiter, and the tag of the cipher. */
const recordOverhead = 1 + 16

export const bytesOf = (...parts: readonly (string | Uint8Array | readonly number[])[]): Uint8Array =>
  Uint8Array.from(parts.flatMap((part) => (typeof part === 'string' ? [...part].map((letter) => letter.charCodeAt(0)) : [...part])))

/** `padTo`: the message is padded to a multiple of this many bytes, so that its length reveals nothing. */
export function sealMessage(
  message: Uint8Array,
  { receiver, sender, salt }: Parties,
  padTo: number,
  { hmac, encrypt }: Functions,
): Uint8Array {
  const length = Math.max(message.length, Math.ceil(message.length / padTo) * padTo)
  if (length + recordOverhead > recordSize) throw new Error(`A message of ${message.length} bytes is too long for one record`)
  // RFC 8291, section 3.4: combines the subscription's secret with the shared ECDH secret.
  const mixed = hmac(receiver.auth, sender.shared)
  const input = hmac(mixed, bytesOf('WebPush: info\0', receiver.publicKey, sender.publicKey, [1]))
  // RFC 8188, sections 2.2 and 2.3. The nonce is used unchanged, because the number of the only record is 0.
  const extracted = hmac(salt, input)
  const key = hmac(extracted, bytesOf('Content-Encoding: aes128gcm\0', [1])).slice(0, 16)
  const nonce = hmac(extracted, bytesOf('Content-Encoding: nonce\0', [1])).slice(0, 12)
  const plain = new Uint8Array(length + 1)
  plain.set(message)
  // The delimiter of the last record; padding zeros follow.
  plain[message.length] = 2
  const header = bytesOf(salt, [0, 0, recordSize >> 8, recordSize & 255, sender.publicKey.length], sender.publicKey)
  const sealed = encrypt(key, nonce, plain)
  const out = new Uint8Array(header.length + sealed.length)
  out.set(header)
  out.set(sealed, header.length)
  return out
}
