/** Responsible for whether a passkey signed a challenge: the checks of a WebAuthn assertion that need no server, with WebCrypto. */
import { webcrypto } from 'node:crypto'

/** Binary fields are base64url. */
export interface PasskeyAssertion {
  /** SubjectPublicKeyInfo, DER. */
  readonly public_key: string
  /** COSE: -7 ES256, -8 EdDSA, -257 RS256. */
  readonly algorithm: number
  readonly client_data: string
  readonly authenticator_data: string
  readonly signature: string
}

const bytesOf = (base64url: string): Uint8Array<ArrayBuffer> => {
  const decoded = Buffer.from(base64url, 'base64url')
  const bytes = new Uint8Array(decoded.length)
  bytes.set(decoded)
  return bytes
}

const utf8 = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(new TextEncoder().encode(text))

const sha256 = async (data: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> =>
  new Uint8Array(await webcrypto.subtle.digest('SHA-256', data))

const same = (left: Uint8Array, right: Uint8Array): boolean =>
  left.length === right.length && left.every((byte, index) => byte === right[index])

const algorithms = {
  '-7': { key: { name: 'ECDSA', namedCurve: 'P-256' }, use: { name: 'ECDSA', hash: 'SHA-256' } },
  '-8': { key: { name: 'Ed25519' }, use: { name: 'Ed25519' } },
  '-257': { key: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }, use: { name: 'RSASSA-PKCS1-v1_5' } },
} as const

/** A whole number of 32 bytes: DER drops leading zeros, and puts one where the first bit is set. */
function fixed(integer: Uint8Array): Uint8Array | undefined {
  const start = integer.findIndex((byte) => byte !== 0)
  const digits = start === -1 ? integer.subarray(integer.length) : integer.subarray(start)
  if (digits.length > 32) return undefined
  const out = new Uint8Array(32)
  out.set(digits, 32 - digits.length)
  return out
}

/** WebAuthn spells ES256 signatures as DER (RFC 3279, 2.2.3), WebCrypto wants the two numbers side by side. */
function plainEcdsa(der: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
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

async function holds(of: PasskeyAssertion, data: Uint8Array<ArrayBuffer>): Promise<boolean> {
  const algorithm = Object.hasOwn(algorithms, String(of.algorithm))
    ? algorithms[String(of.algorithm) as keyof typeof algorithms]
    : undefined
  const signature = of.algorithm === -7 ? plainEcdsa(bytesOf(of.signature)) : bytesOf(of.signature)
  if (algorithm === undefined || signature === undefined) return false
  try {
    const key = await webcrypto.subtle.importKey('spki', bytesOf(of.public_key), algorithm.key, false, ['verify'])
    return await webcrypto.subtle.verify(algorithm.use, key, signature, data)
  } catch (error) {
    // Where the runtime does not know the algorithm, silence would pass for a forgery.
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

/** Why the assertion does not prove that the passkey signed the SHA-256 of `text`; undefined when it does (WebAuthn level 3, 7.2). */
export async function assertionFault(of: PasskeyAssertion, text: string): Promise<string | undefined> {
  const json = bytesOf(of.client_data)
  const { type, challenge, origin } = parsed(json)
  if (type !== 'webauthn.get') return 'it is not the answer to a request to sign'
  const wanted = await sha256(utf8(text))
  if (typeof challenge !== 'string' || !same(bytesOf(challenge), wanted))
    return 'it is about another decision than the one that stands here'
  const data = bytesOf(of.authenticator_data)
  const flags = data[32] ?? 0
  if (data.length < 37 || (flags & 0x01) === 0 || (flags & 0x04) === 0) return 'nobody was verified by PIN, fingerprint or face'
  const host = typeof origin === 'string' && URL.canParse(origin) ? new URL(origin).hostname : ''
  if (!same(data.subarray(0, 32), await sha256(utf8(host)))) return 'it was made for another site than the page it came from'
  const signed = new Uint8Array(data.length + 32)
  signed.set(data)
  signed.set(await sha256(json), data.length)
  return (await holds(of, signed)) ? undefined : 'the signature is not by that passkey'
}
