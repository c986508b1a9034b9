/** Says what becomes of an answer that comes while the others are being merged: it stays readable, and is counted as missing from the merged one. */
import { abortAllDurableObjects } from 'cloudflare:test'
import { expect, it } from 'vitest'
import type { CallCredential } from '../../../../../durable-objects/tenant/call.ts'
import { TestTenant } from '../harness.ts'
import type { WorkerHandle } from '../harness.ts'

async function start(tenant: TestTenant, worker: WorkerHandle): Promise<{ readonly id: number; readonly lease: CallCredential }> {
  const [offer] = await tenant.offers(worker)
  if (offer === undefined) throw new Error(`${worker.name} was offered nothing`)
  const lease = tenant.lease(offer)
  await tenant.must('claims.start', { job_id: offer.job.id }, lease)
  return { id: offer.job.id, lease }
}

it('a late answer is missing from the merge that had begun without it, also after an eviction', async () => {
  const tenant = await TestTenant.create()
  const [anna, bert, cleo] = [await tenant.worker('anna'), await tenant.worker('bert'), await tenant.worker('cleo')]
  const parent = await tenant.must('jobs.dispatch', {
    prompt: 'Name it',
    targets: ['anna', 'bert', 'cleo'],
    merge: { by: 'worker', worker: 'anna', quorum: 2 },
  })
  const early = [await start(tenant, anna), await start(tenant, bert)]
  const late = await start(tenant, cleo)
  for (const { id, lease } of early) await tenant.must('claims.complete', { job_id: id, result: 'early' }, lease)
  const merge = await start(tenant, anna)
  await tenant.must('claims.complete', { job_id: late.id, result: 'late' }, late.lease)
  const running = await tenant.must('jobs.get', { job_id: parent.id })
  expect(running).toMatchObject({ status: 'running', merge: { answered: 2, failed: 0, missing: 1 } })
  await abortAllDurableObjects()
  await tenant.must('claims.complete', { job_id: merge.id, result: 'early, twice' }, merge.lease)
  const done = await tenant.must('jobs.get', { job_id: parent.id })
  expect(done).toMatchObject({ status: 'done', result: 'early, twice', merge: { answered: 2, failed: 0, missing: 1, degraded: false } })
  expect(done.children?.map(({ status }) => status)).toEqual(['done', 'done', 'done'])
})
