/** Responsible for turning the Worker secret into signing keys, once per isolate; it knows no token. */
import { createHmac } from 'node:crypto'
import type { TokenKey } from '../domain/token.ts'

const shortest = 32

/**
 * Keys of `MODELREINS_SECRET`: `kid:secret` pairs separated by commas, each kid one lower-case letter or digit, each secret of at least
 * 32 characters. The first one signs, all verify. Answers a reason, never the secret, when it is not spelled so.
 */
export function parseSecret(secret: string | undefined): readonly [TokenKey, ...TokenKey[]] | { readonly reason: string } {
  if (secret === undefined || secret.trim() === '') return { reason: 'MODELREINS_SECRET is not set' }
  const keys: TokenKey[] = []
  for (const pair of secret.split(',')) {
    const match = /^([a-z0-9]):(.+)$/.exec(pair.trim())
    const [, id = '', value = ''] = match ?? []
    if (match === null) return { reason: 'MODELREINS_SECRET must be kid:secret pairs, each kid one lower-case letter or digit' }
    if (value.length < shortest) return { reason: `key ${id} of MODELREINS_SECRET is shorter than ${shortest} characters` }
    if (keys.some((key) => key.id === id)) return { reason: `MODELREINS_SECRET has two keys ${id}` }
    keys.push({ id, hmac: (text) => createHmac('sha256', value).update(text).digest() })
  }
  const [first, ...rest] = keys
  return first === undefined ? { reason: 'MODELREINS_SECRET is empty' } : [first, ...rest]
}

let cached: { readonly secret: string | undefined; readonly keys: ReturnType<typeof parseSecret> } | undefined

/** As `parseSecret`, remembering the last secret: it changes with a deploy, which starts new isolates. */
export function tokenKeys(secret: string | undefined): ReturnType<typeof parseSecret> {
  if (cached === undefined || cached.secret !== secret) cached = { secret, keys: parseSecret(secret) }
  return cached.keys
}
