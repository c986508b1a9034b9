/** Responsible for session grants: what a grant allows, for how long, and how often. */
import { limits } from '@modelreins/contract'
import type { Policy } from './risk.ts'

/** An approval that lets one worker use one capability during one session. */
export interface GrantRecord {
  /** Public id. */
  readonly grant_id: string
  /** Worker that may act. */
  readonly worker_id: string
  /** Capability that it may use. */
  readonly capability: string
  /** Session in which it may use it. */
  readonly session: string
  /** Uses so far, including the use that asked for it. Increases with every use. */
  readonly uses: number
  /** Uses allowed; null: unlimited until it expires. */
  readonly max_uses: number | null
  /** Review whose approval made the grant. */
  readonly review_id: number
  /** Name of the member whose decision completed the approval. */
  readonly granted_by: string
  /** Time of the approval, milliseconds since 1970. */
  readonly created_at: number
  /** End of the grant, milliseconds since 1970. */
  readonly expires_at: number
  /** Time at which it was revoked; null while it was not. */
  readonly revoked_at: number | null
}

export const isGrantActive = (grant: GrantRecord, at: number): boolean =>
  grant.revoked_at === null && grant.expires_at > at && (grant.max_uses === null || grant.uses < grant.max_uses)

export const recordGrantUse = (grant: GrantRecord): GrantRecord => ({ ...grant, uses: grant.uses + 1 })

/** A reviewer may narrow the limits of the policy, never widen them. */
export function termsOf(
  policy: Policy,
  asked: { readonly ttl_ms: number | null; readonly uses: number | null } | undefined,
  at: number,
): Pick<GrantRecord, 'expires_at' | 'max_uses'> {
  const ttl = Math.min(policy.grant_ttl_ms, asked?.ttl_ms ?? limits.grant_max_ms, limits.grant_max_ms)
  const uses = Math.min(policy.grant_uses ?? Number.POSITIVE_INFINITY, asked?.uses ?? Number.POSITIVE_INFINITY)
  return { expires_at: at + ttl, max_uses: Number.isFinite(uses) ? uses : null }
}
