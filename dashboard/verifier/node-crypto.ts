/**
 * Responsible for the part of `node:crypto` that the SDK's verifier uses, in a browser: the verifier is the same code there as on the
 * command line, and it hashes in pieces, one call after the other, which WebCrypto cannot.
 */
import { ed25519 } from '@noble/curves/ed25519.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { BrowserBuffer } from './browser-buffer.ts'

/** WebAuthn signatures are checked with the browser's own cryptography. */
export const webcrypto = globalThis.crypto

const utf8 = new TextEncoder()

interface Hash {
  readonly update: (data: string | Uint8Array) => Hash
  readonly digest: (encoding: 'hex' | 'base64url') => string
  readonly copy: () => Hash
}

function wrapped(hash: ReturnType<typeof sha256.create>): Hash {
  const self: Hash = {
    update: (data) => {
      hash.update(typeof data === 'string' ? utf8.encode(data) : data)
      return self
    },
    digest: (encoding) => BrowserBuffer.concat([hash.digest()]).toString(encoding),
    copy: () => wrapped(hash.clone()),
  }
  return self
}

export const createHash = (_algorithm: 'sha256'): Hash => wrapped(sha256.create())

export interface KeyObject {
  readonly raw: Uint8Array
}

/** Of a JWK, as an export and `GET /audit/heads` spell keys. */
export function createPublicKey(given: string | { readonly key: { readonly x: string } }): KeyObject & { readonly export: () => never } {
  if (typeof given === 'string') throw new TypeError('A PEM is read on the command line only.')
  return {
    raw: BrowserBuffer.from(given.key.x, 'base64url'),
    export: () => {
      throw new TypeError('Keys are not exported here.')
    },
  }
}

export function verify(_algorithm: null, data: Uint8Array, key: KeyObject, signature: Uint8Array): boolean {
  try {
    return ed25519.verify(signature, data, key.raw)
  } catch {
    return false
  }
}
