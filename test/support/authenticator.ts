/** Responsible for a WebAuthn authenticator in software for tests: it creates registrations and assertions as a browser sends them. */
import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import type { KeyObject } from 'node:crypto'

export interface Passkey {
  readonly id: Uint8Array
  readonly algorithm: -7 | -8 | -257
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
  counter: number
  userHandle: string
}

export interface Ceremony {
  readonly challenge: string
  readonly origin: string
  readonly rpId: string
  /** Overrides, for tests with invalid values. */
  readonly type?: string
  readonly flags?: number
  readonly crossOrigin?: boolean
}

export const base64url = (data: Uint8Array | string): string => Buffer.from(data).toString('base64url')
const sha256 = (data: Uint8Array | string): Buffer => createHash('sha256').update(data).digest()

export function newPasskey(algorithm: Passkey['algorithm'] = -7, userHandle = '', counter = 0): Passkey {
  const pair =
    algorithm === -7
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : algorithm === -8
        ? generateKeyPairSync('ed25519')
        : generateKeyPairSync('rsa', { modulusLength: 2048 })
  return { id: new Uint8Array(sha256(pair.publicKey.export({ format: 'der', type: 'spki' }))), algorithm, ...pair, counter, userHandle }
}

const clientData = (ceremony: Ceremony, type: string): string =>
  JSON.stringify({
    type: ceremony.type ?? type,
    challenge: ceremony.challenge,
    origin: ceremony.origin,
    crossOrigin: ceremony.crossOrigin ?? false,
  })

function fixedPart(passkey: Passkey, { rpId, flags }: Ceremony, present: number): Buffer {
  const counter = Buffer.alloc(4)
  counter.writeUInt32BE(passkey.counter)
  return Buffer.concat([sha256(rpId), Buffer.from([flags ?? present]), counter])
}

/** CBOR encoding (RFC 8949) of the types in a COSE key and an attestation object: integers, bytes, texts and maps. */
function cbor(value: number | string | Uint8Array | ReadonlyMap<number | string, unknown>): Buffer {
  const head = (major: number, length: number): Buffer =>
    length < 24
      ? Buffer.from([(major << 5) | length])
      : length < 256
        ? Buffer.from([(major << 5) | 24, length])
        : Buffer.from([(major << 5) | 25, length >> 8, length & 255])
  if (typeof value === 'number') return value >= 0 ? head(0, value) : head(1, -1 - value)
  if (typeof value === 'string') return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)])
  if (value instanceof Uint8Array) return Buffer.concat([head(2, value.length), value])
  return Buffer.concat([head(5, value.size), ...[...value].flatMap(([key, item]) => [cbor(key), cbor(item as Parameters<typeof cbor>[0])])])
}

function coseKey({ publicKey, algorithm }: Passkey): Buffer {
  const jwk = publicKey.export({ format: 'jwk' })
  const part = (text: string | undefined): Buffer => Buffer.from(text ?? '', 'base64url')
  if (algorithm === -7)
    return cbor(
      new Map<number, unknown>([
        [1, 2],
        [3, -7],
        [-1, 1],
        [-2, part(jwk.x)],
        [-3, part(jwk.y)],
      ]),
    )
  if (algorithm === -8)
    return cbor(
      new Map<number, unknown>([
        [1, 1],
        [3, -8],
        [-1, 6],
        [-2, part(jwk.x)],
      ]),
    )
  return cbor(
    new Map<number, unknown>([
      [1, 3],
      [3, -257],
      [-1, part(jwk.n)],
      [-2, part(jwk.e)],
    ]),
  )
}

export function register(passkey: Passkey, ceremony: Ceremony) {
  const idLength = Buffer.from([passkey.id.length >> 8, passkey.id.length & 255])
  const authData = Buffer.concat([fixedPart(passkey, ceremony, 0x45), Buffer.alloc(16), idLength, passkey.id, coseKey(passkey)])
  const attestation = cbor(
    new Map<string, unknown>([
      ['fmt', 'none'],
      ['attStmt', new Map()],
      ['authData', new Uint8Array(authData)],
    ]),
  )
  return {
    id: base64url(passkey.id),
    rawId: base64url(passkey.id),
    type: 'public-key' as const,
    clientExtensionResults: {},
    response: {
      clientDataJSON: base64url(clientData(ceremony, 'webauthn.create')),
      attestationObject: base64url(attestation),
      authenticatorData: base64url(authData),
      publicKey: base64url(passkey.publicKey.export({ format: 'der', type: 'spki' })),
      publicKeyAlgorithm: passkey.algorithm,
    },
  }
}

export function assertWith(passkey: Passkey, ceremony: Ceremony) {
  const client = clientData(ceremony, 'webauthn.get')
  const authData = fixedPart(passkey, ceremony, 0x05)
  const signed = Buffer.concat([authData, sha256(client)])
  return {
    id: base64url(passkey.id),
    rawId: base64url(passkey.id),
    type: 'public-key' as const,
    clientExtensionResults: {},
    response: {
      clientDataJSON: base64url(client),
      authenticatorData: base64url(authData),
      signature: base64url(sign(passkey.algorithm === -8 ? null : 'sha256', signed, passkey.privateKey)),
      userHandle: base64url(passkey.userHandle),
    },
  }
}
