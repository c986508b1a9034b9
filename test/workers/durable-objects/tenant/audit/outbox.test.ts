import { abortAllDurableObjects, env, runInDurableObject } from 'cloudflare:test'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { verifyRows } from '../../../../../src/domain/audit/audit-chain.ts'
import { openRegistry } from '../../../../../src/registry/open.ts'
import { frozenTime, sha256, TestTenant } from '../harness.ts'

const registry = openRegistry(env.REGISTRY)

let clock: ReturnType<typeof frozenTime>
beforeEach(() => {
  clock = frozenTime()
})
afterEach(() => {
  vi.useRealTimers()
})

/** An alarm ships whatever is in the outbox, and waits for it. */
const alarm = (tenant: TestTenant): Promise<void> =>
  runInDurableObject(tenant.raw, (instance) => (instance as unknown as { alarm(): Promise<void> }).alarm())

async function oneJob(tenant: TestTenant, prompt: string): Promise<void> {
  const anna = [...(await tenant.must('workers.list', {})).items].find((worker) => worker.name === 'anna')
  const handle = anna === undefined ? await tenant.worker('anna') : undefined
  if (handle !== undefined) held.set(tenant.name, handle)
  const worker = held.get(tenant.name)
  if (worker === undefined) throw new Error('no worker')
  await tenant.present(worker)
  const job = await tenant.must('jobs.dispatch', { prompt })
  const [offer] = await tenant.offers(worker)
  if (offer === undefined) throw new Error('no offer')
  await tenant.must('claims.start', { job_id: job.id }, tenant.lease(offer))
  await tenant.must('claims.complete', { job_id: job.id, result: `${prompt}, done` }, tenant.lease(offer))
}
const held = new Map<string, Awaited<ReturnType<TestTenant['worker']>>>()

const shippedRows = async (tenant: TestTenant) => {
  const rows = await registry.audit.range(tenant.name, { after: 0 })
  return rows.ok ? rows.value : []
}

it('brings audit rows, ended jobs and workers to D1, where the chain verifies', async () => {
  const tenant = await TestTenant.create()
  await oneJob(tenant, 'first')
  await alarm(tenant)
  const rows = await shippedRows(tenant)
  expect(rows.map((row) => row.action)).toEqual([
    'tenant.create',
    'member.create',
    'worker.register',
    'job.dispatch',
    'job.start',
    'job.complete',
  ])
  expect(verifyRows(rows, { sha256 })).toMatchObject({ ok: true, rows: 6 })
  const job = await registry.jobs.get(tenant.name, 1)
  expect(job).toMatchObject({ ok: true, value: { status: 'done', result: 'first, done', assigned_to: 'anna' } })
})

it('ships no row of a command that was taken back, and the chain goes on without a gap', async () => {
  const tenant = await TestTenant.create()
  await tenant.worker('anna')
  const refused = await tenant.call('jobs.dispatch_batch', { jobs: [{ prompt: 'a' }, { prompt: 'b', tags: ['gpu'] }] })
  expect(refused.ok).toBe(false)
  expect((await tenant.call('jobs.get', { job_id: 1 })).ok).toBe(false)
  await tenant.must('jobs.dispatch', { prompt: 'c' })
  await tenant.must('jobs.dispatch', { prompt: 'd' })
  await alarm(tenant)
  const rows = await shippedRows(tenant)
  expect(rows.map((row) => row.action)).toEqual(['tenant.create', 'member.create', 'worker.register', 'job.dispatch', 'job.dispatch'])
  expect(verifyRows(rows, { sha256 })).toMatchObject({ ok: true, rows: 5 })
  expect((await tenant.must('jobs.get', { job_id: 1 })).prompt).toBe('c')
})

it('loses nothing while D1 fails, slows nothing but listings, and catches up afterwards', async () => {
  const tenant = await TestTenant.create()
  await oneJob(tenant, 'before')
  await alarm(tenant)
  await env.REGISTRY.exec('ALTER TABLE audit RENAME TO audit_away')
  try {
    await oneJob(tenant, 'during')
    await alarm(tenant)
    expect(await tenant.must('jobs.get', { job_id: 2 })).toMatchObject({ status: 'done' })
    await tenant.must('killswitch.raise', { level: 1 })
    await tenant.must('killswitch.clear', {})
  } finally {
    await env.REGISTRY.exec('ALTER TABLE audit_away RENAME TO audit')
  }
  clock.pass(60_000)
  await alarm(tenant)
  const rows = await shippedRows(tenant)
  expect(rows.map((row) => row.seq)).toEqual(Array.from({ length: rows.length }, (_, index) => index + 1))
  expect(rows.slice(-2).map((row) => row.action)).toEqual(['killswitch.raise', 'killswitch.clear'])
  expect(verifyRows(rows, { sha256 })).toMatchObject({ ok: true })
})

it('ships a row twice without storing it twice, when the answer to the first time was lost', async () => {
  const tenant = await TestTenant.create()
  await oneJob(tenant, 'x')
  await alarm(tenant)
  const before = await shippedRows(tenant)
  // As if the object had never heard that D1 has them: what it knows is memory, and D1 is asked anew.
  await env.REGISTRY.prepare('DELETE FROM shipments WHERE tenant = ?').bind(tenant.name).run()
  await abortAllDurableObjects()
  await alarm(tenant)
  expect(await shippedRows(tenant)).toEqual(before)
})

it('forgets old jobs and rows once D1 has them, and never gives an id or a sequence twice', async () => {
  const tenant = await TestTenant.create()
  await oneJob(tenant, 'old')
  await oneJob(tenant, 'older than a week soon')
  await alarm(tenant)
  clock.pass(8 * 86_400_000)
  await alarm(tenant)
  const left = await runInDurableObject(tenant.raw, (_, state) => ({
    jobs: state.storage.sql.exec('select count(*) as n from jobs').one()['n'],
    rows: state.storage.sql.exec('select count(*) as n from audit').one()['n'],
  }))
  expect(left).toEqual({ jobs: 1, rows: 1 })
  await oneJob(tenant, 'new')
  expect(await tenant.must('jobs.get', { job_id: 3 })).toMatchObject({ prompt: 'new', status: 'done' })
  await alarm(tenant)
  expect(verifyRows(await shippedRows(tenant), { sha256 })).toMatchObject({ ok: true })
})

it('remembers in D1 where a large result lies, and shows that to nobody', async () => {
  const tenant = await TestTenant.create()
  const anna = await tenant.worker('anna')
  await tenant.must('jobs.dispatch', { prompt: 'large' })
  const [offer] = await tenant.offers(anna)
  if (offer === undefined) throw new Error('no offer')
  await tenant.must('claims.start', { job_id: 1 }, tenant.lease(offer))
  const stored = `results/${tenant.name}/1/abc`
  const input = { job_id: 1, result: 'the beginning' }
  const answer = await tenant.stub.perform({
    operation: 'claims.complete',
    input,
    credential: tenant.lease(offer),
    request_id: 'test',
    stored_result: stored,
  })
  expect(answer).toMatchObject({ ok: true, value: { job: { result_truncated: true } } })
  await alarm(tenant)
  expect(await registry.jobs.storedResult(tenant.name, 1)).toEqual({ ok: true, value: stored })
  expect(JSON.stringify(await registry.jobs.get(tenant.name, 1))).not.toContain(stored)
})
