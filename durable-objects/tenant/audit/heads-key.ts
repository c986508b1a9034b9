/** Responsible for the key pair that signs a tenant's heads and exports: derived from a signing key, kept only in memory. */
import { createHash, createPrivateKey, createPublicKey, sign } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import type { AuditKey } from '@modelreins/contract'
import { auditHeadSeed, pkcs8Of, thumbprintText } from '../../../src/domain/audit/audit-keys.ts'
import type { TokenKey } from '../../../src/domain/access/token.ts'

export class HeadKey {
  readonly public: AuditKey
  readonly #private: KeyObject

  constructor(key: TokenKey, tenant: string) {
    this.#private = createPrivateKey({ key: Buffer.from(pkcs8Of(auditHeadSeed(key, tenant))), format: 'der', type: 'pkcs8' })
    const x = createPublicKey(this.#private).export({ format: 'jwk' }).x ?? ''
    const kid = createHash('sha256').update(thumbprintText(x)).digest('base64url')
    this.public = { kid, jwk: { kty: 'OKP', crv: 'Ed25519', x }, raw: x }
  }

  get kid(): string {
    return this.public.kid
  }

  /** Ed25519 signature of the text's UTF-8 bytes, base64url. */
  sign(text: string): string {
    return sign(null, Buffer.from(text), this.#private).toString('base64url')
  }
}
