import { describe, expect, it } from 'vitest'
import { riskTiers } from '@modelreins/contract'
import { isGrantActive, termsOf, recordGrantUse } from '../../../../src/domain/review/grant.ts'
import type { GrantRecord } from '../../../../src/domain/review/grant.ts'
import { atLeast, isGated, policyOf, sessionOf, strictest } from '../../../../src/domain/review/risk.ts'

const hour = 3_600_000

describe('risk tiers', () => {
  it('ask a human for approve and session, and nobody for auto and audit', () => {
    expect(riskTiers.filter((tier) => isGated(tier))).toEqual(['approve', 'session'])
    expect(isGated(null)).toBe(false)
  })

  it('are ordered by friction: what was asked for under a looser one is not enough', () => {
    expect(atLeast('approve', 'session')).toBe(true)
    expect(atLeast('session', 'approve')).toBe(false)
    expect(atLeast(null, 'auto')).toBe(false)
  })
})

describe('policies', () => {
  it('merge into one that is nowhere looser', () => {
    const merged = strictest([
      policyOf({ ttl: 60, quorum: { approve: 2 }, self_approval: true, grant_uses: 5 }),
      policyOf({ quorum: { deny: 3 }, on_expiry: 'deny', irreversible: true, signed: 'required', grant_ttl: 60 }),
    ])
    expect(merged).toEqual({
      ttl_ms: 60_000,
      on_expiry: 'deny',
      quorum: { approve: 2, deny: 1 },
      self_approval: false,
      signed: true,
      irreversible: true,
      grant_ttl_ms: 60_000,
      grant_uses: 5,
    })
  })
})

describe('a session', () => {
  const worker = { profile: { instance: 'box-17' } }

  it('is the thread, else the process of the worker, and the two never mix', () => {
    expect(sessionOf('t1', worker)).toBe('thread:t1')
    expect(sessionOf(null, worker)).toBe('process:box-17')
    expect(sessionOf('t1', { profile: { instance: null } })).toBe('thread:t1')
    expect(sessionOf(null, { profile: { instance: null } })).toBeNull()
    expect(sessionOf('box-17', worker)).not.toBe(sessionOf(null, worker))
  })
})

describe('a grant', () => {
  const policy = policyOf({ grant_ttl: 7200, grant_uses: 3 })

  it('has the policy’s terms, which a reviewer may narrow and not widen', () => {
    expect(termsOf(policy, undefined, 0)).toEqual({ expires_at: 2 * hour, max_uses: 3 })
    expect(termsOf(policy, { ttl_ms: hour, uses: 1 }, 0)).toEqual({ expires_at: hour, max_uses: 1 })
    expect(termsOf(policy, { ttl_ms: 9 * hour, uses: 9 }, 0)).toEqual({ expires_at: 2 * hour, max_uses: 3 })
    expect(termsOf(policyOf(undefined), undefined, 0)).toEqual({ expires_at: 12 * hour, max_uses: null })
  })

  it('ends by time, by use, or by being revoked', () => {
    const grant: GrantRecord = {
      grant_id: 'gr1',
      worker_id: 'wk1',
      capability: 'x',
      session: 'thread:t',
      uses: 0,
      max_uses: 1,
      review_id: 1,
      granted_by: 'rosa',
      created_at: 0,
      expires_at: hour,
      revoked_at: null,
    }
    expect(isGrantActive(grant, hour - 1)).toBe(true)
    expect(isGrantActive(grant, hour)).toBe(false)
    expect(isGrantActive(recordGrantUse(grant), 0)).toBe(false)
    expect(isGrantActive({ ...grant, revoked_at: 0 }, 0)).toBe(false)
  })
})
