import { abortAllDurableObjects } from 'cloudflare:test'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { limits } from '@modelreins/contract'
import type { Input, ReviewPolicy } from '@modelreins/contract'
import { capability, noon, scene, tamper, trail } from './approval-scene.ts'
import type { Scene } from './approval-scene.ts'
import { failureOf, frozenTime } from '../harness.ts'

let clock: ReturnType<typeof frozenTime>
beforeEach(() => {
  clock = frozenTime(noon)
})
afterEach(() => {
  vi.useRealTimers()
})

const hour = 3_600_000
const dispatch = (at: Scene, more: Partial<Input<'jobs.dispatch'>> = {}) =>
  at.tenant.must('jobs.dispatch', { prompt: 'Write', capability, thread_id: 't1', ...more })
const approve = (at: Scene, review_id: number | null, more: Partial<Input<'reviews.decide'>> = {}) =>
  at.tenant.must('reviews.decide', { review_id: review_id ?? 0, verdict: 'approve', ...more }, at.rosa.credential)
const grants = async (at: Scene, query: Input<'grants.list'> = {}) => (await at.tenant.must('grants.list', query)).items
const withPolicy = (at: Scene, policy: ReviewPolicy) =>
  at.tenant.must('workers.update', { worker_id: at.anna.id, capabilities: [{ name: capability, risk_tier: 'session', policy }] })

/** Takes and ends every job that is offered now; answers their ids. */
async function work(at: Scene): Promise<readonly number[]> {
  const done: number[] = []
  for (;;) {
    const [offer] = await at.tenant.offers(at.anna)
    if (offer === undefined) return done
    await at.tenant.must('claims.start', { job_id: offer.job.id }, at.tenant.lease(offer))
    await at.tenant.must('claims.complete', { job_id: offer.job.id }, at.tenant.lease(offer))
    done.push(offer.job.id)
  }
}

describe('the tier session', () => {
  it('asks once in a session: the first use waits, the others behind it, and one yes lets all of them pass', async () => {
    const at = await scene('session')
    const first = await dispatch(at)
    const second = await dispatch(at)
    const other = await dispatch(at, { thread_id: 't2' })
    expect([first, second, other]).toMatchObject([{ hold: 'review', review_id: 1 }, { hold: 'review', review_id: 1 }, { review_id: 2 }])
    expect(await work(at)).toEqual([])
    expect(await at.tenant.must('reviews.get', { review_id: 1 })).toMatchObject({ risk_tier: 'session', session: 'thread:t1', job_id: 1 })
    await approve(at, 1)
    expect(await grants(at)).toMatchObject([
      {
        worker_id: at.anna.id,
        capability,
        session: 'thread:t1',
        uses: 0,
        max_uses: null,
        granted_by: 'Rosa',
        review_id: 1,
        expires_at: new Date(noon + 12 * hour).toISOString(),
        revoked_at: null,
      },
    ])
    expect(await work(at)).toEqual([first.id, second.id])
    const later = await dispatch(at)
    expect(later.hold).toBe(null)
    expect(await work(at)).toEqual([later.id])
    expect((await grants(at))[0]?.uses).toBe(3)
    expect(await at.tenant.must('reviews.get', { review_id: 1 })).toMatchObject({ status: 'consumed' })
    expect((await at.tenant.must('jobs.get', { job_id: other.id })).hold).toBe('review')
  })

  it('takes the worker’s process for the session of a job without a thread', async () => {
    const at = await scene('session')
    const job = await at.tenant.must('jobs.dispatch', { prompt: 'x', capability })
    expect((await at.tenant.must('reviews.get', { review_id: job.review_id ?? 0 })).session).toBe('process:anna-1')
    await approve(at, job.review_id)
    expect(await work(at)).toEqual([job.id])
    expect((await at.tenant.must('jobs.dispatch', { prompt: 'x', capability })).hold).toBe(null)
    await work(at)
    await at.tenant.present(at.anna, { instance: 'anna-2' })
    // Another process: another session.
    expect((await at.tenant.must('jobs.dispatch', { prompt: 'x', capability })).hold).toBe('review')
  })

  it('does not take a thread for a process that is called alike', async () => {
    const at = await scene('session')
    const job = await at.tenant.must('jobs.dispatch', { prompt: 'x', capability })
    await approve(at, job.review_id)
    expect((await dispatch(at, { thread_id: 'anna-1' })).hold).toBe('review')
    expect((await dispatch(at, { thread_id: 'process:anna-1' })).hold).toBe('review')
  })

  it('asks for the next in line when the first is denied, and the denial is the first’s alone', async () => {
    const at = await scene('session')
    const first = await dispatch(at)
    const second = await dispatch(at)
    await at.tenant.must('reviews.decide', { review_id: 1, verdict: 'deny', comment: 'Not this one.' }, at.rosa.credential)
    expect(await at.tenant.must('jobs.get', { job_id: first.id })).toMatchObject({ status: 'failed', error: { message: 'Not this one.' } })
    expect(await at.tenant.must('jobs.get', { job_id: second.id })).toMatchObject({ hold: 'review', review_id: 2 })
    expect(await at.tenant.must('reviews.get', { review_id: 2 })).toMatchObject({ status: 'pending', job_id: second.id })
    expect(await grants(at)).toEqual([])
  })

  it('asks for the next in line when the first is aborted', async () => {
    const at = await scene('session')
    const first = await dispatch(at)
    const second = await dispatch(at)
    await at.tenant.must('jobs.abort', { job_id: first.id })
    expect(await at.tenant.must('jobs.get', { job_id: second.id })).toMatchObject({ hold: 'review', review_id: 2 })
    await approve(at, 2)
    expect(await work(at)).toEqual([second.id])
  })

  it('grants to one worker: another one under the same tier is asked about for itself', async () => {
    const at = await scene('session')
    const job = await dispatch(at)
    await approve(at, job.review_id)
    const bert = await at.tenant.worker('bert', [{ name: capability, risk_tier: 'session' }])
    clock.pass(5 * 60_000)
    await at.tenant.present(bert)
    expect(await at.tenant.offers(bert)).toEqual([])
    const held = await at.tenant.must('jobs.get', { job_id: job.id })
    expect(held).toMatchObject({ hold: 'review', review_id: 2 })
    expect((await at.tenant.must('reviews.get', { review_id: 2 })).worker_id).toBe(bert.id)
    expect((await at.tenant.must('reviews.get', { review_id: 1 })).status).toBe('superseded')
  })

  it('is asked under the tier approve for every job again, once the tier is that', async () => {
    const at = await scene('session')
    await approve(at, (await dispatch(at)).review_id)
    await at.tenant.must('workers.update', { worker_id: at.anna.id, capabilities: [{ name: capability, risk_tier: 'approve' }] })
    expect(await at.tenant.offers(at.anna)).toEqual([])
    expect(await at.tenant.must('jobs.get', { job_id: 1 })).toMatchObject({ hold: 'review', review_id: 2 })
    expect((await at.tenant.must('reviews.get', { review_id: 2 })).risk_tier).toBe('approve')
  })
})

describe('a process', () => {
  const inProcess = async (at: Scene): Promise<string | null> => (await at.tenant.must('jobs.dispatch', { prompt: 'y', capability })).hold
  const withoutThread = { thread_id: undefined }

  it.each([
    ['says that it stops', { status: 'stopped' }],
    ['is another', { instance: 'anna-2' }],
  ] as const)('that %s takes its grants with it', async (_, report) => {
    const at = await scene('session')
    const first = await at.tenant.must('jobs.dispatch', { prompt: 'x', capability })
    await approve(at, first.review_id)
    expect(await inProcess(at)).toBeNull()
    await at.tenant.present(at.anna, report)
    expect(await grants(at)).toEqual([])
    expect((await trail(at.tenant, 'grant.')).at(-1)).toBe('grant.revoke')
    await at.tenant.present(at.anna)
    expect(await inProcess(at)).toBe('review')
  })

  it('that comes back under its name has no grant from while it was gone, nor when it only ever polled', async () => {
    const at = await scene('session')
    await at.tenant.present(at.anna, { status: 'stopped' })
    await approve(at, (await dispatch(at, { ...withoutThread, when_offline: 'queue' })).review_id)
    expect(await grants(at)).toHaveLength(1)
    await at.tenant.present(at.anna)
    expect(await grants(at)).toEqual([])

    await at.tenant.present(at.anna, { status: 'stopped' })
    await at.tenant.offers(at.anna)
    await approve(at, (await dispatch(at, withoutThread)).review_id)
    expect(await grants(at)).toHaveLength(1)
    await at.tenant.present(at.anna, { status: 'stopped' })
    expect(await grants(at)).toEqual([])
  })

  it('ends its grants and those of no thread, however many there are', async () => {
    const at = await scene('session')
    await approve(at, (await dispatch(at, withoutThread)).review_id)
    await approve(at, (await dispatch(at)).review_id)
    await tamper(
      at.tenant,
      `with recursive n(i) as (select 1 union all select i + 1 from n where i < ${limits.list_max})
       insert into grants select 'gz' || i, worker_id, capability, 'thread:n' || i, uses, max_uses, review_id, granted_by, created_at, expires_at, revoked_at
       from grants, n where session = 'thread:t1'`,
    )
    await at.tenant.present(at.anna, { instance: 'anna-2' })
    expect(await grants(at, { session: 'process:anna-1' })).toEqual([])
    expect(await grants(at, { session: 'thread:t1' })).toHaveLength(1)
    expect(await trail(at.tenant, 'grant.revoke')).toHaveLength(1)
  })

  it('that has no name is asked about each time, of the worker alone', async () => {
    const { tenant, rosa } = await scene('auto')
    const capabilities = [{ name: 'mail.read', risk_tier: 'session' as const }]
    const nameless = await tenant.worker('nameless', capabilities, { instance: undefined })
    for (const _ of [1, 2]) {
      const job = await tenant.must('jobs.dispatch', { prompt: 'x', capability: 'mail.read' })
      expect(job.hold).toBe('review')
      expect(await tenant.must('reviews.get', { review_id: job.review_id ?? 0 })).toMatchObject({ risk_tier: 'session', session: null })
      await tenant.must('reviews.decide', { review_id: job.review_id ?? 0, verdict: 'approve' }, rosa.credential)
      const [offer] = await tenant.offers(nameless)
      expect(offer?.job.id).toBe(job.id)
      if (offer === undefined) continue
      await tenant.must('claims.start', { job_id: job.id }, tenant.lease(offer))
      await tenant.must('claims.complete', { job_id: job.id }, tenant.lease(offer))
    }
    expect((await tenant.must('grants.list', { include_ended: true })).items).toEqual([])

    const job = await tenant.must('jobs.dispatch', { prompt: 'x', capability: 'mail.read' })
    await tenant.must('reviews.decide', { review_id: job.review_id ?? 0, verdict: 'approve' }, rosa.credential)
    clock.pass(5 * 60_000)
    const other = await tenant.worker('other', capabilities, { instance: undefined })
    expect(await tenant.offers(other)).toEqual([])
    expect(await tenant.must('jobs.get', { job_id: job.id })).toMatchObject({ hold: 'review', review_id: 4 })
  })
})

describe('a grant', () => {
  it('is shown to its own worker, and to no other', async () => {
    const at = await scene('session')
    await approve(at, (await dispatch(at)).review_id)
    const other = await at.tenant.worker('other')
    expect(await grants(at)).toHaveLength(1)
    expect((await at.tenant.must('grants.list', {}, at.anna.credential)).items).toHaveLength(1)
    expect((await at.tenant.must('grants.list', {}, other.credential)).items).toEqual([])
  })

  it('ends after its uses, and the next use asks', async () => {
    const at = await scene('session')
    await withPolicy(at, { grant_uses: 2 })
    await approve(at, (await dispatch(at)).review_id)
    expect(await work(at)).toEqual([1])
    expect((await dispatch(at)).hold).toBe(null)
    expect(await work(at)).toEqual([2])
    expect(await dispatch(at)).toMatchObject({ hold: 'review', review_id: 2 })
    expect(await grants(at)).toEqual([])
    expect(await grants(at, { include_ended: true })).toMatchObject([{ uses: 2, max_uses: 2 }])
  })

  it('that runs out behind a queue brings the rest of the queue before a human', async () => {
    const at = await scene('session')
    await withPolicy(at, { grant_uses: 2 })
    for (const _ of [1, 2, 3, 4]) await dispatch(at)
    await approve(at, 1)
    expect(await work(at)).toEqual([1, 2])
    const left = [await at.tenant.must('jobs.get', { job_id: 3 }), await at.tenant.must('jobs.get', { job_id: 4 })]
    expect(left).toMatchObject([
      { hold: 'review', review_id: 2 },
      { hold: 'review', review_id: 2 },
    ])
  })

  it('ends after its time, which no policy and no reviewer makes longer than 12 hours', async () => {
    const at = await scene('session')
    await withPolicy(at, { grant_ttl: 2 * 3600 })
    await approve(at, (await dispatch(at)).review_id, { grant: { ttl: 3600 } })
    expect((await grants(at))[0]?.expires_at).toBe(new Date(noon + hour).toISOString())
    clock.pass(hour)
    await at.tenant.present(at.anna)
    expect(await at.tenant.offers(at.anna)).toEqual([])
    expect(await at.tenant.must('jobs.get', { job_id: 1 })).toMatchObject({ hold: 'review' })
  })

  it('is revoked: the next use asks, what was queued on it too; listed by session; each step in the audit trail', async () => {
    const at = await scene('session')
    await approve(at, (await dispatch(at)).review_id)
    await work(at)
    const queued = await dispatch(at)
    const [grant] = await grants(at, { session: 'thread:t1' })
    expect(await grants(at, { session: 'thread:t2' })).toEqual([])
    const grant_id = grant?.grant_id ?? ''
    const vera = await at.tenant.member('Vera', 'viewer')
    expect(failureOf(await at.tenant.as(vera.credential, 'grants.revoke', { grant_id }))).toBe('forbidden')
    expect(failureOf(await at.tenant.as(at.anna.credential, 'grants.revoke', { grant_id }))).toBe('forbidden')
    const revoked = await at.tenant.must('grants.revoke', { grant_id }, at.rosa.credential)
    expect(revoked.revoked_at).toBe(new Date(noon).toISOString())
    expect(await at.tenant.must('grants.revoke', { grant_id }, at.rosa.credential)).toEqual(revoked)
    await abortAllDurableObjects()
    await at.tenant.present(at.anna)
    expect(await at.tenant.offers(at.anna)).toEqual([])
    expect(await at.tenant.must('jobs.get', { job_id: queued.id })).toMatchObject({ hold: 'review' })
    expect(await trail(at.tenant, 'grant.')).toEqual(['grant.create', 'grant.revoke'])
    expect(failureOf(await at.tenant.call('grants.revoke', { grant_id: 'grnothing12' }))).toBe('not-found')
  })
})
