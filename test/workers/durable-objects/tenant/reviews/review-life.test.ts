import { abortAllDurableObjects, evictDurableObject } from 'cloudflare:test'
import { createHash } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { canonicalJson } from '@modelreins/contract'
import { capability, noon, runOffered, scene, tamper, trail } from './approval-scene.ts'
import type { Scene } from './approval-scene.ts'
import { failureOf, frozenTime } from '../harness.ts'

let clock: ReturnType<typeof frozenTime>
beforeEach(() => {
  clock = frozenTime(noon)
})
afterEach(() => {
  vi.useRealTimers()
})

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

/** An artifact that joins a review: its digest is another one then. */
const upload = async (at: Scene, review_id: number, slug: string) => {
  const { credential } = at.anna
  const about = { credential, slug, request_id: 'test' }
  const reserved = await at.tenant.stub.reserveArtifact({ ...about, place: { review_id }, idempotency_key: null })
  if (!reserved.ok) return reserved
  const upload = {
    review_id,
    filename: 'a',
    content_type: 'text/plain',
    size_bytes: 1,
    sha256: sha256(slug),
    share: false,
    expires_at: null,
  }
  return at.tenant.stub.keepArtifact({ ...about, upload })
}

describe('a quorum of two', () => {
  const twoOfUs = async () => {
    const at = await scene()
    const policy = { quorum: { approve: 2 } }
    await at.tenant.must('workers.update', { worker_id: at.anna.id, capabilities: [{ name: capability, risk_tier: 'approve', policy }] })
    const job = await at.tenant.must('jobs.dispatch', { prompt: 'Write', capability })
    return { at, job_id: job.id, review_id: job.review_id ?? 0 }
  }

  it('waits for the second member', async () => {
    const { at, review_id } = await twoOfUs()
    const decide = (who: Scene['rosa']) => at.tenant.must('reviews.decide', { review_id, verdict: 'approve' }, who.credential)
    expect((await decide(at.rosa)).status).toBe('pending')
    expect((await decide(at.rosa)).decisions).toHaveLength(1)
    expect(await at.tenant.offers(at.anna)).toEqual([])
    expect((await decide(at.ruth)).status).toBe('approved')
    expect((await runOffered(at)).status).toBe('running')
  })

  it('agrees on the edit, not on what was there before', async () => {
    const { at, job_id, review_id } = await twoOfUs()
    await at.tenant.must('reviews.decide', { review_id, verdict: 'approve' }, at.rosa.credential)
    const payload = { prompt: 'Write kindly' }
    const after = await at.tenant.must('reviews.decide', { review_id, verdict: 'edit', payload }, at.ruth.credential)
    expect(after).toMatchObject({ status: 'pending', payload: { prompt: 'Write kindly', input: null } })
    // Not the job's yet: nobody else has agreed.
    expect((await at.tenant.must('jobs.get', { job_id })).prompt).toBe('Write')
    await abortAllDurableObjects()
    expect((await at.tenant.must('reviews.decide', { review_id, verdict: 'approve' }, at.rosa.credential)).status).toBe('approved')
    await at.tenant.present(at.anna)
    expect((await runOffered(at)).prompt).toBe('Write kindly')
  })

  it('does not count a member who was revoked in between', async () => {
    const { at, review_id } = await twoOfUs()
    await at.tenant.must('reviews.decide', { review_id, verdict: 'approve' }, at.rosa.credential)
    await at.tenant.must('members.revoke', { member_id: at.rosa.id })
    expect((await at.tenant.must('reviews.decide', { review_id, verdict: 'approve' }, at.ruth.credential)).status).toBe('pending')
  })
})

describe('time', () => {
  it('reminds after a day, expires after seven, with the object evicted between: the worker hears of it', async () => {
    const at = await scene()
    const { review_id } = await at.tenant.must('jobs.dispatch', { prompt: 'x', capability })
    for (const [days, status, actions] of [
      [1, 'pending', ['review.open', 'review.remind']],
      [6, 'expired', ['review.open', 'review.remind', 'review.expire']],
    ] as const) {
      await evictDurableObject(at.tenant.raw)
      clock.pass(days * 86_400_000)
      expect(await at.tenant.must('reviews.get', { review_id: review_id ?? 0 })).toMatchObject({ status })
      expect(await trail(at.tenant, 'review.')).toEqual(actions)
    }
    expect(await at.tenant.must('jobs.get', { job_id: 1 })).toMatchObject({
      status: 'failed',
      error: { type: 'denied', message: expect.stringContaining('expired without a decision') },
    })
  })

  it('does all of it at once after a long sleep', async () => {
    const at = await scene()
    await at.tenant.must('jobs.dispatch', { prompt: 'x', capability })
    clock.pass(30 * 86_400_000)
    await at.tenant.must('presence.list', {})
    expect(await trail(at.tenant, 'review.')).toEqual(['review.open', 'review.remind', 'review.expire'])
  })

  it('follows the policy: deny after the ttl, or escalate', async () => {
    const at = await scene()
    for (const [on_expiry, status, last] of [
      ['deny', 'expired', 'review.expire'],
      ['escalate', 'pending', 'review.escalate'],
    ] as const) {
      const policy = { ttl: 60, on_expiry }
      await at.tenant.must('workers.update', { worker_id: at.anna.id, capabilities: [{ name: capability, risk_tier: 'approve', policy }] })
      await at.tenant.present(at.anna)
      const { review_id } = await at.tenant.must('jobs.dispatch', { prompt: 'x', capability })
      clock.pass(60_001)
      expect((await at.tenant.must('reviews.get', { review_id: review_id ?? 0 })).status).toBe(status)
      expect((await trail(at.tenant, 'review.')).at(-1)).toBe(last)
    }
  })

  it('wakes a call that waits for a review that expires', async () => {
    const at = await scene()
    const { review_id } = await at.tenant.must('jobs.dispatch', { prompt: 'x', capability })
    const waiting = at.tenant.must('reviews.get', { review_id: review_id ?? 0, wait: 20 })
    await at.tenant.must('presence.list', {})
    clock.pass(8 * 86_400_000)
    await at.tenant.must('presence.list', {})
    expect((await waiting).status).toBe('expired')
  })

  it('does not age a held job: its own expiry counts from its release', async () => {
    const at = await scene()
    const job = await at.tenant.must('jobs.dispatch', { prompt: 'x', capability, expires_in: 60 })
    clock.pass(3_600_000)
    expect((await at.tenant.must('jobs.get', { job_id: job.id })).status).toBe('pending')
    await at.tenant.must('reviews.decide', { review_id: job.review_id ?? 0, verdict: 'approve' }, at.rosa.credential)
    clock.pass(59_000)
    expect((await at.tenant.must('jobs.get', { job_id: job.id })).status).toBe('pending')
    clock.pass(2_000)
    expect(await at.tenant.must('jobs.get', { job_id: job.id })).toMatchObject({ status: 'failed', error: { type: 'expired' } })
    // An approval that nobody used does not outlive its job.
    expect((await at.tenant.must('reviews.get', { review_id: job.review_id ?? 0 })).status).toBe('withdrawn')
  })
})

describe('a job that its worker hands to a human', () => {
  const escalated = async (result = 'I think the answer is 42') => {
    const at = await scene('auto')
    const { id } = await at.tenant.must('jobs.dispatch', { prompt: 'x', capability })
    await at.tenant.must('claims.claim', { job_id: id }, at.anna.credential)
    const job = await at.tenant.must('claims.close', { job_id: id, status: 'escalated', result }, at.anna.credential)
    return { at, job, review_id: job.review_id ?? 0 }
  }

  it('keeps its result and waits; its worker is free', async () => {
    const { at, job, review_id } = await escalated()
    expect(job).toMatchObject({ status: 'pending', hold: 'review', result: 'I think the answer is 42', error: null })
    expect(await at.tenant.must('reviews.get', { review_id })).toMatchObject({
      type: 'escalation',
      status: 'pending',
      job_id: job.id,
      content: 'I think the answer is 42',
      payload: { result: 'I think the answer is 42' },
    })
    expect(await at.tenant.offers(at.anna)).toEqual([])
    expect((await at.tenant.must('presence.list', {})).items[0]?.running).toBe(0)
    expect((await at.tenant.must('jobs.why', { job_id: job.id })).answer).toContain(`review ${review_id} settles it`)
  })

  it('hears the same word again without harm, and no other', async () => {
    const { at, job } = await escalated()
    const again = await at.tenant.must('claims.close', { job_id: job.id, status: 'escalated', result: 'x' }, at.anna.credential)
    expect(again.review_id).toBe(job.review_id)
    for (const status of ['done', 'failed'] as const) {
      expect(failureOf(await at.tenant.as(at.anna.credential, 'claims.close', { job_id: job.id, status }))).toBe('lease-lost')
    }
  })

  it.each([
    ['approve', {}, { status: 'done', result: 'I think the answer is 42', error: null }],
    ['respond', { comment: 'It is 43.' }, { status: 'done', result: 'It is 43.', error: null }],
    ['edit', { payload: { result: 'It is 44.' } }, { status: 'done', result: 'It is 44.', error: null }],
    ['edit', { payload: 'It is 45.' }, { status: 'done', result: 'It is 45.', error: null }],
    ['deny', { comment: 'Nonsense.' }, { status: 'failed', error: { type: 'denied', message: 'Nonsense.' } }],
  ] as const)('is settled by %s, the object killed between the steps', async (verdict, more, expected) => {
    const { at, job, review_id } = await escalated()
    await abortAllDurableObjects()
    await at.tenant.must('reviews.decide', { review_id, verdict, ...more }, at.rosa.credential)
    await abortAllDurableObjects()
    expect(await at.tenant.must('jobs.get', { job_id: job.id })).toMatchObject({ ...expected, hold: null })
    expect(failureOf(await at.tenant.as(at.ruth.credential, 'reviews.decide', { review_id, verdict: 'approve' }))).toBe('wrong-state')
    expect((await at.tenant.must('reviews.get', { review_id })).status).toBe(verdict === 'deny' ? 'denied' : 'approved')
  })

  it('is not settled with a result that was changed behind the review', async () => {
    const { at, job, review_id } = await escalated()
    await tamper(at.tenant, `update jobs set outcome = replace(outcome, '42', '43') where id = ${job.id}`)
    expect(failureOf(await at.tenant.as(at.rosa.credential, 'reviews.decide', { review_id, verdict: 'approve' }))).toBe('conflict')
    expect((await at.tenant.must('jobs.get', { job_id: job.id })).status).toBe('pending')
  })

  it('can be aborted, which takes the review back, and retried after', async () => {
    const { at, job, review_id } = await escalated()
    await at.tenant.must('jobs.abort', { job_id: job.id })
    expect((await at.tenant.must('reviews.get', { review_id })).status).toBe('withdrawn')
    expect(await at.tenant.must('jobs.retry', { job_id: job.id })).toMatchObject({ status: 'pending', hold: null })
  })
})

describe('an artifact that joins a review', () => {
  it('is part of what is decided on: what was read before does not count, what is read now does', async () => {
    const at = await scene()
    const before = await at.tenant.must('reviews.submit', { title: 'Post', payload: { text: 'Hello' } }, at.anna.credential)
    expect(await upload(at, before.id, 'arpicture1')).toMatchObject({ ok: true })
    const after = await at.tenant.must('reviews.get', { review_id: before.id })
    expect(after).toMatchObject({ status: 'pending', artifacts: ['arpicture1'], artifact_digests: [sha256('arpicture1')] })
    expect(after.digest).toBe(sha256(canonicalJson({ artifacts: after.artifact_digests, capability: null, payload: { text: 'Hello' } })))
    const approve = (digest: string) =>
      at.tenant.as(at.rosa.credential, 'reviews.decide', { review_id: before.id, verdict: 'approve', digest })
    expect(failureOf(await approve(before.digest))).toBe('conflict')
    expect(await approve(after.digest)).toMatchObject({ ok: true, value: { status: 'approved' } })
    expect(await upload(at, before.id, 'arpicture2')).toMatchObject({ ok: false, failure: { code: 'wrong-state' } })
    expect(await trail(at.tenant, 'review.')).toEqual(['review.open', 'review.attach', 'review.approve'])
  })
})
