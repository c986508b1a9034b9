/** Responsible for the capabilities of a tenant by name: which workers have each under which tier, and what its policy requires, in words. */
import type { ReviewPolicy, RiskTier, Worker } from '@modelreins/contract'

export interface CapabilityUse {
  readonly worker_id: string
  readonly worker: string
  readonly tier: RiskTier
  /** The worker's own policy; the tenant's policy fills in the rest. */
  readonly own: ReviewPolicy | undefined
}

export interface TenantCapability {
  readonly name: string
  readonly uses: readonly CapabilityUse[]
  /** The tenant's policy, for whatever a worker's own policy leaves open. */
  readonly policy: ReviewPolicy | undefined
}

/** Sorted by name, including capabilities that only the tenant's settings mention. */
export function capabilitiesOf(workers: readonly Worker[], policies: Readonly<Record<string, ReviewPolicy>>): readonly TenantCapability[] {
  const uses = new Map<string, CapabilityUse[]>()
  for (const name of Object.keys(policies)) uses.set(name, [])
  for (const worker of workers) {
    for (const { name, risk_tier, policy } of worker.capabilities) {
      const use = { worker_id: worker.worker_id, worker: worker.name, tier: risk_tier, own: policy }
      uses.set(name, [...(uses.get(name) ?? []), use])
    }
  }
  return [...uses]
    .map(([name, of]) => ({ name, uses: of, policy: policies[name] }))
    .toSorted((one, other) => one.name.localeCompare(other.name))
}

export const isGated = (capability: TenantCapability): boolean =>
  capability.policy !== undefined || capability.uses.some(({ tier }) => tier === 'approve' || tier === 'session')

const hours = (seconds: number): string => (seconds % 3_600 === 0 ? `${seconds / 3_600} h` : `${seconds} s`)

/** What the policy requires in addition to one approval by another member, as a list of phrases; empty for nothing. */
export function policyWords(policy: ReviewPolicy | undefined): readonly string[] {
  if (policy === undefined) return []
  const { quorum, signed, self_approval, irreversible, ttl, on_expiry, grant_ttl, grant_uses } = policy
  const after = { deny: 'expires', escalate: 'is announced again', keep: 'brings a reminder' } as const
  return [
    ...(quorum?.approve === undefined ? [] : [`${quorum.approve} ${quorum.approve === 1 ? 'approval' : 'approvals'}`]),
    ...(quorum?.deny === undefined ? [] : [`${quorum.deny} ${quorum.deny === 1 ? 'denial' : 'denials'} end it`]),
    ...(signed === 'required' ? ['signed with a passkey'] : []),
    ...(self_approval === true ? ['members may approve their own requests'] : []),
    ...(irreversible === true ? ['irreversible: never decided with others'] : []),
    ...(ttl === undefined ? [] : [`after ${hours(ttl)} it ${after[on_expiry ?? 'keep']}`]),
    ...(grant_ttl === undefined ? [] : [`a grant lasts ${hours(grant_ttl)}`]),
    ...(grant_uses === undefined ? [] : [`${grant_uses} uses per grant`]),
  ]
}

export interface PolicyDraft {
  readonly approve: string
  readonly ttlHours: string
  readonly on_expiry: string
  readonly signed: boolean
  readonly self_approval: boolean
  readonly irreversible: boolean
}

export const draftOf = (policy: ReviewPolicy | undefined): PolicyDraft => ({
  approve: String(policy?.quorum?.approve ?? ''),
  ttlHours: policy?.ttl === undefined ? '' : String(policy.ttl / 3_600),
  on_expiry: policy?.on_expiry ?? '',
  signed: policy?.signed === 'required',
  self_approval: policy?.self_approval === true,
  irreversible: policy?.irreversible === true,
})

/** Fields of the policy that the form does not edit stay unchanged; undefined when nothing is required any more. */
export function policyFrom(before: ReviewPolicy | undefined, draft: PolicyDraft): ReviewPolicy | undefined {
  const { quorum, ttl: _ttl, on_expiry: _on, signed: _signed, self_approval: _self, irreversible: _irreversible, ...rest } = before ?? {}
  const { approve: _approve, ...otherQuorum } = quorum ?? {}
  const wanted = { ...otherQuorum, ...(draft.approve.trim() === '' ? {} : { approve: Number(draft.approve) }) }
  const on_expiry = (['deny', 'escalate', 'keep'] as const).find((one) => one === draft.on_expiry)
  const after: ReviewPolicy = {
    ...rest,
    ...(Object.keys(wanted).length === 0 ? {} : { quorum: wanted }),
    ...(draft.ttlHours.trim() === '' ? {} : { ttl: Number(draft.ttlHours) * 3_600 }),
    ...(on_expiry === undefined ? {} : { on_expiry }),
    ...(draft.signed ? { signed: 'required' as const } : {}),
    ...(draft.self_approval ? { self_approval: true } : {}),
    ...(draft.irreversible ? { irreversible: true } : {}),
  }
  return Object.keys(after).length === 0 ? undefined : after
}
