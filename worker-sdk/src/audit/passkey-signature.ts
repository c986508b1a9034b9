/**
 * Responsible for whether a passkey signed the decision that a row records: the checks that need no server and no other row, with WebCrypto. It runs
 * in Node and in browsers.
 */
import type { AuditRow, DecisionProof } from '@modelreins/contract'

type Bytes = Uint8Array<ArrayBuffer>

/** The part of `crypto.subtle` that is used here, in Node and in browsers. */
export interface Subtle {
  digest(algorithm: string, data: Bytes): Promise<ArrayBuffer>
  importKey(format: 'spki', key: Bytes, algorithm: { readonly name: string }, extractable: boolean, uses: 'verify'[]): Promise<unknown>
  verify(algorithm: { readonly name: string }, key: never, signature: Bytes, data: Bytes): Promise<boolean>
}

/** Decodes base64url; empty when the text is not base64url. */
function bytesOf(text: string): Bytes {
  if (!/^[A-Za-z0-9_-]*$/.test(text) || text.length % 4 === 1) return new Uint8Array()
  return Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (letter) => letter.charCodeAt(0))
}

const utf8 = (text: string): Bytes => new Uint8Array(new TextEncoder().encode(text))

const sha256 = async (subtle: Subtle, data: Bytes): Promise<Bytes> => new Uint8Array(await subtle.digest('SHA-256', data))

const same = (left: Uint8Array, right: Uint8Array): boolean =>
  left.length === right.length && left.every((byte, index) => byte === right[index])

const algorithms = {
  '-7': { key: { name: 'ECDSA', namedCurve: 'P-256' }, use: { name: 'ECDSA', hash: 'SHA-256' } },
  '-8': { key: { name: 'Ed25519' }, use: { name: 'Ed25519' } },
  '-257': { key: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }, use: { name: 'RSASSA-PKCS1-v1_5' } },
} as const

/** An integer as exactly 32 bytes: DER omits leading zeros, and adds one where the first bit is set. */
function fixed(integer: Uint8Array): Uint8Array | undefined {
  const start = integer.findIndex((byte) => byte !== 0)
  const digits = start === -1 ? integer.subarray(integer.length) : integer.subarray(start)
  if (digits.length > 32) return undefined
  const out = new Uint8Array(32)
  out.set(digits, 32 - digits.length)
  return out
}

/** WebAuthn encodes ES256 signatures as DER (RFC 3279, 2.2.3); WebCrypto expects the two numbers one after the other. */
function plainEcdsa(der: Uint8Array): Bytes | undefined {
  const r = der[3] ?? 0
  const s = der[5 + r] ?? 0
  const well = der[0] === 0x30 && der[1] === der.length - 2 && der[2] === 0x02 && der[4 + r] === 0x02 && der.length === 6 + r + s
  if (!well || r === 0 || s === 0) return undefined
  const [first, second] = [fixed(der.subarray(4, 4 + r)), fixed(der.subarray(6 + r))]
  if (first === undefined || second === undefined) return undefined
  const out = new Uint8Array(64)
  out.set(first)
  out.set(second, 32)
  return out
}

async function holds(subtle: Subtle, of: DecisionProof, data: Bytes): Promise<boolean> {
  const algorithm = Object.hasOwn(algorithms, String(of.algorithm))
    ? algorithms[String(of.algorithm) as keyof typeof algorithms]
    : undefined
  const signature = of.algorithm === -7 ? plainEcdsa(bytesOf(of.signature)) : bytesOf(of.signature)
  if (algorithm === undefined || signature === undefined) return false
  try {
    const key = await subtle.importKey('spki', bytesOf(of.public_key), algorithm.key, false, ['verify'])
    return await subtle.verify(algorithm.use, key as never, signature, data)
  } catch (error) {
    // If the runtime does not support the algorithm, answering false would look like a forgery.
    if (error instanceof Error && error.name === 'NotSupportedError')
      throw new Error(`This program cannot check signatures of the COSE algorithm ${of.algorithm}.`, { cause: error })
    return false
  }
}

function parsed(json: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(json))
    return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {}
  } catch {
    return {}
  }
}

/** How a row differs from the decision that was signed; undefined when they agree. */
export function rowFault(row: Pick<AuditRow, 'action' | 'subject' | 'digest' | 'actor'>, proof: DecisionProof): string | undefined {
  const { verdict, review_id, digest, edited_digest } = proof
  if (row.action !== `review.${verdict}` || row.subject !== `review:${review_id}`) return `it is about review ${review_id}, ${verdict}`
  if (row.digest !== (edited_digest ?? digest)) return 'it is about another payload'
  return row.actor.kind === 'member' ? undefined : 'only members sign'
}

/** Why the assertion does not prove that the passkey signed the SHA-256 of `text`; undefined when it does (WebAuthn level 3, 7.2). */
export async function assertionFault(subtle: Subtle, of: DecisionProof, text: string): Promise<string | undefined> {
  const json = bytesOf(of.client_data)
  const { type, challenge, origin } = parsed(json)
  if (type !== 'webauthn.get') return 'it is not the answer to a request to sign'
  const wanted = await sha256(subtle, utf8(text))
  if (typeof challenge !== 'string' || !same(bytesOf(challenge), wanted))
    return 'it is about another decision than the one that stands here'
  const data = bytesOf(of.authenticator_data)
  const flags = data[32] ?? 0
  if (data.length < 37 || (flags & 0x01) === 0 || (flags & 0x04) === 0) return 'nobody was verified by PIN, fingerprint or face'
  const host = typeof origin === 'string' && URL.canParse(origin) ? new URL(origin).hostname : ''
  if (!same(data.subarray(0, 32), await sha256(subtle, utf8(host)))) return 'it was made for another site than the page it came from'
  const signed = new Uint8Array(data.length + 32)
  signed.set(data)
  signed.set(await sha256(subtle, json), data.length)
  return (await holds(subtle, of, signed)) ? undefined : 'the signature is not by that passkey'
}
