import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { frozenTime, TestTenant } from '../harness.ts'
import type { WorkerHandle } from '../harness.ts'

beforeEach(() => {
  frozenTime()
})
afterEach(() => {
  vi.useRealTimers()
})

async function polling(tenant: TestTenant, workers: readonly WorkerHandle[]) {
  const polls = workers.map((worker) => tenant.must('claims.poll', { wait: 20 }, worker.credential))
  // The object takes calls in order: once this is answered, each poll is held.
  await tenant.must('killswitch.get', {})
  return polls
}

/** The killswitch answers every poll that is still held, and says so. */
async function release(tenant: TestTenant, polls: Awaited<ReturnType<typeof polling>>) {
  await tenant.must('killswitch.raise', { level: 4 })
  const answers = await Promise.all(polls)
  return answers.map(({ offers, killswitch }) => (killswitch.level === 0 ? offers.map(({ job }) => job.id) : 'held'))
}

it('is woken for a job that it gets, and every other one goes on waiting', async () => {
  const tenant = await TestTenant.create()
  const workers: WorkerHandle[] = []
  for (const name of ['anna', 'bert', 'cleo', 'dora', 'emil', 'finn']) workers.push(await tenant.worker(name))
  const polls = await polling(tenant, workers)
  const job = await tenant.must('jobs.dispatch', { prompt: 'one' })
  await Promise.any(polls)
  const answers = await release(tenant, polls)
  expect(answers.filter((answer) => answer !== 'held')).toEqual([[job.id]])
})

it('is woken for what another one was woken for and left', async () => {
  const tenant = await TestTenant.create()
  const [anna, bert] = [await tenant.worker('anna'), await tenant.worker('bert')]
  await tenant.present(anna, { tags: ['gpu'] })
  await tenant.must('workers.pause', { worker_id: anna.id })
  await tenant.must('workers.pause', { worker_id: bert.id })
  const plain = await tenant.must('jobs.create', { prompt: 'plain' })
  const special = await tenant.must('jobs.create', { prompt: 'special', tags: ['gpu'], priority: 10 })
  const polls = await polling(tenant, [anna, bert])
  // Anna may take either, and takes the one that only she can.
  await tenant.must('workers.resume', { worker_id: anna.id })
  await tenant.must('workers.resume', { worker_id: bert.id })
  await Promise.all(polls)
  expect(await release(tenant, polls)).toEqual([[special.id], [plain.id]])
})

it('is not answered empty because of a job that it may not have', async () => {
  const tenant = await TestTenant.create()
  const [anna, bert] = [await tenant.worker('anna'), await tenant.worker('bert')]
  const polls = await polling(tenant, [bert])
  await tenant.must('jobs.dispatch', { prompt: 'hers', target: anna.name })
  expect(await release(tenant, polls)).toEqual(['held'])
})

it('of a worker that was paused meanwhile gets nothing', async () => {
  const tenant = await TestTenant.create()
  const [anna, bert] = [await tenant.worker('anna'), await tenant.worker('bert')]
  const polls = await polling(tenant, [anna, bert])
  await tenant.must('workers.pause', { worker_id: anna.id })
  const job = await tenant.must('jobs.dispatch', { prompt: 'x' })
  await polls[1]
  expect(await release(tenant, polls)).toEqual(['held', [job.id]])
})
