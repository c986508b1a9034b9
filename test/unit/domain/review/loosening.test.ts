import type { Capability } from '@modelreins/contract'
import { describe, expect, it } from 'vitest'
import { loosenings } from '../../../../src/domain/review/loosening.ts'

const mail = (risk_tier: Capability['risk_tier'], policy?: Capability['policy']): Capability => ({
  name: 'mail.send',
  risk_tier,
  ...(policy === undefined ? {} : { policy }),
})
const read: Capability = { name: 'mail.read', risk_tier: 'auto' }

describe('a change of capabilities loosens', () => {
  it.each<[string, readonly Capability[], readonly Capability[]]>([
    ['a tier from approve to session', [mail('approve')], [mail('session')]],
    ['a tier from session to auto', [mail('session')], [mail('auto')]],
    ['a tier from audit to auto', [mail('audit')], [mail('auto')]],
    ['a guarded name that is taken away', [mail('approve')], []],
    ['a watched name that is taken away', [mail('audit'), read], [read]],
    ['a name without a decision beside a guarded one', [mail('approve')], [mail('approve'), read]],
    ['fewer approvals', [mail('approve', { quorum: { approve: 2 } })], [mail('approve')]],
    ['more denials', [mail('approve')], [mail('approve', { quorum: { deny: 2 } })]],
    ['self-approval', [mail('approve')], [mail('approve', { self_approval: true })]],
    ['decisions without a signature', [mail('approve', { signed: 'required' })], [mail('approve', { signed: 'optional' })]],
    ['what was irreversible', [mail('approve', { irreversible: true })], [mail('approve')]],
    ['an expiry that denied', [mail('approve', { on_expiry: 'deny' })], [mail('approve', { on_expiry: 'keep' })]],
    ['longer grants', [mail('session', { grant_ttl: 60 })], [mail('session')]],
    ['more uses of a grant', [mail('session', { grant_uses: 2 })], [mail('session', { grant_uses: 3 })]],
  ])('%s', (_, before, after) => {
    expect(loosenings(before, after)).toHaveLength(1)
    expect(loosenings(before, before)).toEqual([])
  })

  it.each<[string, readonly Capability[], readonly Capability[]]>([
    ['the first capability', [], [read]],
    ['another one where none is guarded', [read], [read, { name: 'x', risk_tier: 'audit' }]],
    ['a stricter tier', [mail('auto')], [mail('approve')]],
    ['a guarded name more', [mail('approve')], [mail('approve'), { name: 'x', risk_tier: 'session' }]],
    ['more approvals', [mail('approve')], [mail('approve', { quorum: { approve: 2 } })]],
    ['a free name that is taken away', [mail('approve'), read], [mail('approve')]],
  ])('not: %s', (_, before, after) => {
    expect(loosenings(before, after)).toEqual([])
  })
})
