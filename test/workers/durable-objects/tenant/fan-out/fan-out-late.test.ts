/** Says what becomes of an answer that comes while the others are being merged: it stays readable, and is counted as missing from the merged one. */
import { abortAllDurableObjects } from 'cloudflare:test'
import { expect, it } from 'vitest'
import { TestTenant } from '../harness.ts'

it('a late answer is missing from the merge that had begun without it, also after an eviction', async () => {
  const tenant = await TestTenant.create()
  const [anna, bert, cleo] = [await tenant.worker('anna'), await tenant.worker('bert'), await tenant.worker('cleo')]
  const parent = await tenant.must('jobs.dispatch', {
    prompt: 'Name it',
    targets: ['anna', 'bert', 'cleo'],
    merge: { by: 'worker', worker: 'anna', quorum: 2 },
  })
  const early = [await tenant.start(anna), await tenant.start(bert)]
  const late = await tenant.start(cleo)
  for (const { id, lease } of early) await tenant.must('claims.complete', { job_id: id, result: 'early' }, lease)
  const merge = await tenant.start(anna)
  await tenant.must('claims.complete', { job_id: late.id, result: 'late' }, late.lease)
  const running = await tenant.must('jobs.get', { job_id: parent.id })
  expect(running).toMatchObject({ status: 'running', merge: { answered: 2, failed: 0, missing: 1 } })
  await abortAllDurableObjects()
  await tenant.must('claims.complete', { job_id: merge.id, result: 'early, twice' }, merge.lease)
  const done = await tenant.must('jobs.get', { job_id: parent.id })
  expect(done).toMatchObject({ status: 'done', result: 'early, twice', merge: { answered: 2, failed: 0, missing: 1, degraded: false } })
  expect(done.children?.map(({ status }) => status)).toEqual(['done', 'done', 'done'])
})
