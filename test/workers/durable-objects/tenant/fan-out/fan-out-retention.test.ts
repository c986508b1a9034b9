/** Says how long the answers of a fan-out are kept: until it has ended, however long that takes; and that its thread's deletion finds all of them. */
import { env, runInDurableObject } from 'cloudflare:test'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { failureOf, frozenTime, TestTenant } from '../harness.ts'
import type { WorkerHandle } from '../harness.ts'

const day = 86_400_000
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

const alarm = (): Promise<void> => runInDurableObject(tenant.raw, (instance) => (instance as unknown as { alarm(): Promise<void> }).alarm())

async function answer(worker: WorkerHandle, result: string): Promise<void> {
  await tenant.present(worker)
  const [offer] = await tenant.offers(worker)
  if (offer === undefined) throw new Error(`${worker.name} was offered nothing`)
  await tenant.must('claims.start', { job_id: offer.job.id }, tenant.lease(offer))
  await tenant.must('claims.complete', { job_id: offer.job.id, result }, tenant.lease(offer))
}

async function longFanOut(): Promise<number> {
  const asked = {
    prompt: 'open sesame',
    thread_id: 't',
    targets: ['anna', 'bert'],
    merge: { by: 'concat' as const },
    expires_in: 7 * 86_400,
  }
  const { id } = await tenant.must('jobs.dispatch', asked)
  await answer(anna, 'sesame A')
  await tenant.must('settings.update', { retention_days: 1 })
  await alarm()
  clock.pass(3 * day)
  await alarm()
  await alarm()
  return id
}

it('keeps an answer past the retention of jobs while its fan-out waits for the others', async () => {
  const id = await longFanOut()
  await answer(bert, 'sesame B')
  const whole = await tenant.must('jobs.get', { job_id: id })
  expect(whole).toMatchObject({ status: 'done', merge: { answered: 2, failed: 0 } })
  expect(whole.result).toContain('sesame A')
})

it('erases with the thread what has had its time before the fan-out', async () => {
  const id = await longFanOut()
  await answer(bert, 'sesame B')
  await tenant.must('jobs.dispatch', { prompt: 'newer', when_offline: 'queue' })
  await alarm()
  await alarm()
  // Ended three days before its parent.
  expect(failureOf(await tenant.call('jobs.get', { job_id: id + 1 }))).toBe('not-found')
  expect((await tenant.must('jobs.get', { job_id: id })).status).toBe('done')
  await tenant.must('threads.delete', { thread_id: 't' })
  expect(failureOf(await tenant.call('jobs.get', { job_id: id + 1 }))).toBe('gone')
  const archived = (await env.REGISTRY.prepare('SELECT * FROM jobs WHERE tenant = ?').bind(tenant.name).all()).results
  expect(JSON.stringify(archived)).not.toContain('sesame')
})
