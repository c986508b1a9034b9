import { abortAllDurableObjects } from 'cloudflare:test'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { failureOf, frozenTime, TestTenant } from './harness.ts'

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
