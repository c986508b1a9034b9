/** Says that the guard is not the guarded one's choice: jobs that name no capability, and changes that loosen what asks a human. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Capability } from '@modelreins/contract'
import { capability, noon, said } from './approval-scene.ts'
import { failureOf, frozenTime, TestTenant, type MemberHandle, type WorkerHandle } from '../harness.ts'

let tenant: TestTenant
let guarded: WorkerHandle
let oskar: MemberHandle
const guards: Capability[] = [{ name: capability, risk_tier: 'approve' }]
const patch = (by: TestTenant['owner'], capabilities: Capability[]) =>
  tenant.as(by, 'workers.update', { worker_id: guarded.id, capabilities })
const capabilitiesNow = async (): Promise<Capability[]> => (await tenant.must('workers.get', { worker_id: guarded.id })).capabilities

beforeEach(async () => {
  frozenTime(noon)
  tenant = await TestTenant.create()
  await tenant.must('settings.update', { require_capability: true })
  guarded = await tenant.worker('guarded', guards)
  oskar = await tenant.member('Oskar', 'operator')
})
afterEach(() => {
  vi.useRealTimers()
})

describe('a job that names no capability', () => {
  it('never goes to a worker that has something to guard, and goes to another', async () => {
    const refused = await tenant.as(oskar.credential, 'jobs.dispatch', { prompt: 'send the mail', target: 'guarded' })
    expect(refused).toMatchObject({ ok: false, failure: { code: 'no-eligible-worker' } })
    expect(refused.ok ? '' : refused.failure.detail).toContain('takes only jobs that name a capability')
    const open = await tenant.must('jobs.create', { prompt: 'anybody' })
    expect(await tenant.offers(guarded)).toEqual([])
    expect(failureOf(await tenant.as(guarded.credential, 'claims.claim', { job_id: open.id }))).toBe('not-found')
    const why = await tenant.must('jobs.why', { job_id: open.id })
    expect(why.workers[0]?.reasons.join()).toContain('takes only jobs that name a capability')
    const free = await tenant.worker('free')
    expect((await tenant.offers(free)).map(({ job }) => job.id)).toEqual([open.id])
  })

  it('does not start on an offer of before either', async () => {
    const free = await tenant.worker('free')
    await tenant.must('jobs.dispatch', { prompt: 'p', target: 'free' })
    const [offer] = await tenant.offers(free)
    if (offer === undefined) throw new Error('no offer')
    await tenant.must('workers.update', { worker_id: free.id, capabilities: guards })
    expect(failureOf(await tenant.as(tenant.lease(offer), 'claims.start', { job_id: offer.job.id }))).toBe('lease-lost')
  })

  it('goes where it went in a tenant that has the setting off', async () => {
    await tenant.must('settings.update', { require_capability: false })
    const job = await tenant.must('jobs.dispatch', { prompt: 'p', target: 'guarded' })
    expect((await tenant.offers(guarded)).map((offer) => offer.job.id)).toEqual([job.id])
  })
})

describe('a change that loosens', () => {
  const loose: readonly (readonly [string, Capability[]])[] = [
    ['a lower tier', [{ name: capability, risk_tier: 'auto' }]],
    ['a policy', [{ name: capability, risk_tier: 'approve', policy: { self_approval: true } }]],
    ['a way around', [...guards, { name: 'other', risk_tier: 'auto' }]],
    ['nothing left to guard', []],
  ]

  it.each(loose)('is no operator’s to make: %s', async (_, capabilities) => {
    expect(failureOf(await patch(oskar.credential, capabilities))).toBe('forbidden')
    expect(await capabilitiesNow()).toEqual(guards)
    expect(failureOf(await tenant.as(oskar.credential, 'settings.update', { require_capability: false }))).toBe('forbidden')
    // Everything else still is, a stricter policy too.
    const strict: Capability[] = [{ name: capability, risk_tier: 'approve', policy: { quorum: { approve: 2 } } }]
    expect((await patch(oskar.credential, strict)).ok).toBe(true)
  })

  it('is an owner’s alone where there is no reviewer, and is said in the trail', async () => {
    expect((await patch(tenant.owner, [{ name: capability, risk_tier: 'auto' }])).ok).toBe(true)
    expect((await said(tenant, 'worker.update')).at(-1)).toContain('looser')
    expect(await tenant.must('settings.update', { require_capability: false })).toMatchObject({ require_capability: false })
    expect((await said(tenant, 'settings.update')).at(-1)).toBe('require_capability off')
  })

  it.each(loose)('waits for a review where there is a reviewer: %s', async (_, capabilities) => {
    const rosa = await tenant.member('Rosa', 'reviewer')
    await tenant.openView(rosa)
    const asked = await tenant.must('workers.update', { worker_id: guarded.id, capabilities, description: 'new words' })
    expect(asked).toMatchObject({ capabilities: guards, description: 'new words', review_id: expect.any(Number) })
    const again = await tenant.must('workers.update', { worker_id: guarded.id, capabilities })
    expect(again.review_id).toBe(asked.review_id)
    const review_id = asked.review_id ?? 0
    const read = await tenant.must('reviews.get', { review_id }, rosa.credential)
    expect(read).toMatchObject({ type: 'loosening', payload: { name: 'guarded', before: guards, capabilities } })
    for (const by of [tenant.owner, oskar.credential]) {
      expect(failureOf(await tenant.as(by, 'reviews.decide', { review_id, verdict: 'approve', digest: read.digest }))).toBe('forbidden')
    }
    expect(failureOf(await tenant.as(rosa.credential, 'reviews.decide', { review_id, verdict: 'edit', payload: {} }))).toBe(
      'invalid-request',
    )
    await tenant.must('reviews.decide', { review_id, verdict: 'approve', digest: read.digest }, rosa.credential)
    expect(await capabilitiesNow()).toEqual(capabilities)
  })

  it('is not made when it was denied, or when what it would change has changed', async () => {
    const rosa = await tenant.member('Rosa', 'reviewer')
    await tenant.openView(rosa)
    const denied = await tenant.must('workers.update', { worker_id: guarded.id, capabilities: [] })
    await tenant.must('reviews.decide', { review_id: denied.review_id ?? 0, verdict: 'deny', comment: 'no' }, rosa.credential)
    const asked = await tenant.must('workers.update', { worker_id: guarded.id, capabilities: [] })
    const strict: Capability[] = [{ name: capability, risk_tier: 'approve', policy: { quorum: { approve: 2 } } }]
    await tenant.must('workers.update', { worker_id: guarded.id, capabilities: strict })
    const late = await tenant.as(rosa.credential, 'reviews.decide', { review_id: asked.review_id ?? 0, verdict: 'approve' })
    expect(failureOf(late)).toBe('conflict')
    expect(await capabilitiesNow()).toEqual(strict)
    const off = await tenant.must('settings.update', { require_capability: false })
    expect(off).toMatchObject({ require_capability: true, review_id: expect.any(Number) })
    await tenant.must('reviews.decide', { review_id: off.review_id ?? 0, verdict: 'approve' }, rosa.credential)
    expect(await tenant.must('settings.get', {}, oskar.credential)).toMatchObject({
      require_capability: false,
    })
  })

  it('is refused to a worker that would submit it itself', async () => {
    const answer = await tenant.as(guarded.credential, 'reviews.submit', { title: 'mine', type: 'loosening', payload: {} })
    expect(failureOf(answer)).toBe('invalid-request')
  })
})
