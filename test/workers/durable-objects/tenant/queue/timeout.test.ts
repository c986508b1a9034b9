/** Says when a timeout ends an attempt, that the answer to "why" names that moment, and that the next attempt can be given more time. */
import type { Job } from '@modelreins/contract'
import { runInDurableObject } from 'cloudflare:test'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { frozenTime, TestTenant } from '../harness.ts'
import type { WorkerHandle } from '../harness.ts'

let clock: ReturnType<typeof frozenTime>
let tenant: TestTenant
let anna: WorkerHandle
beforeEach(async () => {
  clock = frozenTime()
  tenant = await TestTenant.create()
  anna = await tenant.worker('anna')
})
afterEach(() => {
  vi.useRealTimers()
})

const get = ({ id }: Pick<Job, 'id'>): Promise<Job> => tenant.must('jobs.get', { job_id: id })
const why = ({ id }: Pick<Job, 'id'>) => tenant.must('jobs.why', { job_id: id })
async function start(): Promise<void> {
  await tenant.present(anna)
  const [offer] = await tenant.offers(anna)
  if (offer === undefined) throw new Error('anna was offered nothing')
  await tenant.must('claims.start', { job_id: offer.job.id }, tenant.lease(offer))
}
async function pass(ms: number): Promise<void> {
  clock.pass(ms)
  await runInDurableObject(tenant.raw, (instance) => (instance as unknown as { alarm(): Promise<void> }).alarm())
}

describe('the timeout of a job', () => {
  it('is named while an attempt runs, and before the next one', async () => {
    const job = await tenant.must('jobs.dispatch', { prompt: 'x', target: 'anna', when_offline: 'queue', timeout: 20, max_attempts: 2 })
    expect(await why(job)).not.toHaveProperty('timeout_at')
    await start()
    const running = await why(job)
    expect(running.answer).toContain('timeout in 20 s')
    expect(Date.parse(running.timeout_at ?? '')).toBe(clock.now + 20_000)
    await pass(21_000)
    expect(await get(job)).toMatchObject({ status: 'retry', error: { type: 'timeout' } })
    expect((await why(job)).answer).toMatch(/^Attempt 1 failed \(timeout\); the next one is due in .*, with a timeout of 20 s\.$/)
    await tenant.must('jobs.update', { job_id: job.id, timeout: 40 })
    expect((await why(job)).answer).toContain('with a timeout of 40 s')
  })

  it('is raised by the retry of a job that it has ended', async () => {
    const job = await tenant.must('jobs.dispatch', { prompt: 'x', target: 'anna', when_offline: 'queue', timeout: 20, max_attempts: 1 })
    await start()
    await pass(21_000)
    expect((await get(job)).status).toBe('failed')
    expect(await tenant.must('jobs.retry', { job_id: job.id, timeout: 25 })).toMatchObject({ status: 'pending', timeout: 25 })
    await start()
    await pass(21_000)
    expect((await get(job)).status).toBe('running')
    await pass(5_000)
    expect(await get(job)).toMatchObject({ status: 'failed', error: { type: 'timeout' } })
  })

  it('is of each part of a fan-out, not of the whole', async () => {
    await tenant.worker('bert')
    const parent = await tenant.must('jobs.dispatch', { prompt: 'x', targets: ['anna', 'bert'], when_offline: 'queue' })
    const answer = await tenant.call('jobs.retry', { job_id: parent.id, timeout: 60 })
    expect(answer.ok ? 'ok' : answer.failure.detail).toContain('retry the child whose timeout should change')
  })
})
