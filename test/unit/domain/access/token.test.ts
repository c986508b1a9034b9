/** Says what makes a token genuine, and that nothing else does. */
import { createHmac } from 'node:crypto'
import { leaseText, parseCredentialToken, parseLeaseToken } from '@modelreins/contract'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type TokenKey, base32, isMacValid, equalInConstantTime, sign } from '../../../../src/domain/access/token.ts'

const key = (id: string, secret: string): TokenKey => ({ id, hmac: (text) => createHmac('sha256', secret).update(text).digest() })
const first = key('a', 'the first secret')
const second = key('b', 'the second secret')

describe('base 32', () => {
  test('spells the vectors of RFC 4648 in lower case and without padding', () => {
    const spelled = ['', 'f', 'fo', 'foo', 'foob', 'fooba', 'foobar'].map((text) => base32(new TextEncoder().encode(text)))
    expect(spelled).toEqual(['', 'my', 'mzxq', 'mzxw6', 'mzxw6yq', 'mzxw6ytb', 'mzxw6ytboi'])
  })
})

describe('a signed token', () => {
  const token = sign(`mrw_acme_${'c'.repeat(16)}_${'s'.repeat(52)}`, first)

  test('is genuine under the key that signed it, whichever place the key has', () => {
    const parsed = parseCredentialToken(token)
    expect(parsed).toMatchObject({ kind: 'worker', tenant: 'acme', credential: 'c'.repeat(16) })
    expect(isMacValid(parsed?.signed ?? '', parsed?.mac ?? '', [second, first])).toBe(true)
  })

  test('is not genuine under another secret, even with the same key id', () => {
    const parsed = parseCredentialToken(token)
    expect(isMacValid(parsed?.signed ?? '', parsed?.mac ?? '', [key('a', 'another secret')])).toBe(false)
    expect(isMacValid(parsed?.signed ?? '', parsed?.mac ?? '', [second])).toBe(false)
  })

  test('stops being genuine with any single changed character', () => {
    fc.assert(
      fc.property(fc.nat(token.length - 1), fc.constantFrom(...'abcdefghijklmnopqrstuvwxyz0123456789'), (at, letter) => {
        fc.pre(token[at] !== letter)
        const forged = parseCredentialToken(`${token.slice(0, at)}${letter}${token.slice(at + 1)}`)
        return forged === undefined || !isMacValid(forged.signed, forged.mac, [first, second])
      }),
      { numRuns: 500 },
    )
  })

  test('cannot have its parts moved into another kind, tenant or credential', () => {
    const parsed = parseCredentialToken(token)
    for (const other of [token.replace('mrw_', 'mrk_'), token.replace('acme', 'evil'), token.replace('_acme_cc', '_acmec_c')]) {
      const forged = parseCredentialToken(other)
      expect(forged !== undefined && isMacValid(forged.signed, forged.mac, [first])).toBe(false)
    }
    expect(parsed).toBeDefined()
  })
})

describe('a lease token', () => {
  const lease = {
    tenant: 'acme',
    job_id: 12,
    attempt: 2,
    worker_id: `wk${'1'.repeat(12)}`,
    nonce: 'nonce12345',
    offered_at: 1_800_000_000_000,
    expires_at: 1_800_000_030_000,
  }

  test('says exactly what was signed into it', () => {
    const parsed = parseLeaseToken(sign(leaseText(lease), first))
    expect(parsed).toMatchObject(lease)
    expect(isMacValid(parsed?.signed ?? '', parsed?.mac ?? '', [first])).toBe(true)
  })

  test('is never taken for a credential', () => {
    expect(parseCredentialToken(sign(leaseText(lease), first))).toBeUndefined()
  })
})

describe('comparing secrets', () => {
  test('tells equal from different', () => {
    expect(equalInConstantTime('abc', 'abc')).toBe(true)
    expect(equalInConstantTime('abc', 'abd')).toBe(false)
    expect(equalInConstantTime('abc', 'ab')).toBe(false)
  })
})
