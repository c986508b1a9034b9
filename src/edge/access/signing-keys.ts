/** Responsible for the Worker's signing keys, read once per isolate. */
import { createHmac } from 'node:crypto'
import { type SigningKeys, parseSigningKeys } from '../../domain/access/signing-keys.ts'

type Parsed = SigningKeys | { readonly reason: string }

const hmac = (secret: string, text: string): Uint8Array => createHmac('sha256', secret).update(text).digest()

let cached: { readonly secret: string | undefined; readonly keys: Parsed } | undefined

/** As `parseSigningKeys`, cached for the last secret: a secret changes only with a deploy, which starts new isolates. */
export function keysOf(secret: string | undefined): Parsed {
  if (cached === undefined || cached.secret !== secret) cached = { secret, keys: parseSigningKeys(secret, hmac) }
  return cached.keys
}
