/** Responsible for session grants: what one allows, for how long, how often. It stores nothing. */
import { limits } from '@modelreins/contract'
import type { Policy } from './risk.ts'

/** One yes that lets one worker use one capability for one session. */
export interface GrantRecord {
  readonly grant_id: string
  readonly worker_id: string
  readonly capability: string
  readonly session: string
  readonly uses: number
  /** Null: as often as it likes until it expires. The use that asked counts. */
  readonly max_uses: number | null
  readonly review_id: number
  readonly granted_by: string
  readonly created_at: number
  readonly expires_at: number
  readonly revoked_at: number | null
}

export const isInForce = (grant: GrantRecord, at: number): boolean =>
  grant.revoked_at === null && grant.expires_at > at && (grant.max_uses === null || grant.uses < grant.max_uses)

export const used = (grant: GrantRecord): GrantRecord => ({ ...grant, uses: grant.uses + 1 })

/** A reviewer may narrow the policy's terms, never widen them. */
export function termsOf(
  policy: Policy,
  asked: { readonly ttl_ms: number | null; readonly uses: number | null } | undefined,
  at: number,
): Pick<GrantRecord, 'expires_at' | 'max_uses'> {
  const ttl = Math.min(policy.grant_ttl_ms, asked?.ttl_ms ?? limits.grant_max_ms, limits.grant_max_ms)
  const uses = Math.min(policy.grant_uses ?? Number.POSITIVE_INFINITY, asked?.uses ?? Number.POSITIVE_INFINITY)
  return { expires_at: at + ttl, max_uses: Number.isFinite(uses) ? uses : null }
}
