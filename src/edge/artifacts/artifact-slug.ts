/** Responsible for the slugs of artifacts: creating unguessable ones, and verifying them before any lookup. */
import { parseArtifactSlug } from '@modelreins/contract'
import { type TokenKey, base32, isMacValid, sign } from '../../domain/access/token.ts'

/** A new slug of 128 random bits, the tenant, and a MAC (`parseArtifactSlug`). */
export function newArtifactSlug(tenant: string, key: TokenKey, random: (bytes: number) => Uint8Array): string {
  const text = `ar${tenant.length.toString(36)}${tenant}${base32(random(16))}`
  return text + sign(text, key).slice(text.length + 1)
}

export interface SlugOwner {
  readonly tenant: string
  /** True when the MAC was made with a current signing key. */
  readonly genuine: boolean
}

/** The tenant that a slug names; undefined when the text is no well-formed slug. */
export function ownerOfSlug(slug: string, keys: readonly TokenKey[]): SlugOwner | undefined {
  const parts = parseArtifactSlug(slug)
  return parts === undefined ? undefined : { tenant: parts.tenant, genuine: isMacValid(parts.signed, parts.mac, keys) }
}
