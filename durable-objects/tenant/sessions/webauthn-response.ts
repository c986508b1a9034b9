/**
 * Responsible for parsing WebAuthn responses and verifying their signatures with the runtime's cryptography. The other rules are in
 * `src/domain/session/webauthn.ts`.
 */
import { Buffer } from 'node:buffer'
import { createHash, createPublicKey, verify } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import type { Parsed } from '@modelreins/contract'
import {
  checkAuthenticatorData,
  checkClientData,
  counterRises,
  isAlgorithm,
  sameBytes,
  signedBytes,
} from '../../../src/domain/session/webauthn.ts'
import type { Algorithm, Checked, Expectation } from '../../../src/domain/session/webauthn.ts'

type Registration = Parsed<'passkeys.create'>['credential']
type Assertion = Parsed<'sessions.create_with_passkey'>['credential']

const bytes = (base64url: string): Uint8Array => new Uint8Array(Buffer.from(base64url, 'base64url'))
const sha256 = (data: Uint8Array | string): Uint8Array => new Uint8Array(createHash('sha256').update(data).digest())
const decodeText = (base64url: string): string => Buffer.from(base64url, 'base64url').toString('latin1')

export const rpIdHash = (rpId: string): Uint8Array => sha256(rpId)

function parseJson(data: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(data).toString('utf8'))
  } catch {
    return undefined
  }
}

/** The public key; undefined when its type does not match the COSE algorithm. */
function publicKey(spki: Uint8Array, algorithm: number): KeyObject | undefined {
  try {
    const key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' })
    const jwk = key.export({ format: 'jwk' })
    if (algorithm === -7) return jwk.kty === 'EC' && jwk.crv === 'P-256' ? key : undefined
    if (algorithm === -8) return jwk.kty === 'OKP' && jwk.crv === 'Ed25519' ? key : undefined
    if (algorithm === -257) return jwk.kty === 'RSA' && bytes(jwk.n ?? '').length >= 256 ? key : undefined
    return undefined
  } catch {
    return undefined
  }
}

function isSigned(spki: Uint8Array, algorithm: number, data: Uint8Array, signature: Uint8Array): boolean {
  const key = publicKey(spki, algorithm)
  if (key === undefined) return false
  try {
    return verify(algorithm === -8 ? null : 'sha256', data, key, signature)
  } catch {
    return false
  }
}

export interface NewPasskey {
  /** base64url. */
  readonly credential_id: string
  readonly algorithm: Algorithm
  /** SubjectPublicKeyInfo, DER, base64url. */
  readonly public_key: string
  readonly sign_count: number
}

/** WebAuthn 7.1 with attestation `none`. */
export function checkRegistration(credential: Registration, expected: Omit<Expectation, 'type'>): Checked<NewPasskey> {
  const { response } = credential
  const wanted = { ...expected, type: 'webauthn.create' } as const
  const client = checkClientData(parseJson(bytes(response.clientDataJSON)), wanted, decodeText)
  if (!client.ok) return client
  const data = checkAuthenticatorData(bytes(response.authenticatorData), wanted)
  if (!data.ok) return data
  const { credentialId, signCount } = data.value
  if (credentialId === null || !sameBytes(credentialId, bytes(credential.rawId)))
    return { ok: false, reason: 'the credential id is not the one in authenticatorData' }
  const algorithm = response.publicKeyAlgorithm
  if (!isAlgorithm(algorithm) || publicKey(bytes(response.publicKey), algorithm) === undefined)
    return { ok: false, reason: 'the public key is not an ES256, EdDSA or RS256 key' }
  return { ok: true, value: { credential_id: credential.rawId, algorithm, public_key: response.publicKey, sign_count: signCount } }
}

/** WebAuthn 7.2. Returns the new signature counter. */
export function checkAssertion(
  credential: Assertion,
  kept: { readonly public_key: string; readonly algorithm: number; readonly sign_count: number },
  expected: Omit<Expectation, 'type'>,
): Checked<{ readonly sign_count: number }> {
  const { response } = credential
  const wanted = { ...expected, type: 'webauthn.get' } as const
  const clientDataBytes = bytes(response.clientDataJSON)
  const client = checkClientData(parseJson(clientDataBytes), wanted, decodeText)
  if (!client.ok) return client
  const authenticatorData = bytes(response.authenticatorData)
  const data = checkAuthenticatorData(authenticatorData, wanted)
  if (!data.ok) return data
  const signed = signedBytes(authenticatorData, sha256(clientDataBytes))
  if (!isSigned(bytes(kept.public_key), kept.algorithm, signed, bytes(response.signature)))
    return { ok: false, reason: 'the signature does not fit the passkey' }
  if (!counterRises(kept.sign_count, data.value.signCount))
    return { ok: false, reason: 'the counter did not rise: the passkey may have been copied' }
  return { ok: true, value: { sign_count: data.value.signCount } }
}
