/** Responsible for what a risk tier requires, and for applying defaults to policies. */
import { limits } from '@modelreins/contract'
import type { Capability, ReviewPolicy, RiskTier } from '@modelreins/contract'

/** From the least to the most human control. `session` is looser than `approve`, because one approval allows many uses. */
const friction: Readonly<Record<RiskTier, number>> = { auto: 0, audit: 1, session: 2, approve: 3 }

/** Whether an approval under the tier `asked` is also sufficient under the tier `now`. */
export const atLeast = (asked: RiskTier | null, now: RiskTier): boolean => asked !== null && friction[asked] >= friction[now]

/** Tiers in which a human decides before anything runs. */
export const isGated = (tier: RiskTier | null): tier is 'session' | 'approve' => tier === 'session' || tier === 'approve'

export const declared = (capabilities: readonly Capability[], name: string): Capability | undefined =>
  capabilities.find((item) => item.name === name)

/** A policy with all defaults filled in. Times in milliseconds. */
export interface Policy {
  readonly ttl_ms: number | null
  readonly on_expiry: 'deny' | 'escalate' | 'keep'
  readonly quorum: { readonly approve: number; readonly deny: number }
  readonly self_approval: boolean
  /** Only decisions that are signed with a passkey count. Absent in reviews that are older than this setting. */
  readonly signed?: boolean
  readonly irreversible: boolean
  readonly grant_ttl_ms: number
  readonly grant_uses: number | null
}

const milliseconds = (seconds: number): number => Math.round(seconds * 1000)

export const policyOf = (policy: ReviewPolicy | undefined): Policy => ({
  ttl_ms: policy?.ttl === undefined ? null : milliseconds(policy.ttl),
  on_expiry: policy?.on_expiry ?? 'keep',
  quorum: { approve: policy?.quorum?.approve ?? 1, deny: policy?.quorum?.deny ?? 1 },
  self_approval: policy?.self_approval ?? false,
  signed: policy?.signed === 'required',
  irreversible: policy?.irreversible ?? false,
  grant_ttl_ms: policy?.grant_ttl === undefined ? limits.grant_max_ms : milliseconds(policy.grant_ttl),
  grant_uses: policy?.grant_uses ?? null,
})

/** Fields that a capability's own policy omits come from the tenant's policy. */
export function withDefaults(item: Capability, tenant: ReviewPolicy | undefined): Capability {
  if (tenant === undefined) return item
  const quorum = { ...tenant.quorum, ...item.policy?.quorum }
  const policy = { ...tenant, ...item.policy, ...(Object.keys(quorum).length === 0 ? {} : { quorum }) }
  return { ...item, policy }
}

/** One policy that is at least as strict as each of these, for a job that any of several workers may take. */
export function strictest(policies: readonly Policy[]): Policy {
  const [first = policyOf(undefined), ...rest] = policies
  const sooner = (left: number | null, right: number | null): number | null =>
    left === null ? right : right === null ? left : Math.min(left, right)
  return rest.reduce(
    (sum, one) => ({
      ttl_ms: sooner(sum.ttl_ms, one.ttl_ms),
      on_expiry: sum.on_expiry === 'deny' || one.on_expiry === 'deny' ? 'deny' : sum.on_expiry === 'keep' ? one.on_expiry : sum.on_expiry,
      quorum: { approve: Math.max(sum.quorum.approve, one.quorum.approve), deny: Math.min(sum.quorum.deny, one.quorum.deny) },
      self_approval: sum.self_approval && one.self_approval,
      signed: sum.signed === true || one.signed === true,
      irreversible: sum.irreversible || one.irreversible,
      grant_ttl_ms: Math.min(sum.grant_ttl_ms, one.grant_ttl_ms),
      grant_uses: sooner(sum.grant_uses, one.grant_uses),
    }),
    first,
  )
}

const process = 'process:'

/** Whether the session ends with the worker's process, in contrast to one that lasts as long as a thread. */
export const isOfProcess = (session: string): boolean => session.startsWith(process)

/**
 * The session of a job: its thread, else the worker's process. The prefix prevents a thread whose id looks like a process from using the grants of
 * that process. Null when the worker names no process: then there is no session that could end, so every use is asked about.
 */
export const sessionOf = (thread: string | null, worker: { readonly profile: { readonly instance: string | null } }): string | null => {
  const { instance } = worker.profile
  return thread !== null ? `thread:${thread}` : instance === null ? null : `${process}${instance}`
}
