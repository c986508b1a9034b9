/** Says that a tenant in use finds all its invariants to hold, and names the job when somebody has reached into its rows. */
import { runInDurableObject } from 'cloudflare:test'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { failureOf, frozenTime, TestTenant } from '../harness.ts'

beforeEach(() => {
  frozenTime()
})
afterEach(() => {
  vi.useRealTimers()
})

/** A job that runs, one that ran on an approval, one held, one failed, a fan-out, a schedule. */
async function busy(): Promise<TestTenant> {
  const tenant = await TestTenant.create()
  const anna = await tenant.worker('anna', [
    { name: 'mail.send', risk_tier: 'approve', policy: { self_approval: true } },
    { name: 'look', risk_tier: 'auto' },
  ])
  await tenant.worker('bert', [{ name: 'look', risk_tier: 'auto' }])
  const start = async (id: number) => {
    const offer = (await tenant.offers(anna, 8)).find((one) => one.job.id === id)
    if (offer === undefined) throw new Error('no offer')
    await tenant.must('claims.start', { job_id: id }, tenant.lease(offer))
    return tenant.lease(offer)
  }
  const { id: running } = await tenant.must('jobs.create', { prompt: 'runs', capability: 'look', target: 'anna' })
  await start(running)
  const { id: mail, review_id } = await tenant.must('jobs.create', { prompt: 'mail', capability: 'mail.send' })
  const review = await tenant.must('reviews.get', { review_id: review_id ?? 0 })
  await tenant.must('reviews.decide', { review_id: review.id, verdict: 'approve', digest: review.digest })
  await start(mail)
  const { id: failing } = await tenant.must('jobs.create', { prompt: 'fails', capability: 'look', target: 'anna' })
  await tenant.must('claims.fail', { job_id: failing, error: { type: 'x', message: 'y', retryable: false } }, await start(failing))
  await tenant.must('jobs.create', { prompt: 'held', capability: 'mail.send' })
  await tenant.must('jobs.dispatch', { prompt: 'several', targets: ['anna', 'bert'], capability: 'look', when_offline: 'queue' })
  return tenant
}

const brokenIn = async (tenant: TestTenant) =>
  (await tenant.must('diagnostics.run', {})).checks.flatMap(({ id, broken }) => broken.map((one) => `${id} ${one.job_id}`))
const reach = (tenant: TestTenant, query: string) => runInDurableObject(tenant.raw, (_, { storage }) => void storage.sql.exec(query))

it('a tenant in use breaks nothing, and says what it stores and what waits', async () => {
  const tenant = await busy()
  const found = await tenant.must('diagnostics.run', {})
  expect(found).toMatchObject({ holds: true, partial: false })
  expect(Object.fromEntries(found.checks.map(({ id, checked }) => [id, checked > 0]))).toEqual({
    I2: true,
    I4: true,
    I5: true,
    I6: true,
    I7: true,
    I8: true,
    I12: true,
    I14: true,
  })
  expect(found.storage.bytes).toBeGreaterThan(10_000)
  expect(found.storage.rows).toMatchObject({ jobs: 7, workers: 2, members: 1, reviews: 2 })
  expect(found.today.jobs).toBe(7)
  expect(found.today.audit_rows).toBe(found.storage.rows['audit_rows'])
  expect(found.headroom.every(({ used, limit }) => used < limit)).toBe(true)
})

it('what somebody wrote into its rows is named with the job', async () => {
  const tenant = await busy()
  await reach(tenant, 'update jobs set attempt = 9 where id = 4')
  await reach(tenant, 'update jobs set pool = 4, rank = 1 where id = 3')
  await reach(tenant, `update jobs set worker_id = 'wkother0000000000' where id = 1`)
  expect(await brokenIn(tenant)).toEqual(['I2 1', 'I4 3', 'I6 4'])
})

it('is for those who may read the audit trail', async () => {
  const tenant = await TestTenant.create()
  const anna = await tenant.worker('anna')
  expect(failureOf(await tenant.as(anna.credential, 'diagnostics.run', {}))).toBe('forbidden')
})
