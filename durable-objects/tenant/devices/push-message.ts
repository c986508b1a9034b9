/** Responsible for the request that carries a notice to a push service: encrypted for one browser, signed by the tenant (RFC 8030, 8291, 8292). */
import { Buffer } from 'node:buffer'
import { createCipheriv, createECDH, createHmac, randomBytes, sign } from 'node:crypto'
import type { DeviceNotice } from '@modelreins/contract'
import { sealMessage } from '../../../src/domain/device/sealed-message.ts'
import type { Functions } from '../../../src/domain/device/sealed-message.ts'
import { pkcs8OfP256, vapidSeed, vapidText } from '../../../src/domain/device/vapid.ts'
import type { TokenKey } from '../../../src/domain/access/token.ts'

const curve = 'prime256v1'
/** The plain text is padded to a multiple of this many bytes, so that its length reveals little. */
const paddedTo = 512

const functions: Functions = {
  hmac: (key, data) => createHmac('sha256', key).update(data).digest(),
  encrypt: (key, nonce, plain) => {
    const cipher = createCipheriv('aes-128-gcm', key, nonce)
    return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()])
  },
}

const bytes = (base64url: string): Buffer => Buffer.from(base64url, 'base64url')
const encode = (text: string): string => Buffer.from(text).toString('base64url')

/** True for a usable public key: a point of the curve. */
export function isPublicKey(p256dh: string): boolean {
  const own = createECDH(curve)
  own.generateKeys()
  try {
    return own.computeSecret(bytes(p256dh)).length === 32
  } catch {
    return false
  }
}

/** The encrypted body; each message has a new key and salt. */
export function sealNotice(notice: DeviceNotice, device: { readonly p256dh: string; readonly auth: string }): Uint8Array {
  const own = createECDH(curve)
  const publicKey = own.generateKeys()
  const receiver = { publicKey: bytes(device.p256dh), auth: bytes(device.auth) }
  const sender = { publicKey, shared: own.computeSecret(receiver.publicKey) }
  return sealMessage(Buffer.from(JSON.stringify(notice)), { receiver, sender, salt: randomBytes(16) }, paddedTo, functions)
}

/** The key pair that identifies the tenant to push services (VAPID): derived, kept only in memory (docs/adr/0012). */
export class VapidKey {
  readonly #seed: Uint8Array
  readonly public: string

  constructor(key: TokenKey, tenant: string) {
    this.#seed = vapidSeed(key, tenant)
    const pair = createECDH(curve)
    pair.setPrivateKey(this.#seed)
    this.public = pair.getPublicKey('base64url')
  }

  /** The value of `Authorization`; `at`: milliseconds since 1970. */
  authorization(device: { readonly endpoint: string; readonly origin: string }, at: number): string {
    const text = vapidText(device, at, encode)
    const key = { key: Buffer.from(pkcs8OfP256(this.#seed)), format: 'der', type: 'pkcs8', dsaEncoding: 'ieee-p1363' } as const
    return `vapid t=${text}.${sign('sha256', Buffer.from(text), key).toString('base64url')}, k=${this.public}`
  }
}
