/** Says what an open circuit breaker does to a worker and its jobs, how it is seen, and how it closes: by a trial, or by hand. */
import type { Job, Presence } from '@modelreins/contract'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { breakerLimits } from '../../../../../src/domain/director/breaker.ts'
import { frozenTime, TestTenant } from '../harness.ts'
import type { WorkerHandle } from '../harness.ts'

let clock: ReturnType<typeof frozenTime>
let tenant: TestTenant
let anna: WorkerHandle
beforeEach(async () => {
  clock = frozenTime()
  tenant = await TestTenant.create()
  anna = await tenant.worker('anna', [], { slots: 4 })
})
afterEach(() => {
  vi.useRealTimers()
})

const seen = async (): Promise<Presence['breaker']> => (await tenant.must('presence.list', {})).items[0]?.breaker
const dispatch = (): Promise<Job> => tenant.must('jobs.dispatch', { prompt: 'x' })

async function next(end: 'ends well' | 'auth_failed' | 'exit_error'): Promise<void> {
  await dispatch()
  const [offer] = await tenant.offers(anna)
  if (offer === undefined) throw new Error('nothing was offered')
  const lease = tenant.lease(offer)
  const { id: job_id } = offer.job
  await tenant.must('claims.start', { job_id }, lease)
  if (end === 'ends well') await tenant.must('claims.complete', { job_id }, lease)
  else await tenant.must('claims.fail', { job_id, error: { type: end, message: 'No', retryable: false } }, lease)
}

describe('a circuit breaker', () => {
  it('opens at the first fault of the worker itself, is listed and told by why, and refuses no dispatch', async () => {
    await next('exit_error')
    expect(await seen()).toBeNull()
    await next('auth_failed')
    const until = new Date(clock.now + breakerLimits.open_ms).toISOString()
    expect(await seen()).toEqual({ state: 'open', until, faults: 1, last_fault: 'auth_failed' })
    expect((await tenant.must('workers.get', { worker_id: anna.id })).breaker?.state).toBe('open')
    const job = await dispatch()
    expect(job.assigned_to).toBe('anna')
    expect(await tenant.offers(anna)).toEqual([])
    const why = await tenant.must('jobs.why', { job_id: job.id })
    expect(why.workers[0]?.reasons.join()).toContain('open circuit breaker after a fault of its own, the last auth_failed')
  })

  it('half-opens: one job is tried, and its end decides', async () => {
    await next('auth_failed')
    clock.pass(breakerLimits.open_ms)
    await tenant.present(anna)
    expect((await seen())?.state).toBe('half-open')
    await dispatch()
    await dispatch()
    expect((await tenant.offers(anna, 4)).length).toBe(1)
    expect(await tenant.offers(anna, 4)).toEqual([])
    clock.pass(10_000)
    await tenant.present(anna)
    await next('auth_failed')
    expect(await seen()).toMatchObject({ state: 'open', until: new Date(clock.now + 2 * breakerLimits.open_ms).toISOString() })
    clock.pass(2 * breakerLimits.open_ms)
    await tenant.present(anna)
    await next('ends well')
    expect(await seen()).toBeNull()
    expect((await tenant.offers(anna, 4)).length).toBeGreaterThan(1)
  })

  it('is closed by hand', async () => {
    await next('auth_failed')
    await dispatch()
    await tenant.must('workers.resume', { worker_id: anna.id })
    expect(await seen()).toBeNull()
    expect((await tenant.offers(anna)).length).toBe(1)
    expect((await tenant.must('workers.get', { worker_id: anna.id })).breaker).toBeNull()
  })
})
