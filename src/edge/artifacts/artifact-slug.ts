/** Responsible for the slugs of artifacts: made unguessable, and verified before any lookup. */
import { parseArtifactSlug } from '@modelreins/contract'
import { type TokenKey, base32, isMacValid, sign } from '../../domain/access/token.ts'

/** 128 bits of randomness, the tenant, and a MAC (`parseArtifactSlug`). */
export function newArtifactSlug(tenant: string, key: TokenKey, random: (bytes: number) => Uint8Array): string {
  const text = `ar${tenant.length.toString(36)}${tenant}${base32(random(16))}`
  return text + sign(text, key).slice(text.length + 1)
}

export interface SlugOwner {
  readonly tenant: string
  /** Made here, by a key that is still in use. */
  readonly genuine: boolean
}

/** Whose artifact a slug would be; undefined when it is not spelled like one. */
export function ownerOfSlug(slug: string, keys: readonly TokenKey[]): SlugOwner | undefined {
  const parts = parseArtifactSlug(slug)
  return parts === undefined ? undefined : { tenant: parts.tenant, genuine: isMacValid(parts.signed, parts.mac, keys) }
}
