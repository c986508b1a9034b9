/** Says that workers whose config says so run one job at a time in the directory that they share, whoever was assigned what. */
import type { Input, Job } from '@modelreins/contract'
import { abortAllDurableObjects } from 'cloudflare:test'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { failureOf, frozenTime, TestTenant } from '../harness.ts'
import type { WorkerHandle } from '../harness.ts'

let clock: ReturnType<typeof frozenTime>
beforeEach(() => {
  clock = frozenTime()
})
afterEach(() => {
  vi.useRealTimers()
})

const repo = 'desk:/home/olga/web'

async function scene() {
  const tenant = await TestTenant.create()
  const place = async (name: string, where?: string): Promise<WorkerHandle> => {
    const worker = await tenant.worker(name, [], { slots: 4, ...(where === undefined ? {} : { place: where }) })
    await tenant.must('workers.update', { worker_id: worker.id, config: { concurrency_key: 'workdir' } })
    return worker
  }
  const anna = await place('anna', repo)
  const bert = await place('bert', repo)
  const add = (more: Partial<Input<'jobs.create'>> = {}): Promise<Job> => tenant.must('jobs.create', { prompt: 'x', ...more })
  const offered = async (worker: WorkerHandle): Promise<readonly number[]> => (await tenant.offers(worker, 4)).map(({ job }) => job.id)
  return { tenant, place, anna, bert, add, offered }
}

async function start(tenant: TestTenant, worker: WorkerHandle) {
  const [offer, ...more] = await tenant.offers(worker, 4)
  if (offer === undefined) throw new Error(`${worker.name} was offered nothing`)
  const lease = tenant.lease(offer)
  const job_id = offer.job.id
  await tenant.must('claims.start', { job_id }, lease)
  return { id: job_id, more: more.length, complete: () => tenant.must('claims.complete', { job_id, result: 'ok' }, lease) }
}

it('one job at a time is offered in a directory, to all that work there; elsewhere the others go on', async () => {
  const { tenant, place, anna, bert, add, offered } = await scene()
  const cleo = await place('cleo', 'desk:/home/olga/docs')
  for (let n = 0; n < 4; n += 1) await add()
  const first = await start(tenant, anna)
  expect([first.id, first.more]).toEqual([1, 0])
  expect(await offered(bert)).toEqual([])
  expect(await offered(anna)).toEqual([])
  expect(await offered(cleo)).toEqual([2])
  const why = await tenant.must('jobs.why', { job_id: 3 })
  expect(why.workers.find(({ name }) => name === 'bert')?.reasons).toContain('is busy: job 1 works in its directory, one at a time')
  await abortAllDurableObjects()
  for (const worker of [anna, bert]) await tenant.present(worker, { slots: 4 })
  expect(await offered(bert)).toEqual([])
  await first.complete()
  const next = await start(tenant, bert)
  expect(next.more).toBe(0)
  expect(await offered(anna)).toEqual([])
})

it('what is on offer to one is not offered to another, and only one of two offers starts', async () => {
  const { tenant, anna, bert, add, offered } = await scene()
  await add()
  await add()
  const [offer] = await tenant.offers(anna, 4)
  expect(offer?.job.id).toBe(1)
  expect(await offered(bert)).toEqual([])
  // The offer lapses, and the place is anybody's.
  clock.pass(6_000)
  const [other] = await tenant.offers(bert, 1)
  if (offer === undefined || other === undefined) throw new Error('no offers')
  await tenant.must('claims.start', { job_id: other.job.id }, tenant.lease(other))
  expect(failureOf(await tenant.as(tenant.lease(offer), 'claims.start', { job_id: offer.job.id }))).toBe('lease-lost')
  expect((await tenant.must('presence.list', {})).items.map(({ name, state }) => `${name} ${state}`)).toContain('bert busy')
})

it('a job with a key of its own is kept apart by that alone, and a worker that has not said where it works by itself', async () => {
  const { tenant, place, anna, bert, add, offered } = await scene()
  const dora = await place('dora')
  await add()
  await start(tenant, anna)
  await add({ concurrency: { key: 'elsewhere' } })
  expect(await offered(bert)).toEqual([2])
  await add()
  await add()
  const own = await start(tenant, dora)
  expect(own.more).toBe(0)
  expect(await offered(dora)).toEqual([])
})

it('a lost worker lets go of its directory', async () => {
  const { tenant, anna, bert, add } = await scene()
  await add({ max_attempts: 1 })
  await add()
  await start(tenant, anna)
  clock.pass(31_000)
  await tenant.present(bert, { slots: 4 })
  expect((await start(tenant, bert)).id).toBe(2)
})

it('the Director does not choose whose directory is taken, and a worker without the setting is not concerned', async () => {
  const { tenant, anna, add, offered } = await scene()
  const eve = await tenant.worker('eve', [], { slots: 4, place: repo })
  await add()
  await start(tenant, anna)
  const chosen = await tenant.must('jobs.dispatch', { prompt: 'x' })
  expect(chosen.assigned_to).toBe('eve')
  await add()
  expect(await offered(eve)).toHaveLength(2)
})
