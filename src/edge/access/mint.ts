/**
 * Responsible for creating a new token and encrypting it for its one-time view. The token leaves this module only as hash and ciphertext; the
 * encryption key leaves it only in the fragment of `view_url`, which browsers never send to a server.
 */
import { createHash } from 'node:crypto'
import { type ViewPlaintext, tokenPrefixes, viewProofChars, viewProofPrefix, viewProofText } from '@modelreins/contract'
import type { Minted } from '../../../durable-objects/tenant/call.ts'
import { type TokenKey, base32, sign } from '../../domain/access/token.ts'

export interface MintRequest {
  readonly kind: 'member' | 'worker'
  readonly tenant: string
  /** Name of the token's owner; null when the token replaces an earlier one. */
  readonly name: string | null
  readonly origin: string
}

export interface Sealed {
  readonly minted: Minted
  readonly view_url: string
}

/** Bytes of randomness: a credential id needs to be unique, a secret and a view id unguessable. */
const sizes = { credential: 10, secret: 32, key: 32, iv: 12 } as const

export const base64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url')

const hex = (bytes: ArrayBuffer): string => Buffer.from(bytes).toString('hex')

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest()

/** The commitment to a proof, which is part of the view's id: neither the proof nor the key can be derived from it. */
export const commitment = (proof: string): string => viewProofPrefix + base32(sha256(proof)).slice(0, viewProofChars)

/** The id of a new view: it contains the tenant, the commitment to the proof of its key, and a MAC (`parseViewId`). */
export function newViewId(tenant: string, key: TokenKey, sealingKey: string): string {
  const proof = sha256(viewProofText(sealingKey)).toString('base64url')
  const text = `vw${tenant.length.toString(36)}${tenant}${commitment(proof)}`
  return text + sign(text, key).slice(text.length + 1)
}

/** A new token: its hash and ciphertext for the object, and the URL of the view that shows it once. `key`: the signing key. */
export async function mint(request: MintRequest, key: TokenKey, random: (bytes: number) => Uint8Array<ArrayBuffer>): Promise<Sealed> {
  const credential = base32(random(sizes.credential))
  const token = sign(`${tokenPrefixes[request.kind]}${request.tenant}_${credential}_${base32(random(sizes.secret))}`, key)
  const plaintext: ViewPlaintext = { token, kind: request.kind, tenant: request.tenant, name: request.name }
  const encoder = new TextEncoder()
  const sealingKey = random(sizes.key)
  const iv = random(sizes.iv)
  const aes = await crypto.subtle.importKey('raw', sealingKey, 'AES-GCM', false, ['encrypt'])
  const ciphertext = await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, aes, encoder.encode(JSON.stringify(plaintext)))
  const id = newViewId(request.tenant, key, base64url(sealingKey))
  return {
    minted: {
      credential,
      hash: hex(await crypto.subtle.digest('SHA-256', encoder.encode(token))),
      view: { id, iv: base64url(iv), ciphertext: base64url(new Uint8Array(ciphertext)) },
    },
    view_url: `${request.origin}/view/${id}#${base64url(sealingKey)}`,
  }
}
