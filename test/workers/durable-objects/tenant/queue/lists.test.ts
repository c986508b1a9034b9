/** Says what lists of jobs and of reviews can be narrowed to beyond the state, and how many jobs of each state are counted. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { frozenTime, TestTenant } from '../harness.ts'

let clock: ReturnType<typeof frozenTime>
beforeEach(() => {
  clock = frozenTime()
})
afterEach(() => {
  vi.useRealTimers()
})

async function failedWith(tenant: TestTenant, worker: Awaited<ReturnType<TestTenant['worker']>>, type: string, retryable = false) {
  const { id } = await tenant.must('jobs.create', { prompt: type })
  const offer = (await tenant.offers(worker, 8)).find((one) => one.job.id === id)
  if (offer === undefined) throw new Error('no offer')
  const lease = tenant.lease(offer)
  await tenant.must('claims.start', { job_id: id }, lease)
  await tenant.must('claims.fail', { job_id: id, error: { type, message: 'y', retryable } }, lease)
  return id
}

describe('a list of jobs', () => {
  it('is narrowed to a class of error, and so is what is done to many', async () => {
    const tenant = await TestTenant.create()
    const anna = await tenant.worker('anna')
    const refused = [await failedWith(tenant, anna, 'refused'), await failedWith(tenant, anna, 'refused')]
    await failedWith(tenant, anna, 'too_large')
    const { items } = await tenant.must('jobs.list', { error: 'refused' })
    expect(items.map((job) => job.id)).toEqual(refused.toReversed())
    expect(await tenant.must('jobs.list', { error: "x' or 1=1" })).toMatchObject({ items: [] })
    expect(await tenant.must('jobs.retry_many', { error: 'refused', dry_run: true })).toMatchObject({ count: 2, dry_run: true })
    expect(await tenant.must('jobs.retry_many', { error: 'refused' })).toMatchObject({ count: 2, remaining: 0 })
    expect((await tenant.must('jobs.list', { status: ['failed'] })).items).toHaveLength(1)
  })

  it('counts what waits, runs and is tried again: queued, held for a human and scheduled jobs all wait', async () => {
    const tenant = await TestTenant.create()
    const anna = await tenant.worker('anna', [
      { name: 'mail.send', risk_tier: 'approve' },
      { name: 'look', risk_tier: 'auto' },
    ])
    expect(await tenant.must('jobs.counts', {})).toEqual({ pending: 0, running: 0, retry: 0, counted_to: 1_000 })
    await failedWith(tenant, anna, 'flaky', true)
    const running = await tenant.must('jobs.create', { prompt: 'runs', capability: 'look' })
    const offer = (await tenant.offers(anna, 8)).find((one) => one.job.id === running.id)
    if (offer === undefined) throw new Error('no offer')
    await tenant.must('claims.start', { job_id: running.id }, tenant.lease(offer))
    await tenant.must('jobs.create', { prompt: 'held', capability: 'mail.send' })
    await tenant.must('jobs.create', { prompt: 'later', not_before: new Date(clock.now + 3_600_000).toISOString() })
    for (let left = 3; left > 0; left -= 1) await tenant.must('jobs.create', { prompt: 'queued' })
    expect(await tenant.must('jobs.counts', {})).toEqual({ pending: 5, running: 1, retry: 1, counted_to: 1_000 })
    expect(await tenant.must('jobs.counts', { worker: 'nobody' })).toMatchObject({ pending: 0, running: 0, retry: 0 })
    const { items } = await tenant.must('jobs.list', { worker: 'anna', status: ['pending', 'running', 'retry'] })
    const counted = await tenant.must('jobs.counts', { worker: 'anna' })
    expect(counted.pending + counted.running + counted.retry).toBe(items.length)
    expect(items.length).toBeGreaterThan(0)
    await tenant.must('jobs.dispatch_batch', { jobs: Array.from({ length: 1_000 }, () => ({ prompt: 'many', when_offline: 'queue' })) })
    expect(await tenant.must('jobs.counts', {})).toMatchObject({ pending: 1_000, counted_to: 1_000 })
  })
})

describe('a list of reviews', () => {
  it('is narrowed to a capability, a kind and whoever asked, and goes on from any review', async () => {
    const tenant = await TestTenant.create()
    const anna = await tenant.worker('anna', [{ name: 'mail.send', risk_tier: 'approve' }])
    await tenant.must('reviews.submit', { title: 'one', content: 'x', capability: 'mail.send' }, anna.credential)
    await tenant.must('reviews.submit', { title: 'two', content: 'x', type: 'draft' }, anna.credential)
    await tenant.must('reviews.submit', { title: 'three', content: 'x', type: 'draft' })
    const ids = async (filter: Parameters<typeof tenant.must<'reviews.list'>>[1]) =>
      (await tenant.must('reviews.list', filter)).items.map((review) => review.id)
    expect(await ids({})).toEqual([3, 2, 1])
    expect(await ids({ capability: 'mail.send' })).toEqual([1])
    expect(await ids({ type: 'draft' })).toEqual([3, 2])
    expect(await ids({ created_by: 'worker:anna' })).toEqual([2, 1])
    expect(await ids({ type: 'draft', created_by: 'worker:anna' })).toEqual([2])
    expect(await ids({ created_by: "x' or 1=1" })).toEqual([])
    expect(await ids({ type: 'draft', cursor: '3' })).toEqual([2])
  })
})
