/**
 * Responsible for whether a change of a worker's capabilities removes a human check that existed before: a member must not be able to switch off a
 * control over their own work.
 */
import type { Capability, ReviewPolicy } from '@modelreins/contract'
import { atLeast, declared, isGated, policyOf, withDefaults } from './risk.ts'

function looserPolicy(before: Capability, after: Capability): readonly string[] {
  const [was, is] = [policyOf(before.policy), policyOf(after.policy)]
  const looser: readonly (readonly [string, boolean])[] = [
    ['fewer approvals', is.quorum.approve < was.quorum.approve],
    ['more denials', is.quorum.deny > was.quorum.deny],
    ['self-approval', is.self_approval && !was.self_approval],
    ['decisions without a signature', was.signed === true && is.signed !== true],
    ['decided in bulk', was.irreversible && !is.irreversible],
    ['no denial by expiry', was.on_expiry === 'deny' && is.on_expiry !== 'deny'],
    ['longer grants', after.risk_tier === 'session' && is.grant_ttl_ms > was.grant_ttl_ms],
    ['more uses of a grant', after.risk_tier === 'session' && (is.grant_uses ?? Infinity) > (was.grant_uses ?? Infinity)],
  ]
  return looser.filter(([, so]) => so).map(([what]) => what)
}

type Policies = Readonly<Record<string, ReviewPolicy>>

/**
 * What a change of the tenant's policies loosens, by capability. Grant limits count too, since some worker may have the capability under the tier
 * `session`.
 */
export const policyLoosenings = (before: Policies, after: Policies): readonly string[] =>
  [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((name) => {
    const as = (policies: Policies): Capability => withDefaults({ name, risk_tier: 'session' }, policies[name])
    return looserPolicy(as(before), as(after)).map((what) => `${name}: ${what}`)
  })

/** What the change loosens, in words; empty when nothing. */
export function loosenings(before: readonly Capability[], after: readonly Capability[]): readonly string[] {
  const lost = before.flatMap((was) => {
    const is = declared(after, was.name)
    // A removed capability could be added again without its tier.
    if (is === undefined) return was.risk_tier === 'auto' ? [] : [`${was.name}: tier ${was.risk_tier} is taken away`]
    if (!atLeast(is.risk_tier, was.risk_tier)) return [`${was.name}: tier ${was.risk_tier} becomes ${is.risk_tier}`]
    return isGated(was.risk_tier) ? looserPolicy(was, is).map((what) => `${was.name}: ${what}`) : []
  })
  // A new capability without a human check could be used to avoid an existing one with a check.
  const ways = before.some((item) => isGated(item.risk_tier))
    ? after.filter((item) => !isGated(item.risk_tier) && declared(before, item.name) === undefined)
    : []
  return [...lost, ...ways.map((item) => `${item.name}: is added with tier ${item.risk_tier}`)]
}
