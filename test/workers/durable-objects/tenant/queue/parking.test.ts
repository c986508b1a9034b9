/** Says what becomes of workers whose account is out of quota, and of the jobs that wait for them. */
import type { Job, Presence } from '@modelreins/contract'
import { abortAllDurableObjects } from 'cloudflare:test'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { failureOf, frozenTime, TestTenant } from '../harness.ts'
import type { WorkerHandle } from '../harness.ts'

const minute = 60_000
let clock: ReturnType<typeof frozenTime>
let tenant: TestTenant
let anna: WorkerHandle
let bert: WorkerHandle
beforeEach(async () => {
  clock = frozenTime()
  tenant = await TestTenant.create()
  anna = await tenant.worker('anna')
  bert = await tenant.worker('bert')
})
afterEach(() => {
  vi.useRealTimers()
})

const later = (ms: number): string => new Date(clock.now + ms).toISOString()
const get = (job: Pick<Job, 'id'>): Promise<Job> => tenant.must('jobs.get', { job_id: job.id })
const presence = async (name: string): Promise<Presence | undefined> =>
  (await tenant.must('presence.list', {})).items.find((one) => one.name === name)

/** The worker takes its next job and meets its provider's limit. */
async function meetLimit(worker: WorkerHandle, until: string): Promise<void> {
  const [offer] = await tenant.offers(worker)
  if (offer === undefined) throw new Error('no offer')
  const lease = tenant.lease(offer)
  await tenant.must('claims.start', { job_id: offer.job.id }, lease)
  const error = { type: 'rate_limited', message: 'Limit', retryable: true, retry_at: until }
  await tenant.must('claims.fail', { job_id: offer.job.id, error, parked_until: until }, lease)
}

describe('a worker whose account is out of quota', () => {
  it('is offered nothing until then; its jobs go to others at once, and cost no attempt', async () => {
    const met = await tenant.must('jobs.dispatch', { prompt: 'first', effort: 'quick', prefer: ['anna'] })
    const waits = await tenant.must('jobs.dispatch', { prompt: 'second', prefer: ['anna'] })
    const pinned = await tenant.must('jobs.dispatch', { prompt: 'third', target: 'anna' })
    expect([met.assigned_to, waits.assigned_to]).toEqual(['anna', 'anna'])
    await meetLimit(anna, later(30 * minute))
    expect(await presence('anna')).toMatchObject({ state: 'parked', parked_until: later(30 * minute) })
    await abortAllDurableObjects()
    await tenant.present(anna)
    await tenant.present(bert)
    expect((await presence('anna'))?.state).toBe('parked')
    expect(await tenant.offers(anna, 5)).toEqual([])
    expect((await tenant.offers(bert, 5)).map((offer) => offer.job.id).toSorted()).toEqual([met.id, waits.id])
    expect(await get(met)).toMatchObject({ attempt: 1, max_attempts: met.max_attempts + 1 })
    const why = await tenant.must('jobs.why', { job_id: pinned.id })
    expect(why.workers.find((one) => one.name === 'anna')?.reasons.join()).toContain(`out of quota until ${later(30 * minute)}`)
    expect((await tenant.must('jobs.dispatch', { prompt: 'next' })).assigned_to).toBe('bert')
    clock.pass(30 * minute)
    await tenant.present(anna)
    expect(await presence('anna')).toMatchObject({ state: 'online', parked_until: null })
    expect((await tenant.offers(anna, 9)).map((offer) => offer.job.id)).toContain(pinned.id)
  })

  it('takes those that share its account along, and nobody else', async () => {
    const cleo = await tenant.worker('cleo')
    for (const worker of [anna, cleo]) await tenant.must('workers.update', { worker_id: worker.id, config: { account: 'team' } })
    await tenant.present(anna, { parked_until: later(minute) })
    expect([(await presence('cleo'))?.state, (await presence('bert'))?.state]).toEqual(['parked', 'online'])
    await tenant.must('workers.unpark', { worker_id: cleo.id })
    expect([(await presence('anna'))?.state, (await presence('cleo'))?.state]).toEqual(['online', 'online'])
  })

  it('leaves a job that nobody else may do waiting for the told time', async () => {
    const job = await tenant.must('jobs.dispatch', { prompt: 'x', target: 'anna' })
    await meetLimit(anna, later(10 * minute))
    const waiting = await get(job)
    expect(waiting.status).toBe('retry')
    expect(Date.parse(waiting.retry_at ?? '')).toBeGreaterThanOrEqual(clock.now + 10 * minute)
    // A dispatch for it alone is not refused: it waits.
    expect((await tenant.must('jobs.dispatch', { prompt: 'y', target: 'anna' })).status).toBe('pending')
  })

  it('works again after an attempt that ends well, or once it says so', async () => {
    const job = await tenant.must('jobs.dispatch', { prompt: 'x', target: 'anna' })
    const [offer] = await tenant.offers(anna)
    if (offer === undefined) throw new Error('no offer')
    await tenant.must('claims.start', { job_id: job.id }, tenant.lease(offer))
    await tenant.present(anna, { parked_until: later(minute) })
    expect((await presence('anna'))?.state).toBe('parked')
    await tenant.must('claims.complete', { job_id: job.id }, tenant.lease(offer))
    expect((await presence('anna'))?.parked_until).toBeNull()
    await tenant.present(anna, { parked_until: later(minute) })
    await tenant.present(anna, { parked_until: null })
    expect((await presence('anna'))?.parked_until).toBeNull()
  })

  it('is bounded when the told time is years ahead, and tried again by then: the job says so and costs no attempt', async () => {
    const job = await tenant.must('jobs.dispatch', { prompt: 'x', target: 'anna', expires_in: 30 * 86_400 })
    await meetLimit(anna, '2999-12-31T23:59:59.000Z')
    const week = 7 * 24 * 60 * minute
    expect(await presence('anna')).toMatchObject({ state: 'parked', parked_until: later(week) })
    const waiting = await get(job)
    expect(waiting).toMatchObject({ status: 'retry', attempt: 1, max_attempts: job.max_attempts + 1, retry_at: later(week) })
    const why = await tenant.must('jobs.why', { job_id: job.id })
    expect(why.workers.find((one) => one.name === 'anna')?.reasons.join()).toContain(`out of quota until ${later(week)}`)
    clock.pass(week)
    await tenant.present(anna)
    expect((await tenant.offers(anna)).map((offer) => offer.job.id)).toEqual([job.id])
  })

  it('waits a while, not for nothing and not in a hurry, when the told time has passed', async () => {
    const job = await tenant.must('jobs.dispatch', { prompt: 'x', target: 'anna' })
    await meetLimit(anna, '1999-12-31T23:59:59.000Z')
    expect(await presence('anna')).toMatchObject({ parked_until: null })
    const { status, retry_at } = await get(job)
    const wait = Date.parse(retry_at ?? '') - clock.now
    expect([status, wait > 0, wait <= minute]).toEqual(['retry', true, true])
    expect(await tenant.offers(anna)).toEqual([])
  })

  it('is not parked by a time that has passed, and not for longer than a week', async () => {
    await tenant.present(anna, { parked_until: later(-minute) })
    expect((await presence('anna'))?.parked_until).toBeNull()
    await tenant.present(anna, { parked_until: later(365 * 24 * 60 * minute) })
    expect((await presence('anna'))?.parked_until).toBe(later(7 * 24 * 60 * minute))
    const viewer = await tenant.member('Vera', 'viewer')
    expect(failureOf(await tenant.as(viewer.credential, 'workers.unpark', { worker_id: anna.id }))).toBe('forbidden')
  })
})
