/** Says that the tenant's review policies guard as a worker's own do: who may loosen them, and that a worker's own is no way around. */
import type { TenantSettings } from '@modelreins/contract'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { failureOf, frozenTime, TestTenant } from '../harness.ts'
import type { MemberHandle, WorkerHandle } from '../harness.ts'

const strict = { 'mail.send': { quorum: { approve: 2 } } }
let tenant: TestTenant
let anna: WorkerHandle
let rita: MemberHandle
beforeEach(async () => {
  frozenTime()
  tenant = await TestTenant.create()
  await tenant.must('settings.update', { require_capability: false, review_policies: strict })
  anna = await tenant.worker('anna', [{ name: 'mail.send', risk_tier: 'approve' }])
  rita = await tenant.member('Rita', 'reviewer')
  await tenant.openView(rita)
})
afterEach(() => {
  vi.useRealTimers()
})

const policies = async (): Promise<unknown> => (await tenant.must('settings.get', {})).review_policies
const set = (review_policies: Partial<TenantSettings['review_policies']> | null) =>
  tenant.must('settings.update', { review_policies: review_policies as TenantSettings['review_policies'] | null })
async function decide(review_id: number, verdict: 'approve' | 'deny'): Promise<string> {
  const { digest } = await tenant.must('reviews.get', { review_id })
  return failureOf(await tenant.as(rita.credential, 'reviews.decide', { review_id, verdict, digest, comment: 'Seen' }))
}

describe("the tenant's review policies", () => {
  it('are tightened at once, and loosened by a review, as they were read', async () => {
    const tighter = { 'mail.send': { quorum: { approve: 3 } }, 'files.delete': { irreversible: true } }
    expect(await set(tighter)).toMatchObject({ review_policies: tighter })
    const asked = await set(strict)
    expect(asked.review_policies).toEqual(tighter)
    expect(await set(strict)).toMatchObject({ review_id: asked.review_id })
    const review = await tenant.must('reviews.get', { review_id: asked.review_id ?? 0 })
    expect(review.content.split('\n')).toEqual(['mail.send: fewer approvals', 'files.delete: decided in bulk'])
    expect(await decide(review.id, 'approve')).toBe('ok')
    expect(await policies()).toEqual(strict)
  })

  it('stay as they are after a no, and when they have changed since they were read', async () => {
    const asked = await set(null)
    expect(await decide(asked.review_id ?? 0, 'deny')).toBe('ok')
    expect(await policies()).toEqual(strict)
    const again = await set({})
    await set({ 'mail.send': { quorum: { approve: 5 } } })
    expect(await decide(again.review_id ?? 0, 'approve')).toBe('conflict')
    expect(await policies()).toEqual({ 'mail.send': { quorum: { approve: 5 } } })
  })

  it("are no looser by a worker's own policy: that asks, too", async () => {
    const own = [{ name: 'mail.send', risk_tier: 'approve' as const, policy: { quorum: { approve: 1 } } }]
    const changed = await tenant.must('workers.update', { worker_id: anna.id, capabilities: own })
    expect(changed.review_id).toBeDefined()
    expect(changed.capabilities).toEqual([{ name: 'mail.send', risk_tier: 'approve' }])
    const { review_id } = await tenant.must('jobs.dispatch', { prompt: 'x', capability: 'mail.send' })
    expect((await tenant.must('reviews.get', { review_id: review_id ?? 0 })).quorum).toEqual({ approve: 2, deny: 1 })
  })

  it('count at the start, too: an approval under a looser policy starts nothing', async () => {
    await tenant.worker('bert', [{ name: 'files.read', risk_tier: 'approve' }])
    const job = await tenant.must('jobs.dispatch', { prompt: 'x', capability: 'files.read' })
    expect(await decide(job.review_id ?? 0, 'approve')).toBe('ok')
    await set({ ...strict, 'files.read': { quorum: { approve: 2 } } })
    const bert = (await tenant.must('workers.list', {})).items.find((worker) => worker.name === 'bert')
    const why = await tenant.must('jobs.why', { job_id: job.id })
    expect(why.workers.find((worker) => worker.worker_id === bert?.worker_id)?.reasons.join()).toContain('a looser policy than bert has')
  })

  it('are refused with what no policy is', async () => {
    for (const wrong of [{ 'mail.send': { quorum: { approve: 0 } } }, { 'no name!': {} }, { 'mail.send': { colour: 'red' } }])
      await expect(tenant.call('settings.update', { review_policies: wrong as never })).rejects.toThrow()
  })
})
