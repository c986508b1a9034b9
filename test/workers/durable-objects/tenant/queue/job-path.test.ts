import { abortAllDurableObjects } from 'cloudflare:test'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Input, Job, PresenceReply } from '@modelreins/contract'
import { failureOf, frozenTime, TestTenant } from '../harness.ts'

let clock: ReturnType<typeof frozenTime>
beforeEach(() => {
  clock = frozenTime()
})
afterEach(() => {
  vi.useRealTimers()
})

describe('one job', () => {
  it('goes from dispatch to done, its object killed between any two steps, and leaves one audit row per transition', async () => {
    const tenant = await TestTenant.create()
    const anna = await tenant.worker('anna')
    const job = await tenant.must('jobs.dispatch', { prompt: 'hello' })
    expect(job).toMatchObject({ id: 1, status: 'pending', assigned_to: 'anna', attempt: 0 })
    await abortAllDurableObjects()
    await tenant.present(anna)
    const [offer] = await tenant.offers(anna)
    if (offer === undefined) throw new Error('no offer')
    await abortAllDurableObjects()
    const started = await tenant.must('claims.start', { job_id: 1 }, tenant.lease(offer))
    expect(started.job).toMatchObject({ status: 'running', attempt: 1 })
    await abortAllDurableObjects()
    const done = await tenant.must(
      'claims.complete',
      { job_id: 1, result: 'world', exit_code: 0, tail: { text: 'out' } },
      tenant.lease(offer),
    )
    expect(done.job).toMatchObject({ status: 'done', result: 'world', output: 'out', exit_code: 0 })
    await abortAllDurableObjects()
    expect(await tenant.must('jobs.get', { job_id: 1 })).toMatchObject({ status: 'done', result: 'world' })
  })

  it('comes back after an offer that nobody started', async () => {
    const tenant = await TestTenant.create()
    const anna = await tenant.worker('anna')
    await tenant.must('jobs.dispatch', { prompt: 'hello' })
    const [first] = await tenant.offers(anna)
    expect(await tenant.offers(anna)).toEqual([])
    clock.pass(5_001)
    const [second] = await tenant.offers(anna)
    expect(second?.job.id).toBe(1)
    if (first === undefined || second === undefined) throw new Error('no offer')
    expect(failureOf(await tenant.as(tenant.lease(first), 'claims.start', { job_id: 1 }))).toBe('lease-lost')
    expect((await tenant.must('claims.start', { job_id: 1 }, tenant.lease(second))).job.attempt).toBe(1)
  })

  it('goes into retry when its worker is lost, and takes a late completion while no newer attempt has started', async () => {
    const tenant = await TestTenant.create()
    const anna = await tenant.worker('anna')
    await tenant.must('jobs.dispatch', { prompt: 'hello' })
    const [offer] = await tenant.offers(anna)
    if (offer === undefined) throw new Error('no offer')
    await tenant.must('claims.start', { job_id: 1 }, tenant.lease(offer))
    clock.pass(31_000)
    expect(await tenant.must('jobs.get', { job_id: 1 })).toMatchObject({ status: 'retry', error: { type: 'worker_lost' } })
    const late = await tenant.must('claims.complete', { job_id: 1, result: 'late' }, tenant.lease(offer))
    expect(late.job).toMatchObject({ status: 'done', result: 'late' })
    expect(failureOf(await tenant.as(tenant.lease(offer), 'claims.fail', { job_id: 1, error: { type: 'x', message: 'y' } }))).toBe(
      'lease-lost',
    )
  })

  it('takes the late completion of a lost attempt also when it waits for anybody again, and gives it back its worker', async () => {
    const tenant = await TestTenant.create()
    const anna = await tenant.worker('anna')
    await tenant.must('jobs.dispatch', { prompt: 'hello' })
    const [offer] = await tenant.offers(anna)
    if (offer === undefined) throw new Error('no offer')
    await tenant.must('claims.start', { job_id: 1 }, tenant.lease(offer))
    clock.pass(31_000)
    expect(await tenant.must('jobs.get', { job_id: 1 })).toMatchObject({ status: 'retry' })
    clock.pass(60_000)
    expect(await tenant.must('jobs.get', { job_id: 1 })).toMatchObject({ status: 'pending', assigned_to: null })
    const late = await tenant.must('claims.complete', { job_id: 1, result: 'late' }, tenant.lease(offer))
    expect(late.job).toMatchObject({ status: 'done', result: 'late', assigned_to: 'anna' })
    expect(await tenant.offers(anna)).toEqual([])
  })
})

describe('an attempt whose worker was not heard of', () => {
  async function lost(more: Input<'jobs.dispatch'> = { prompt: 'hello' }) {
    const tenant = await TestTenant.create()
    const anna = await tenant.worker('anna')
    await tenant.must('jobs.dispatch', more)
    const [offer] = await tenant.offers(anna)
    if (offer === undefined) throw new Error('no offer')
    await tenant.must('claims.start', { job_id: 1 }, tenant.lease(offer))
    clock.pass(31_000)
    const heard = (): Promise<PresenceReply> =>
      tenant.must('presence.report', { instance: 'anna-1', leases: [{ job_id: 1, attempt: 1 }] }, anna.credential)
    const shown = (): Promise<Job> => tenant.must('jobs.get', { job_id: 1 })
    expect(await shown()).toMatchObject({ error: { type: 'worker_lost' } })
    return { tenant, anna, lease: tenant.lease(offer), heard, shown }
  }

  it('does not go on once its worker has said that it failed, even if a report still names it', async () => {
    const { tenant, lease, heard, shown } = await lost()
    const error = { type: 'network', message: 'gone', retryable: true } as const
    expect(failureOf(await tenant.as(lease, 'claims.fail', { job_id: 1, error }))).toBe('lease-lost')
    await heard()
    expect(await shown()).toMatchObject({ status: 'retry', error: { type: 'worker_lost' } })
  })

  it.each([0, 40_000])('goes on when it is heard of again %i ms later, and no newer one has begun', async (ms) => {
    const { tenant, lease, heard, shown } = await lost()
    clock.pass(ms)
    expect((await heard()).aborts).toEqual([])
    expect(await shown()).toMatchObject({ status: 'running', attempt: 1, assigned_to: 'anna', error: null })
    clock.pass(20_000)
    expect((await heard()).aborts).toEqual([])
    clock.pass(20_000)
    expect((await tenant.must('claims.complete', { job_id: 1, result: 'late' }, lease)).job).toMatchObject({ status: 'done', attempt: 1 })
  })

  it('stops when a newer one has begun', async () => {
    const { tenant, lease, heard, shown } = await lost()
    clock.pass(40_000)
    const bert = await tenant.worker('bert')
    const [offer] = await tenant.offers(bert)
    if (offer === undefined) throw new Error('no offer')
    await tenant.must('claims.start', { job_id: 1 }, tenant.lease(offer))
    expect((await heard()).aborts).toEqual([{ job_id: 1, attempt: 1, reason: 'lease-lost' }])
    expect(await shown()).toMatchObject({ status: 'running', attempt: 2, assigned_to: 'bert' })
    expect(failureOf(await tenant.as(lease, 'claims.complete', { job_id: 1 }))).toBe('lease-lost')
  })

  it('goes on while the job is out on offer to another, who may not start it then', async () => {
    const { tenant, heard, shown } = await lost()
    clock.pass(40_000)
    const bert = await tenant.worker('bert')
    const [offer] = await tenant.offers(bert)
    if (offer === undefined) throw new Error('no offer')
    expect((await heard()).aborts).toEqual([])
    expect(failureOf(await tenant.as(tenant.lease(offer), 'claims.start', { job_id: 1 }))).toBe('lease-lost')
    expect(await shown()).toMatchObject({ status: 'running', attempt: 1, assigned_to: 'anna' })
  })

  it.each([
    ['the job has no attempt left', { prompt: 'x', max_attempts: 1 }, async () => undefined],
    ['a new attempt was asked for', { prompt: 'x' }, (tenant: TestTenant) => tenant.must('jobs.retry', { job_id: 1 })],
    ['the killswitch stopped what runs', { prompt: 'x' }, (tenant: TestTenant) => tenant.must('killswitch.raise', { level: 3 })],
    ['the job was aborted', { prompt: 'x' }, (tenant: TestTenant) => tenant.must('jobs.abort', { job_id: 1 })],
  ] as const)('does not go on when %s', async (_, job, act) => {
    const { tenant, heard, shown } = await lost(job)
    await act(tenant)
    await heard()
    expect((await shown()).status).not.toBe('running')
  })
})

describe('dispatch', () => {
  it('answers 503 with zero workers, and names what removed each', async () => {
    const tenant = await TestTenant.create()
    expect(failureOf(await tenant.call('jobs.dispatch', { prompt: 'x' }))).toBe('no-eligible-worker')
    await tenant.worker('anna')
    const answer = await tenant.call('jobs.dispatch', { prompt: 'x', tags: ['gpu'] })
    expect(answer.ok ? '' : answer.failure.detail).toContain('anna lacks the tags gpu')
  })

  it('answers the same job for the same key, and refuses another body', async () => {
    const tenant = await TestTenant.create()
    await tenant.worker('anna')
    const first = await tenant.must('jobs.dispatch', { prompt: 'x', idempotency_key: 'k' })
    const again = await tenant.call('jobs.dispatch', { prompt: 'x', idempotency_key: 'k' })
    expect(again).toMatchObject({ ok: true, replayed: true, value: { id: first.id } })
    expect(failureOf(await tenant.call('jobs.dispatch', { prompt: 'y', idempotency_key: 'k' }))).toBe('idempotency-conflict')
  })
})
