import { describe, expect, it } from 'vitest'
import {
  attach,
  consume,
  covers,
  decide,
  applyTime,
  grantTerms,
  isSelfApproved,
  openReview,
  isApprovalValid,
  supersede,
  withdraw,
} from '../../../../src/domain/review/review.ts'
import type { ReviewDraft, ReviewRecord, DecisionInput } from '../../../../src/domain/review/review.ts'
import { policyOf } from '../../../../src/domain/review/risk.ts'
import type { Result } from '../../../../src/domain/result.ts'

const at = Date.parse('2026-06-01T12:00:00Z')
const hour = 3_600_000
const day = 24 * hour
const hex = (letter: string): string => letter.repeat(64)

const draft = (more: Partial<ReviewDraft> = {}): ReviewDraft => ({
  id: 1,
  type: 'dispatch',
  title: 'Job 7: email.send on anna',
  content: '',
  preview: null,
  target: null,
  capability: 'email.send',
  payload: { prompt: 'hello' },
  digest: hex('a'),
  risk_tier: 'approve',
  session: null,
  policy: policyOf(undefined),
  irreversible: false,
  job_id: 7,
  worker_id: 'wkanna',
  attempt: null,
  created_by: 'member:olga',
  requested_by: ['olga'],
  ...more,
})
const opened = (more: Partial<ReviewDraft> = {}): ReviewRecord => openReview(draft(more), at)
const word = (verdict: DecisionInput['verdict'], by: string, more: Partial<DecisionInput> = {}): DecisionInput => ({
  verdict,
  comment: verdict === 'deny' || verdict === 'respond' ? 'not so' : null,
  by: { member_id: by, name: by },
  at,
  ...more,
})
const everybody: Parameters<typeof decide>[2] = { selfRefusal: null, mayDecide: () => true }
const value = <Value>(result: Result<Value>): Value => {
  if (!result.ok) throw new Error(`${result.failure.code}: ${result.failure.detail}`)
  return result.value
}
const said = (review: ReviewRecord, one: DecisionInput, rules = everybody) => value(decide(review, one, rules))
const refusal = (review: ReviewRecord, one: DecisionInput, rules: Parameters<typeof decide>[2] = everybody) => {
  const result = decide(review, one, rules)
  return result.ok ? 'ok' : `${result.failure.code}: ${result.failure.detail}`
}

describe('a decision', () => {
  it('approves at once when one is enough', () => {
    const { review, change } = said(opened(), word('approve', 'rosa'))
    expect(change).toBe('settled')
    expect(review).toMatchObject({ status: 'approved', settled_at: at, next: null })
    expect(review.decisions).toEqual([{ verdict: 'approve', comment: null, by: 'rosa', member_id: 'rosa', at, digest: hex('a') }])
  })

  it('needs words to deny or to respond, and a payload to edit', () => {
    for (const verdict of ['deny', 'respond'] as const) {
      expect(refusal(opened(), word(verdict, 'rosa', { comment: null }))).toMatch(/^invalid-request/)
      expect(refusal(opened(), word(verdict, 'rosa', { comment: '  ' }))).toMatch(/^invalid-request/)
      expect(said(opened(), word(verdict, 'rosa')).review.status).toBe('denied')
    }
    expect(refusal(opened(), word('edit', 'rosa'))).toMatch(/^invalid-request/)
  })

  it('counts only for what was read', () => {
    expect(refusal(opened(), word('approve', 'rosa', { digest: hex('b') }))).toMatch(/^conflict: .*its current digest is a+/)
    expect(said(opened(), word('approve', 'rosa', { digest: hex('a') })).review.status).toBe('approved')
  })

  it('is not made twice: the same word again changes nothing, another word is told the state', () => {
    const { review } = said(opened(), word('approve', 'rosa'))
    expect(said(review, word('approve', 'rosa'))).toEqual({ review, change: 'none' })
    expect(refusal(review, word('approve', 'ruth'))).toMatch(/^wrong-state: Review 1 is approved/)
    // Other words, or other terms: no repetition, and not dropped in silence.
    expect(refusal(review, word('approve', 'rosa', { comment: 'only today' }))).toMatch(/^wrong-state/)
    expect(refusal(review, word('approve', 'rosa', { grant: { ttl_ms: 1, uses: null } }))).toMatch(/^wrong-state/)
    expect(refusal(review, word('deny', 'rosa'))).toMatch(/^wrong-state/)
    const spent = value(consume(review, 'job 7 attempt 1', at))
    expect(said(spent, word('approve', 'rosa')).change).toBe('none')
    const back = value(withdraw(review, at))
    expect(refusal(back, word('approve', 'rosa'))).toMatch(/^wrong-state: Review 1 is withdrawn/)
  })

  it('is refused to whoever asked, except to say no', () => {
    const rules = { selfRefusal: 'You dispatched it.', mayDecide: () => true }
    expect(refusal(opened(), word('approve', 'olga'), rules)).toBe('forbidden: You dispatched it.')
    expect(refusal(opened(), word('edit', 'olga', { edit: { payload: {}, digest: hex('b') } }), rules)).toMatch(/^forbidden/)
    expect(said(opened(), word('deny', 'olga'), rules).review.status).toBe('denied')
  })

  it('of words settles an escalation as answered', () => {
    expect(said(opened({ type: 'escalation' }), word('respond', 'rosa')).review.status).toBe('approved')
  })
})

describe('a quorum', () => {
  const two = { policy: policyOf({ quorum: { approve: 2, deny: 2 } }) }

  it('counts members, not words', () => {
    const first = said(opened(two), word('approve', 'rosa'))
    expect(first).toMatchObject({ change: 'recorded', review: { status: 'pending' } })
    expect(said(first.review, word('approve', 'rosa')).change).toBe('none')
    expect(said(first.review, word('approve', 'ruth')).review.status).toBe('approved')
  })

  it('takes the last word of each', () => {
    const changed = said(said(opened(two), word('approve', 'rosa')).review, word('deny', 'rosa')).review
    expect(changed.status).toBe('pending')
    expect(said(changed, word('approve', 'ruth')).review.status).toBe('pending')
    expect(said(changed, word('deny', 'ruth')).review.status).toBe('denied')
  })

  it('begins anew when somebody edits: what was approved before is not what would run', () => {
    const first = said(opened(two), word('approve', 'rosa')).review
    const edit = { payload: { prompt: 'hello, kindly' }, digest: hex('b') }
    const second = said(first, word('edit', 'ruth', { edit })).review
    expect(second).toMatchObject({ status: 'pending', digest: hex('b'), payload: edit.payload, asked_payload: { prompt: 'hello' } })
    expect(said(second, word('approve', 'rosa')).review.status).toBe('approved')
  })

  it('does not count who may not decide any more, before or after', () => {
    const first = said(opened(two), word('approve', 'rosa')).review
    const withoutRosa = (member: string): boolean => member !== 'rosa'
    expect(said(first, word('approve', 'ruth'), { selfRefusal: null, mayDecide: withoutRosa }).review.status).toBe('pending')
    const both = said(first, word('approve', 'ruth')).review
    expect(isApprovalValid(both, () => true)).toBe(true)
    expect(isApprovalValid(both, withoutRosa)).toBe(false)
  })

  it('begins anew when an artifact joins', () => {
    const first = said(opened(two), word('approve', 'rosa')).review
    const joined = value(attach(first, { slug: 'report12', sha256: hex('c') }, hex('d')))
    expect(joined).toMatchObject({ digest: hex('d'), asked_digest: hex('a') })
    const again = said(joined, word('approve', 'ruth')).review
    expect(again.status).toBe('pending')
    expect(said(again, word('approve', 'rosa')).review.status).toBe('approved')
  })
})

describe('an approval', () => {
  const approved = said(opened(), word('approve', 'rosa')).review

  it('is spent once', () => {
    const spent = value(consume(approved, 'job 7 attempt 1', at + 5))
    expect(spent).toMatchObject({ status: 'consumed', consumed_at: at + 5, consumed_by: 'job 7 attempt 1' })
    expect(consume(spent, 'job 7 attempt 2', at + 6).ok).toBe(false)
    expect(consume(opened(), 'job 7 attempt 1', at).ok).toBe(false)
  })

  it('can be taken back or overtaken until then, and not after', () => {
    expect(value(withdraw(approved, at)).status).toBe('withdrawn')
    expect(value(supersede(approved, 2, at))).toMatchObject({ status: 'superseded', superseded_by: 2 })
    const spent = value(consume(approved, 'x', at))
    expect(withdraw(spent, at).ok).toBe(false)
    expect(supersede(spent, 2, at).ok).toBe(false)
  })

  it('of what a worker submitted is final: there is nothing to spend it on', () => {
    const content = said(opened({ type: 'content' }), word('approve', 'rosa')).review
    expect(withdraw(content, at).ok).toBe(false)
  })

  it('takes no artifact', () => {
    expect(attach(approved, { slug: 'report12', sha256: hex('c') }, hex('d')).ok).toBe(false)
  })

  it('covers a tier and policy that are no stricter than those it was given under', () => {
    const plain = policyOf(undefined)
    expect(covers(approved, 'approve', plain)).toBe(true)
    expect(covers({ ...approved, risk_tier: 'session' }, 'approve', plain)).toBe(false)
    expect(covers({ ...approved, risk_tier: null }, 'approve', plain)).toBe(false)
    expect(covers(approved, 'approve', policyOf({ quorum: { approve: 2 } }))).toBe(false)
    expect(covers(approved, 'approve', policyOf({ signed: 'required' }))).toBe(false)
    const own = said(opened(), word('approve', 'olga')).review
    expect(isSelfApproved(own)).toBe(true)
    expect(covers(own, 'approve', plain)).toBe(false)
    expect(covers(own, 'approve', policyOf({ self_approval: true }))).toBe(true)
  })

  it('names the narrowest terms that anybody gave for the grant', () => {
    const session = opened({ session: 'thread:t', risk_tier: 'session', policy: policyOf({ quorum: { approve: 2 } }) })
    const first = said(session, word('approve', 'rosa', { grant: { ttl_ms: hour, uses: null } })).review
    const both = said(first, word('approve', 'ruth', { grant: { ttl_ms: 2 * hour, uses: 3 } })).review
    expect(grantTerms(both)).toEqual({ ttl_ms: hour, uses: 3 })
  })
})

describe('time', () => {
  const steps = (review: ReviewRecord, until: number): readonly string[] => {
    const seen: string[] = []
    let now: ReviewRecord = review
    while (now.next !== null && now.next.at <= until) {
      const done = applyTime(now, now.next.at)
      if (done === undefined) throw new Error('due and nothing to do')
      seen.push(`${done.step} after ${(now.next.at - at) / hour} h`)
      now = done.review
    }
    return [...seen, now.status]
  }

  it('reminds after a day and expires after seven, unless the policy says otherwise', () => {
    expect(steps(opened(), at + 8 * day)).toEqual(['remind after 24 h', 'expire after 168 h', 'expired'])
    expect(steps(opened({ policy: policyOf({ ttl: 3600 }) }), at + 8 * day)).toEqual(['remind after 1 h', 'expire after 168 h', 'expired'])
    expect(steps(opened({ policy: policyOf({ ttl: 3600, on_expiry: 'deny' }) }), at + 8 * day)).toEqual(['expire after 1 h', 'expired'])
    expect(steps(opened({ policy: policyOf({ on_expiry: 'deny' }) }), at + 8 * day)).toEqual(['expire after 168 h', 'expired'])
    expect(steps(opened({ policy: policyOf({ ttl: 3600, on_expiry: 'escalate' }) }), at + 8 * day)).toEqual([
      'escalate after 1 h',
      'expire after 168 h',
      'expired',
    ])
    expect(steps(opened({ policy: policyOf({ ttl: 7 * 86_400 }) }), at + 8 * day)).toEqual(['expire after 168 h', 'expired'])
  })

  it('does nothing early, and nothing to what is settled', () => {
    expect(applyTime(opened(), at + day - 1)).toBeUndefined()
    expect(applyTime(said(opened(), word('approve', 'rosa')).review, at + 8 * day)).toBeUndefined()
  })
})
