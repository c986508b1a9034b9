/** Says that a token is checked once, and again when the keys have changed or it was forgotten; and that a forged one is never remembered. */
import { createHmac } from 'node:crypto'
import { beforeEach, expect, test } from 'vitest'
import { leaseText } from '@modelreins/contract'
import { sign, type TokenKey } from '../../../../src/domain/access/token.ts'
import { callerOf } from '../../../../src/edge/access/authenticate.ts'
import { GenuineCallers } from '../../../../src/edge/access/genuine-callers.ts'

let checks = 0
const keyOf = (id: string, secret: string): TokenKey => ({
  id,
  hmac: (text) => {
    checks += 1
    return createHmac('sha256', secret).update(text).digest()
  },
})
const key = keyOf('k', 'one secret')
const keys = [key]
const memberToken = (credential: string) => sign(`mrk_acme_${credential}_${'s'.repeat(52)}`, key)
const lease = {
  tenant: 'acme',
  job_id: 7,
  attempt: 1,
  worker_id: 'wk0123456789',
  nonce: 'nonce12345',
  offered_at: 1_800_000_000_000,
  expires_at: 1_800_000_100_000,
}

let callers: GenuineCallers
beforeEach(() => {
  callers = new GenuineCallers()
  checks = 0
})

test.each([
  ['a key', memberToken('credential1')],
  ['a lease', sign(leaseText(lease), key)],
])('%s is checked once, and says the same each time', (_, token) => {
  const first = callers.of(token, keys, undefined)
  expect(first).toEqual(callerOf(token, keys, undefined))
  checks = 0
  expect(callers.of(token, keys, undefined)).toBe(first)
  expect(checks).toBe(0)
})

test('a forged token is nobody, however often and however alike a genuine one', () => {
  const token = memberToken('credential1')
  callers.of(token, keys, undefined)
  checks = 0
  const forged = `${token.slice(0, -1)}${token.endsWith('a') ? 'b' : 'a'}`
  for (let times = 0; times < 3; times += 1) expect(callers.of(forged, keys, undefined)).toBeUndefined()
  expect(checks).toBe(3)
})

test('what was genuine under other keys is not so any more', () => {
  const token = memberToken('credential1')
  expect(callers.of(token, keys, undefined)).toBeDefined()
  expect(callers.of(token, [keyOf('k', 'another secret')], undefined)).toBeUndefined()
})

test('the master token is compared each time', () => {
  const master = 'a-master-token-of-thirty-characters'
  expect(callers.of(master, keys, master)?.kind).toBe('master')
  expect(callers.of(master, keys, 'replaced-by-another-of-thirty-characters')).toBeUndefined()
})

test('the oldest is forgotten first', () => {
  callers = new GenuineCallers(2)
  const [first, second, third] = ['credential1', 'credential2', 'credential3'].map(memberToken)
  for (const token of [first, second, third]) callers.of(token ?? '', keys, undefined)
  checks = 0
  callers.of(third ?? '', keys, undefined)
  callers.of(second ?? '', keys, undefined)
  expect(checks).toBe(0)
  callers.of(first ?? '', keys, undefined)
  expect(checks).toBe(1)
})
