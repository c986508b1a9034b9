/** Responsible for parsing the Worker secret: `kid:secret` pairs. */
import type { TokenKey } from './token.ts'

const shortest = 32

export type SigningKeys = readonly [TokenKey, ...TokenKey[]]

/**
 * Keys of `MODELREINS_SECRET`: `kid:secret` pairs separated by commas; each kid is one lower-case letter or digit, each secret has at least 32
 * characters. The first key signs, and all of them verify. For a malformed value it answers the reason, which never contains a secret.
 */
export function parseSigningKeys(
  secret: string | undefined,
  hmac: (secret: string, text: string) => Uint8Array,
): SigningKeys | { readonly reason: string } {
  if (secret === undefined || secret.trim() === '') return { reason: 'MODELREINS_SECRET is not set' }
  const keys: TokenKey[] = []
  for (const pair of secret.split(',')) {
    const match = /^([a-z0-9]):(.+)$/.exec(pair.trim())
    const [, id = '', value = ''] = match ?? []
    if (match === null) return { reason: 'MODELREINS_SECRET must be kid:secret pairs, each kid one lower-case letter or digit' }
    if (value.length < shortest) return { reason: `key ${id} of MODELREINS_SECRET is shorter than ${shortest} characters` }
    if (keys.some((key) => key.id === id)) return { reason: `MODELREINS_SECRET has two keys ${id}` }
    keys.push({ id, hmac: (text) => hmac(value, text) })
  }
  const [first, ...rest] = keys
  return first === undefined ? { reason: 'MODELREINS_SECRET is empty' } : [first, ...rest]
}
