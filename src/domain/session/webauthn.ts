/**
 * Responsible for whether a WebAuthn response proves what it claims (W3C WebAuthn level 3, 7.1 and 7.2), with attestation `none`: type, challenge,
 * origin, RP id, user presence and verification, counter, signature. It decodes no transport encoding and computes no signature: the caller provides
 * bytes and functions.
 */

/** COSE algorithms that are accepted: ES256, EdDSA (Ed25519), RS256. */
export const algorithms = [-7, -8, -257] as const
export type Algorithm = (typeof algorithms)[number]
export const isAlgorithm = (value: number): value is Algorithm => algorithms.some((one) => one === value)

export interface Expectation {
  readonly type: 'webauthn.create' | 'webauthn.get'
  /** Whether this challenge text may be answered now. */
  readonly challenge: (text: string) => boolean
  readonly origin: string
  /** SHA-256 of the RP id. */
  readonly rpIdHash: Uint8Array
}

export interface AuthenticatorData {
  readonly signCount: number
  /** Only for a registration: the id of the new credential. */
  readonly credentialId: Uint8Array | null
}

/** `reason` is for people who debug their authenticator; it contains nothing secret. */
export type Checked<Value> = { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly reason: string }
const no = (reason: string): { readonly ok: false; readonly reason: string } => ({ ok: false, reason })

const flagUserPresent = 0x01
const flagUserVerified = 0x04
const flagAttestedCredential = 0x40
/** RP id hash, flags and counter. */
const fixedBytes = 37
/** AAGUID and the length of the credential id. */
const attestedBytes = 18

export const sameBytes = (left: Uint8Array, right: Uint8Array): boolean =>
  left.length === right.length && left.every((byte, index) => byte === right[index])

/** `clientData`: the parsed JSON of `clientDataJSON`. `decode`: base64url to text. */
export function checkClientData(clientData: unknown, expected: Expectation, decode: (base64url: string) => string): Checked<string> {
  if (typeof clientData !== 'object' || clientData === null) return no('clientDataJSON is not an object')
  const field = (name: string): unknown => Reflect.get(clientData, name)
  if (field('type') !== expected.type) return no(`clientDataJSON.type is not ${expected.type}`)
  const challenge = field('challenge')
  if (typeof challenge !== 'string') return no('clientDataJSON.challenge is missing')
  const text = decode(challenge)
  if (!expected.challenge(text)) return no('the challenge is unknown, expired or already used')
  if (field('origin') !== expected.origin) return no(`clientDataJSON.origin is not ${expected.origin}`)
  if (field('crossOrigin') === true) return no('the response was made inside a frame of another origin')
  return { ok: true, value: text }
}

export function checkAuthenticatorData(data: Uint8Array, expected: Pick<Expectation, 'type' | 'rpIdHash'>): Checked<AuthenticatorData> {
  if (data.length < fixedBytes) return no('authenticatorData is too short')
  if (!sameBytes(data.subarray(0, 32), expected.rpIdHash)) return no('authenticatorData is for another RP id')
  const flags = data[32] ?? 0
  if ((flags & flagUserPresent) === 0) return no('the user was not present')
  if ((flags & flagUserVerified) === 0) return no('the user was not verified (PIN, fingerprint or face)')
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
  const signCount = view.getUint32(33)
  if (expected.type === 'webauthn.get') return { ok: true, value: { signCount, credentialId: null } }
  if ((flags & flagAttestedCredential) === 0 || data.length < fixedBytes + attestedBytes) return no('authenticatorData holds no credential')
  const idBytes = view.getUint16(fixedBytes + 16)
  const end = fixedBytes + attestedBytes + idBytes
  if (idBytes === 0 || idBytes > 1023 || data.length < end) return no('the credential id has a wrong length')
  return { ok: true, value: { signCount, credentialId: data.slice(fixedBytes + attestedBytes, end) } }
}

/**
 * A counter that does not increase indicates a copied authenticator. A counter of 0 means that the authenticator has none (WebAuthn 7.2, step 22).
 */
export const counterRises = (kept: number, told: number): boolean => (kept === 0 && told === 0) || told > kept

/** The bytes that an assertion's signature covers. */
export function signedBytes(authenticatorData: Uint8Array, clientDataHash: Uint8Array): Uint8Array {
  const out = new Uint8Array(authenticatorData.length + clientDataHash.length)
  out.set(authenticatorData, 0)
  out.set(clientDataHash, authenticatorData.length)
  return out
}
