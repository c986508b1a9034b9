/**
 * Responsible for what a reader of an audit trail already trusts: public keys, and heads kept elsewhere. It accepts the forms that people have: a key
 * as the server lists it, a PEM, a JWK, or a saved answer of `GET /audit/heads`.
 */
import { createHash, createPublicKey, verify, type KeyObject } from 'node:crypto'
import { auditHead, auditHeadText, type AuditHead, type AuditKey } from '@modelreins/contract'

export interface TrustedKey {
  /** RFC 7638 thumbprint, by which heads name their key. */
  readonly kid: string
  /**
   * The public key, base64url. It is not a `KeyObject` of Node, because published declarations that mention Node need Node's types wherever they are
   * used.
   */
  readonly x: string
}

export interface Trust {
  readonly keys: readonly TrustedKey[]
  /** Heads kept outside the export, signed with the keys above. */
  readonly heads: readonly AuditHead[]
  /** SHA-256 of the public keys of trusted passkeys, in hex. If there are any, decisions signed with other passkeys are not valid. */
  readonly passkeys?: readonly string[]
}

export const noTrust: Trust = { keys: [], heads: [] }

/** Thrown for a text that should contain a key, or keys and heads, and does not. */
export class NotAKey extends Error {}

/** Throws `NotAKey` for anything but 32 bytes. */
export function keyOf(x: string): TrustedKey {
  if (Buffer.from(x, 'base64url').length !== 32) throw new NotAKey('an Ed25519 public key has 32 bytes')
  const canonical = Buffer.from(x, 'base64url').toString('base64url')
  const kid = createHash('sha256').update(`{"crv":"Ed25519","kty":"OKP","x":"${canonical}"}`).digest('base64url')
  return { kid, x: canonical }
}

const keyObject = ({ x }: TrustedKey): KeyObject => createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })

/** A key as an export lists it. */
export const keyOfExport = ({ jwk }: AuditKey): TrustedKey => keyOf(jwk.x)

function keyOfPem(text: string): TrustedKey {
  let jwk: { readonly crv?: unknown; readonly x?: unknown }
  try {
    jwk = createPublicKey(text).export({ format: 'jwk' })
  } catch {
    throw new NotAKey('this PEM holds no public key')
  }
  if (jwk.crv !== 'Ed25519' || typeof jwk.x !== 'string') throw new NotAKey('this PEM holds a key of another kind than Ed25519')
  return keyOf(jwk.x)
}

/** One key in the forms that a command line takes: base64url, base64, hex, or PEM. Throws `NotAKey`. */
export function parsePublicKey(text: string): TrustedKey {
  const word = text.trim()
  if (word.startsWith('-----BEGIN')) return keyOfPem(word)
  if (/^[0-9a-fA-F]{64}$/.test(word)) return keyOf(Buffer.from(word, 'hex').toString('base64url'))
  if (/^[A-Za-z0-9+/_-]{43}=?$/.test(word)) return keyOf(word)
  throw new NotAKey('a public key is 32 bytes as base64url, base64 or hex, or a PEM')
}

const record = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.fromEntries(Object.entries(value)) : {}

/** A JWK, or a key as `GET /audit/heads` lists it. */
function keyOfJson(value: unknown): TrustedKey {
  const given = record(value)
  const { kty, crv, x } = record(given['jwk'] ?? given)
  if (kty !== 'OKP' || crv !== 'Ed25519' || typeof x !== 'string') throw new NotAKey('this is no Ed25519 public key')
  return keyOf(x)
}

function headOfJson(value: unknown): AuditHead {
  const parsed = auditHead.safeParse(value)
  if (!parsed.success) throw new NotAKey('an entry of `items` in it is no signed head')
  return parsed.data
}

/** An empty list of keys is an error, because it would otherwise mean that the key in the export is believed. */
function withKeys(trust: Trust): Trust {
  if (trust.keys.length === 0) throw new NotAKey('there is no key in it')
  return trust
}

/** The contents of a key file. Heads in it count if one of the keys in it signed them. Throws `NotAKey`. */
export function parseTrust(text: string): Trust {
  const trimmed = text.trim()
  if (!trimmed.startsWith('{') && !trimmed.startsWith('[')) {
    const words = trimmed.startsWith('-----BEGIN') ? [trimmed] : trimmed.split(/\s+/).filter((word) => word !== '')
    return withKeys({ keys: words.map(parsePublicKey), heads: [] })
  }
  let value: unknown
  try {
    value = JSON.parse(trimmed)
  } catch {
    throw new NotAKey('this is neither a key nor JSON')
  }
  const page = record(value)
  const list = Array.isArray(value) ? value : page['keys']
  const keys = Array.isArray(list) ? list.map(keyOfJson) : [keyOfJson(value)]
  const { items, tenant } = page
  if (!Array.isArray(items) || typeof tenant !== 'string') return withKeys({ keys, heads: [] })
  const heads = items.map(headOfJson)
  const forged = heads.find((head) => !signedBy(keys, tenant, head))
  if (forged !== undefined) throw new NotAKey(`the head of row ${forged.seq} in it was not signed with a key in it`)
  return withKeys({ keys, heads })
}

/** Joins the contents of several files. */
export const joinTrust = (parts: readonly Trust[]): Trust => ({
  keys: parts.flatMap(({ keys }) => keys),
  heads: parts.flatMap(({ heads }) => heads),
})

/** Whether the key that is named `kid` made this signature and is among `keys`. */
export function signatureHolds(keys: readonly TrustedKey[], kid: string, text: string, signature: string): boolean {
  const bytes = Buffer.from(signature, 'base64url')
  // Base64 can encode one signature in several ways; only the canonical encoding is accepted.
  if (bytes.toString('base64url') !== signature) return false
  return keys.some((key) => key.kid === kid && verify(null, Buffer.from(text), keyObject(key), bytes))
}

export const signedBy = (keys: readonly TrustedKey[], tenant: string, head: AuditHead): boolean =>
  signatureHolds(keys, head.kid, auditHeadText({ ...head, tenant }), head.signature)
