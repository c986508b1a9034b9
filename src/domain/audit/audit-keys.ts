/**
 * Responsible for how a tenant's two audit keys come out of one signing key of the Worker: nothing is stored, and they are found again
 * as long as that key is configured. It holds no key and computes nothing itself.
 */
import type { TokenKey } from '../access/token.ts'

/** Keys the MAC of every row. Secret: who has it can make rows that pass for the tenant's. */
export const auditMacKey = (key: TokenKey, tenant: string): Uint8Array => key.hmac(`audit/${tenant}`)

/** The private key (RFC 8032: any 32 bytes are one) that signs heads. */
export const auditHeadSeed = (key: TokenKey, tenant: string): Uint8Array => key.hmac(`audit-head/${tenant}`)

/** RFC 8410, section 7: PrivateKeyInfo of an Ed25519 key, all of it fixed but the seed at its end. */
const pkcs8Prefix = [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20] as const

export function pkcs8Of(seed: Uint8Array): Uint8Array {
  const der = new Uint8Array(pkcs8Prefix.length + seed.length)
  der.set(pkcs8Prefix)
  der.set(seed, pkcs8Prefix.length)
  return der
}

/** What RFC 7638 hashes to name an Ed25519 key; `x` is the public key as base64url. */
export const thumbprintText = (x: string): string => `{"crv":"Ed25519","kty":"OKP","x":"${x}"}`

/** Where a head is kept in the archive; numbers are padded, so that a list in key order is the chain's order. */
export const headPrefix = (tenant: string): string => `heads/${tenant}/`
export const headPath = (tenant: string, seq: number): string => `${headPrefix(tenant)}${String(seq).padStart(16, '0')}.json`
export const seqOfHead = (path: string): number => Number(/(\d{16})\.json$/.exec(path)?.[1] ?? Number.NaN)
