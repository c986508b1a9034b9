/**
 * Responsible for deriving a tenant's two audit keys from a signing key of the Worker. Nothing is stored: as long as that key is configured, they can
 * be derived again. It holds no key and computes nothing itself.
 */
import type { TokenKey } from '../access/token.ts'

/** The key of every row's MAC. Secret: its holder can make rows that pass as the tenant's. */
export const auditMacKey = (key: TokenKey, tenant: string): Uint8Array => key.hmac(`audit/${tenant}`)

/** The private key that signs heads (RFC 8032: any 32 bytes are a valid key). */
export const auditHeadSeed = (key: TokenKey, tenant: string): Uint8Array => key.hmac(`audit-head/${tenant}`)

/** RFC 8410, section 7: the constant part of an Ed25519 PrivateKeyInfo; the seed follows it. */
const pkcs8Prefix = [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20] as const

export function pkcs8Of(seed: Uint8Array): Uint8Array {
  const der = new Uint8Array(pkcs8Prefix.length + seed.length)
  der.set(pkcs8Prefix)
  der.set(seed, pkcs8Prefix.length)
  return der
}

/** The text that RFC 7638 hashes to name an Ed25519 key; `x` is the public key as base64url. */
export const thumbprintText = (x: string): string => `{"crv":"Ed25519","kty":"OKP","x":"${x}"}`

/** Where a head is kept in the archive. Numbers are padded, so that the order of keys is the order of the chain. */
export const headPrefix = (tenant: string): string => `heads/${tenant}/`
export const headPath = (tenant: string, seq: number): string => `${headPrefix(tenant)}${String(seq).padStart(16, '0')}.json`
export const seqOfHead = (path: string): number => Number(/(\d{16})\.json$/.exec(path)?.[1] ?? Number.NaN)
