import { abortAllDurableObjects } from 'cloudflare:test'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { capability, entrances, noon, review, runOffered, scene, tamper, trail } from './approval-scene.ts'
import type { Scene } from './approval-scene.ts'
import { failureOf, frozenTime, TestTenant } from '../harness.ts'

let clock: ReturnType<typeof frozenTime>
beforeEach(() => {
  clock = frozenTime(noon)
})
afterEach(() => {
  vi.useRealTimers()
})

const jobOf = ({ tenant }: Scene, job_id: number) => tenant.must('jobs.get', { job_id })

describe.each(Object.keys(entrances))('a job that waits for a human after %s', (entrance) => {
  const enter = async (): Promise<{ at: Scene; job_id: number; review_id: number }> => {
    const at = await scene()
    const job = await entrances[entrance]?.(at, clock)
    expect(job).toMatchObject({ status: 'pending', hold: 'review', capability })
    expect(job?.review_id).toEqual(expect.any(Number))
    expect(await review(at, job ?? { review_id: null })).toMatchObject({ status: 'pending', type: 'dispatch', job_id: job?.id })
    return { at, job_id: job?.id ?? 0, review_id: job?.review_id ?? 0 }
  }
  /** No worker gets it by any way. */
  const closed = async (at: Scene, job_id: number): Promise<void> => {
    expect((await at.tenant.offers(at.anna, 100)).map((offer) => offer.job.id)).not.toContain(job_id)
    expect((await at.tenant.must('claims.inbox', {}, at.anna.credential)).jobs.map((job) => job.id)).not.toContain(job_id)
    expect(failureOf(await at.tenant.as(at.anna.credential, 'claims.claim', { job_id }))).toBe('wrong-state')
  }

  it('is offered to nobody, and starts once it is approved: the decision is spent by that', async () => {
    const { at, job_id, review_id } = await enter()
    await closed(at, job_id)
    await at.tenant.must('reviews.decide', { review_id, verdict: 'approve' }, at.rosa.credential)
    expect(await jobOf(at, job_id)).toMatchObject({ status: 'pending', hold: null, review_id })
    const [offer] = await at.tenant.offers(at.anna)
    expect(offer?.job.id).toBe(job_id)
    if (offer === undefined) throw new Error('no offer')
    await at.tenant.must('claims.start', { job_id }, at.tenant.lease(offer))
    const spent = await at.tenant.must('reviews.get', { review_id })
    expect(spent).toMatchObject({ status: 'consumed', consumed_at: new Date(clock.now).toISOString() })
    // Replay: the same start again is the same attempt, and spends nothing.
    expect((await at.tenant.must('claims.start', { job_id }, at.tenant.lease(offer))).job.status).toBe('running')
    expect(await at.tenant.must('reviews.get', { review_id })).toEqual(spent)
  })

  it('refuses the member who dispatched it: 403, and says who may', async () => {
    const { at, job_id, review_id } = await enter()
    const answer = await at.tenant.call('reviews.decide', { review_id, verdict: 'approve' })
    expect(answer).toMatchObject({ ok: false, failure: { code: 'forbidden', detail: expect.stringContaining('Rosa, Ruth') } })
    await closed(at, job_id)
  })

  it('refuses the worker, and a member who may not decide: 403', async () => {
    const { at, job_id, review_id } = await enter()
    const otto = await at.tenant.member('Otto', 'operator')
    const vera = await at.tenant.member('Vera', 'viewer')
    for (const who of [at.anna.credential, otto.credential, vera.credential]) {
      expect(failureOf(await at.tenant.as(who, 'reviews.decide', { review_id, verdict: 'approve' }))).toBe('forbidden')
    }
    await closed(at, job_id)
  })

  it('refuses another tenant: 404, there is no such review there', async () => {
    const { at, job_id, review_id } = await enter()
    const other = await TestTenant.create()
    expect(failureOf(await other.call('reviews.decide', { review_id, verdict: 'approve' }))).toBe('not-found')
    // A credential of another tenant is unknown here, whatever it may do at home: 401.
    expect(failureOf(await at.tenant.as(other.owner, 'reviews.decide', { review_id, verdict: 'approve' }))).toBe('unauthorized')
    await closed(at, job_id)
  })

  it('refuses a decision about another digest: 409', async () => {
    const { at, job_id, review_id } = await enter()
    const stale = 'a'.repeat(64)
    expect(failureOf(await at.tenant.as(at.rosa.credential, 'reviews.decide', { review_id, verdict: 'approve', digest: stale }))).toBe(
      'conflict',
    )
    await closed(at, job_id)
    const { digest } = await at.tenant.must('reviews.get', { review_id })
    await at.tenant.must('reviews.decide', { review_id, verdict: 'approve', digest }, at.rosa.credential)
    expect((await runOffered(at)).id).toBe(job_id)
  })

  it('refuses to release a job that was changed by one byte before the decision: 409, and a new review shows what it is now', async () => {
    const { at, job_id, review_id } = await enter()
    await tamper(at.tenant, `update jobs set spec = replace(spec, 'customer', 'custOmer') where id = ${job_id}`)
    expect(failureOf(await at.tenant.as(at.rosa.credential, 'reviews.decide', { review_id, verdict: 'approve' }))).toBe('conflict')
    const job = await jobOf(at, job_id)
    expect(job).toMatchObject({ hold: 'review', review_id: review_id + 1 })
    expect(await at.tenant.must('reviews.get', { review_id })).toMatchObject({ status: 'superseded', superseded_by: review_id + 1 })
    expect(await review(at, job)).toMatchObject({ status: 'pending', payload: { prompt: 'Write to the custOmer' } })
    await closed(at, job_id)
    // Who noticed may decide about it: they have changed nothing.
    await at.tenant.must('reviews.decide', { review_id: review_id + 1, verdict: 'approve' }, at.rosa.credential)
    expect((await runOffered(at)).prompt).toBe('Write to the custOmer')
  })

  it('does not start when it was changed by one byte after the decision: 409 at the start, and it is held anew', async () => {
    const { at, job_id, review_id } = await enter()
    await at.tenant.must('reviews.decide', { review_id, verdict: 'approve' }, at.rosa.credential)
    const [offer] = await at.tenant.offers(at.anna)
    if (offer === undefined) throw new Error('no offer')
    await tamper(at.tenant, `update jobs set spec = replace(spec, 'customer', 'custOmer') where id = ${job_id}`)
    expect(failureOf(await at.tenant.as(at.tenant.lease(offer), 'claims.start', { job_id }))).toBe('lease-lost')
    expect(await jobOf(at, job_id)).toMatchObject({
      status: 'pending',
      hold: 'review',
      review_id: review_id + 1,
      attempt: offer.job.attempt,
    })
    expect(await at.tenant.must('reviews.get', { review_id })).toMatchObject({ status: 'superseded', consumed_at: null })
    await closed(at, job_id)
  })

  it('is offered to nobody when it was changed by one byte after the decision and before any offer', async () => {
    const { at, job_id, review_id } = await enter()
    await at.tenant.must('reviews.decide', { review_id, verdict: 'approve' }, at.rosa.credential)
    await tamper(at.tenant, `update jobs set spec = replace(spec, 'customer', 'custOmer') where id = ${job_id}`)
    await closed(at, job_id)
    expect(await jobOf(at, job_id)).toMatchObject({ hold: 'review', review_id: review_id + 1 })
  })

  it('does not start on an approval whose giver was revoked since: it is held anew', async () => {
    const { at, job_id, review_id } = await enter()
    await at.tenant.must('reviews.decide', { review_id, verdict: 'approve' }, at.rosa.credential)
    const [offer] = await at.tenant.offers(at.anna)
    await at.tenant.must('members.revoke', { member_id: at.rosa.id })
    if (offer === undefined) throw new Error('no offer')
    expect(failureOf(await at.tenant.as(at.tenant.lease(offer), 'claims.start', { job_id }))).toBe('lease-lost')
    expect(await jobOf(at, job_id)).toMatchObject({ status: 'pending', hold: 'review', review_id: review_id + 1 })
    expect(failureOf(await at.tenant.as(at.rosa.credential, 'reviews.decide', { review_id: review_id + 1, verdict: 'approve' }))).toBe(
      'unauthorized',
    )
    await closed(at, job_id)
    await at.tenant.must('reviews.decide', { review_id: review_id + 1, verdict: 'approve' }, at.ruth.credential)
    expect((await runOffered(at)).id).toBe(job_id)
  })

  it('answers a double click alike and records it once; another word, or another member, is told the state: 409', async () => {
    const { at, review_id } = await enter()
    const before = (await trail(at.tenant, 'review.approve')).length
    const first = await at.tenant.must('reviews.decide', { review_id, verdict: 'approve' }, at.rosa.credential)
    const second = await at.tenant.must('reviews.decide', { review_id, verdict: 'approve' }, at.rosa.credential)
    expect(second).toEqual(first)
    expect((await trail(at.tenant, 'review.approve')).length).toBe(before + 1)
    const others = [
      { who: at.ruth, verdict: 'approve' as const },
      { who: at.rosa, verdict: 'deny' as const },
    ]
    for (const { who, verdict } of others) {
      const answer = await at.tenant.as(who.credential, 'reviews.decide', { review_id, verdict, comment: 'no' })
      expect(answer).toMatchObject({ ok: false, failure: { code: 'wrong-state', detail: expect.stringContaining('approved') } })
    }
  })

  it('fails when the review is denied, with the reviewer’s words', async () => {
    const { at, job_id, review_id } = await enter()
    expect(failureOf(await at.tenant.as(at.rosa.credential, 'reviews.decide', { review_id, verdict: 'deny' }))).toBe('invalid-request')
    await at.tenant.must('reviews.decide', { review_id, verdict: 'deny', comment: 'Not on a Sunday.' }, at.rosa.credential)
    expect(await jobOf(at, job_id)).toMatchObject({
      status: 'failed',
      error: { type: 'denied', message: 'Not on a Sunday.', retryable: false },
    })
    await closed(at, job_id)
  })

  it('fails when the review expires or is withdrawn, and no later word revives it: 409', async () => {
    const { at, job_id, review_id } = await enter()
    clock.pass(7 * 86_400_000 + 1)
    expect(await jobOf(at, job_id)).toMatchObject({ status: 'failed', error: { type: 'denied' } })
    expect(await at.tenant.must('reviews.get', { review_id })).toMatchObject({ status: 'expired' })
    expect(failureOf(await at.tenant.as(at.rosa.credential, 'reviews.decide', { review_id, verdict: 'approve' }))).toBe('wrong-state')
    const { at: again, job_id: job, review_id: taken } = await enter()
    await again.tenant.must('reviews.withdraw', { review_id: taken, comment: 'sent by hand' })
    expect(await jobOf(again, job)).toMatchObject({
      status: 'failed',
      error: { type: 'withdrawn', message: `Review ${taken} was withdrawn: sent by hand` },
    })
    expect(failureOf(await again.tenant.as(again.rosa.credential, 'reviews.decide', { review_id: taken, verdict: 'approve' }))).toBe(
      'wrong-state',
    )
    await closed(again, job)
  })

  it('takes its review with it when it is aborted, decided or not', async () => {
    for (const approved of [false, true]) {
      const { at, job_id, review_id } = await enter()
      if (approved) await at.tenant.must('reviews.decide', { review_id, verdict: 'approve' }, at.rosa.credential)
      await at.tenant.must('jobs.abort', { job_id })
      expect(await at.tenant.must('reviews.get', { review_id })).toMatchObject({ status: 'withdrawn' })
      expect(failureOf(await at.tenant.as(at.ruth.credential, 'reviews.decide', { review_id, verdict: 'approve' }))).toBe('wrong-state')
      await closed(at, job_id)
    }
  })

  it('runs as edited, and only as edited', async () => {
    const { at, job_id, review_id } = await enter()
    const payload = { prompt: 'Write to the customer, kindly', input: { tone: 'kind' } }
    const edited = await at.tenant.must('reviews.decide', { review_id, verdict: 'edit', payload }, at.rosa.credential)
    expect(edited).toMatchObject({
      status: 'approved',
      payload,
      edited_from: { payload: { prompt: 'Write to the customer', input: null } },
    })
    expect(edited.digest).not.toBe(edited.edited_from?.digest)
    expect(edited.decisions).toMatchObject([{ verdict: 'edit', by: 'Rosa', digest: edited.digest }])
    expect(await runOffered(at)).toMatchObject({ id: job_id, prompt: payload.prompt, input: payload.input })
  })

  it('goes its way with the object killed between any two steps', async () => {
    const { at, job_id, review_id } = await enter()
    await abortAllDurableObjects()
    await at.tenant.present(at.anna)
    await closed(at, job_id)
    await abortAllDurableObjects()
    await at.tenant.must('reviews.decide', { review_id, verdict: 'approve' }, at.rosa.credential)
    await abortAllDurableObjects()
    await at.tenant.present(at.anna)
    const [offer] = await at.tenant.offers(at.anna)
    if (offer === undefined) throw new Error('no offer')
    await abortAllDurableObjects()
    await at.tenant.must('claims.start', { job_id }, at.tenant.lease(offer))
    await abortAllDurableObjects()
    expect(await at.tenant.must('reviews.get', { review_id })).toMatchObject({ status: 'consumed' })
    expect((await at.tenant.must('claims.start', { job_id }, at.tenant.lease(offer))).job.status).toBe('running')
    await at.tenant.must('claims.complete', { job_id, result: 'sent' }, at.tenant.lease(offer))
    expect(await jobOf(at, job_id)).toMatchObject({ status: 'done', result: 'sent' })
  })
})
