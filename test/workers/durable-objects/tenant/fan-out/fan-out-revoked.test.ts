/** Says what becomes of a fan-out when a worker that it asks is revoked: that part fails at once, and is not tried again. */
import { expect, it } from 'vitest'
import { failureOf, TestTenant } from '../harness.ts'
import type { WorkerHandle } from '../harness.ts'

async function start(tenant: TestTenant, worker: WorkerHandle) {
  const [offer] = await tenant.offers(worker)
  if (offer === undefined) throw new Error(`${worker.name} was offered nothing`)
  const lease = tenant.lease(offer)
  await tenant.must('claims.start', { job_id: offer.job.id }, lease)
  return (result: string) => tenant.must('claims.complete', { job_id: offer.job.id, result }, lease)
}

it('ends the part of a revoked worker, running or not started, and merges the answers of the others', async () => {
  const tenant = await TestTenant.create()
  const anna = await tenant.worker('anna')
  const bert = await tenant.worker('bert')
  const cleo = await tenant.worker('cleo')
  const asked = await tenant.must('jobs.dispatch', { prompt: 'x', targets: ['anna', 'bert', 'cleo'], merge: { by: 'concat' } })
  const answer = await start(tenant, anna)
  await start(tenant, bert)
  await tenant.must('workers.revoke', { worker_id: bert.id })
  await tenant.must('workers.revoke', { worker_id: cleo.id })
  expect((await tenant.must('jobs.get', { job_id: asked.id })).children?.map(({ status }) => status)).toEqual([
    'running',
    'failed',
    'failed',
  ])
  await answer('yes')
  expect(await tenant.must('jobs.get', { job_id: asked.id })).toMatchObject({
    status: 'done',
    merge: { answered: 1, failed: 2, missing: 0 },
  })
  const [, second] = (await tenant.must('jobs.children', { job_id: asked.id })).items
  expect(second).toMatchObject({
    status: 'failed',
    error: { type: 'target_revoked', message: expect.stringContaining('bert, its target, was revoked after attempt 1 began.') },
  })
})

it('fails when all were revoked, and says so to a retry', async () => {
  const tenant = await TestTenant.create()
  const workers = [await tenant.worker('anna'), await tenant.worker('bert')]
  const asked = await tenant.must('jobs.dispatch', { prompt: 'x', targets: ['anna', 'bert'] })
  for (const { id } of workers) await tenant.must('workers.revoke', { worker_id: id })
  expect(await tenant.must('jobs.get', { job_id: asked.id })).toMatchObject({ status: 'failed', error: { type: 'unanswered' } })
  const again = await tenant.call('jobs.retry', { job_id: asked.id })
  expect([failureOf(again), again.ok ? '' : again.failure.detail]).toEqual([
    'wrong-state',
    `The workers of job ${asked.id} were revoked: dispatch a new fan-out to other workers.`,
  ])
})

it('goes on without a merge worker that is revoked before it begins', async () => {
  const tenant = await TestTenant.create()
  const anna = await tenant.worker('anna')
  const bert = await tenant.worker('bert')
  const cleo = await tenant.worker('cleo')
  const asked = await tenant.must('jobs.dispatch', { prompt: 'x', targets: ['anna', 'bert'], merge: { by: 'worker', worker: 'cleo' } })
  for (const worker of [anna, bert]) await (await start(tenant, worker))('yes')
  expect(await tenant.must('jobs.get', { job_id: asked.id })).toMatchObject({ status: 'running' })
  await tenant.must('workers.revoke', { worker_id: cleo.id })
  expect(await tenant.must('jobs.get', { job_id: asked.id })).toMatchObject({ status: 'done', merge: { answered: 2, degraded: true } })
})
