/** Says which capabilities a tenant has, and that editing a policy changes what the form is for and nothing else. */
import { reviewPolicy, type Worker } from '@modelreins/contract'
import { expect, test } from 'vitest'
import { capabilitiesOf, draftOf, isGated, policyFrom, policyWords } from '../../../dashboard/src/screens/settings/policies.ts'

const worker = (name: string, capabilities: Worker['capabilities']): Worker =>
  ({ worker_id: `wk${name}`, name, capabilities }) as unknown as Worker

test('capabilities are listed once, with every worker that has them, and those that only a policy names', () => {
  const found = capabilitiesOf(
    [
      worker('anna', [
        { name: 'mail.send', risk_tier: 'approve' },
        { name: 'look', risk_tier: 'auto' },
      ]),
      worker('bert', [{ name: 'mail.send', risk_tier: 'session', policy: { grant_uses: 3 } }]),
    ],
    { 'pay.out': { quorum: { approve: 2 } } },
  )
  expect(found.map(({ name, uses }) => [name, uses.map((use) => `${use.worker} ${use.tier}`)])).toEqual([
    ['look', ['anna auto']],
    ['mail.send', ['anna approve', 'bert session']],
    ['pay.out', []],
  ])
  expect(found.map(isGated)).toEqual([false, true, true])
})

test('an edit keeps what the form has no field for, and an empty form is no policy', () => {
  const before = { quorum: { approve: 2, deny: 3 }, ttl: 7_200, signed: 'required', grant_uses: 4 } as const
  expect(policyFrom(before, draftOf(before))).toEqual(before)
  const after = policyFrom(before, {
    ...draftOf(before),
    approve: '',
    signed: false,
    irreversible: true,
    ttlHours: '0.5',
    on_expiry: 'deny',
  })
  expect(after).toEqual({ quorum: { deny: 3 }, ttl: 1_800, on_expiry: 'deny', irreversible: true, grant_uses: 4 })
  expect(reviewPolicy.safeParse(after).success).toBe(true)
  expect(policyFrom(undefined, draftOf(undefined))).toBeUndefined()
})

test('a policy reads as words', () => {
  expect(policyWords(undefined)).toEqual([])
  const words = policyWords({ quorum: { approve: 2 }, ttl: 7_200, on_expiry: 'deny', signed: 'required' })
  expect(words).toEqual(['2 approvals', 'signed with a passkey', 'after 2 h it expires'])
})
