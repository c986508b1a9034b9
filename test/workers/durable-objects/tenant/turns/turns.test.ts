/** Says what becomes of jobs that share a key: never more at once, or in a while, than the key allows, in order, and whatever is lost. */
import type { Input, Job } from '@modelreins/contract'
import { abortAllDurableObjects, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { failureOf, frozenTime, TestTenant } from '../harness.ts'
import type { WorkerHandle } from '../harness.ts'

let clock: ReturnType<typeof frozenTime>
beforeEach(() => {
  clock = frozenTime()
})
afterEach(() => {
  vi.useRealTimers()
})

const repo = { key: 'repo:web' }

async function scene() {
  const tenant = await TestTenant.create()
  const anna = await tenant.worker('anna', [], { slots: 64 })
  const ask = (more: Partial<Input<'jobs.dispatch'>> = {}): Promise<Job> =>
    tenant.must('jobs.dispatch', { prompt: 'x', concurrency: repo, ...more })
  const get = (id: number): Promise<Job> => tenant.must('jobs.get', { job_id: id })
  const why = async (id: number): Promise<string> => (await tenant.must('jobs.why', { job_id: id })).answer
  return { tenant, anna, ask, get, why }
}

/** Takes what there is and starts it; answers how to end each. */
async function start(tenant: TestTenant, worker: WorkerHandle, max = 1) {
  const offers = await tenant.offers(worker, max)
  const started = []
  for (const offer of offers) {
    const lease = tenant.lease(offer)
    const job_id = offer.job.id
    await tenant.must('claims.start', { job_id }, lease)
    started.push({
      id: job_id,
      complete: () => tenant.must('claims.complete', { job_id, result: 'ok' }, lease),
      fail: (retryable = false) => tenant.must('claims.fail', { job_id, error: { type: 'exit_error', message: 'no', retryable } }, lease),
    })
  }
  return started
}

const rowsIn = (tenant: TestTenant, table: string): Promise<number> =>
  runInDurableObject(tenant.raw, (_, state) => Number(state.storage.sql.exec(`select count(*) as n from ${table}`).one()['n']))

describe('a concurrency key', () => {
  it('lets one job at a time, in order, and says who is in the way', async () => {
    const { tenant, anna, ask, get, why } = await scene()
    const [first, second, third] = [await ask(), await ask(), await ask({ priority: 5 })]
    expect([first.hold, second.hold, third.hold]).toEqual([null, 'key', 'key'])
    expect(first.concurrency).toEqual({ key: 'repo:web', limit: 1, on_conflict: 'wait' })
    expect(await why(third.id)).toBe(`It waits for job ${first.id}, which holds repo:web.`)
    expect(await why(second.id)).toBe(`It waits for job ${first.id}, which holds repo:web. 1 job waits for it before this one.`)
    for (const expected of [first, third, second]) {
      await abortAllDurableObjects()
      await tenant.present(anna, { slots: 64 })
      const running = await start(tenant, anna, 10)
      expect(running.map(({ id }) => id)).toEqual([expected.id])
      await running[0]?.complete()
    }
    expect((await get(second.id)).status).toBe('done')
    expect(await rowsIn(tenant, 'key_uses')).toBe(0)
  })

  it('is let go the moment its job ends, however it ends', async () => {
    const { tenant, anna, ask, get } = await scene()
    const jobs: Job[] = []
    for (let n = 0; n < 6; n += 1) jobs.push(await ask({ max_attempts: 1, ...(n === 3 ? { expires_in: 10 } : {}) }))
    const free = async (at: number): Promise<void> => {
      expect((await get(jobs[at]?.id ?? 0)).hold).toBeNull()
      expect((await get(jobs[at + 1]?.id ?? 0)).hold).toBe('key')
    }
    await (await start(tenant, anna))[0]?.fail()
    await free(1)
    await start(tenant, anna)
    await tenant.must('jobs.abort', { job_id: jobs[1]?.id ?? 0 })
    await free(2)
    await start(tenant, anna)
    await abortAllDurableObjects()
    // Its worker is lost.
    for (let waited = 0; waited < 3 && (await get(jobs[2]?.id ?? 0)).status !== 'failed'; waited += 1) clock.pass(31_000)
    expect((await get(jobs[2]?.id ?? 0)).error?.type).toBe('worker_lost')
    await tenant.present(anna, { slots: 64 })
    await free(3)
    // Nobody starts it in time.
    clock.pass(11_000)
    await tenant.present(anna, { slots: 64 })
    await free(4)
    expect((await get(jobs[3]?.id ?? 0)).error?.type).toBe('expired')
    await tenant.must('jobs.abort', { job_id: jobs[4]?.id ?? 0 })
    expect((await get(jobs[5]?.id ?? 0)).hold).toBeNull()
  })

  it('is let go by an attempt that is tried again, which then waits for its turn', async () => {
    const { tenant, anna, ask, get } = await scene()
    const [first, second] = [await ask({ max_attempts: 2 }), await ask()]
    await (await start(tenant, anna))[0]?.fail(true)
    expect((await get(first.id)).status).toBe('retry')
    const running = await start(tenant, anna, 5)
    expect(running.map(({ id }) => id)).toEqual([second.id])
    clock.pass(20_000)
    await tenant.present(anna, { slots: 64 })
    expect(await get(first.id)).toMatchObject({ status: 'pending', hold: 'key' })
    await running[0]?.complete()
    expect((await start(tenant, anna, 5)).map(({ id }) => id)).toEqual([first.id])
  })

  it('has a limit, and the smallest of those that hold it counts', async () => {
    const { tenant, anna, ask } = await scene()
    const two = { concurrency: { key: 'gpu', limit: 2 } }
    const [first, second, third] = [await ask(two), await ask(two), await ask(two)]
    expect([first.hold, second.hold, third.hold]).toEqual([null, null, 'key'])
    const alone = await ask({ concurrency: { key: 'disk' } })
    const wider = await ask({ concurrency: { key: 'disk', limit: 5 } })
    expect([alone.hold, wider.hold]).toEqual([null, 'key'])
    expect((await start(tenant, anna, 10)).map(({ id }) => id).toSorted()).toEqual([first.id, second.id, alone.id])
  })

  it('refuses with on_conflict reject, and takes the place of those that wait with replace', async () => {
    const { tenant, anna, ask, get } = await scene()
    const first = await ask()
    await start(tenant, anna)
    const refused = await tenant.call('jobs.dispatch', { prompt: 'y', concurrency: { ...repo, on_conflict: 'reject' } })
    expect(failureOf(refused)).toBe('conflict')
    expect(refused.ok ? '' : refused.failure.detail).toContain(`job ${first.id}, which holds repo:web`)
    const waits = await ask()
    const next = await ask({ concurrency: { ...repo, on_conflict: 'replace' } })
    expect(next.hold).toBe('key')
    expect(await get(waits.id)).toMatchObject({
      status: 'failed',
      error: { type: 'aborted', message: `Replaced by job ${next.id}, which has the same concurrency key repo:web` },
    })
    expect((await get(first.id)).status).toBe('running')
    await tenant.must('jobs.abort', { job_id: first.id })
    expect((await get(next.id)).hold).toBeNull()
    // One that is queued and has not started is replaced, too, and leaves the key to the new one.
    const last = await ask({ concurrency: { ...repo, on_conflict: 'replace' } })
    expect(last.hold).toBeNull()
    expect((await get(next.id)).status).toBe('failed')
  })

  it('is taken after an approval, and after a schedule, not before', async () => {
    const { tenant, anna, ask, get } = await scene()
    const later = await ask({ not_before: new Date(clock.now + 60_000).toISOString() })
    const now = await ask()
    expect([later.hold, now.hold]).toEqual(['schedule', null])
    clock.pass(61_000)
    await tenant.present(anna, { slots: 64 })
    expect((await get(later.id)).hold).toBe('key')
    await (await start(tenant, anna))[0]?.complete()
    expect((await get(later.id)).hold).toBeNull()
  })

  it('costs a claim nothing for those that wait', async () => {
    const { tenant, anna, ask, get } = await scene()
    await ask()
    for (let n = 0; n < 2; n += 1)
      await tenant.must('jobs.dispatch_batch', { jobs: Array.from({ length: 50 }, () => ({ prompt: 'x', concurrency: repo })) })
    const plain = await tenant.must('jobs.dispatch', { prompt: 'plain' })
    const running = await start(tenant, anna, 50)
    expect(running.map(({ id }) => id).toSorted((a, b) => a - b)).toEqual([1, plain.id])
    // In no pool: a claim reads the heads of pools alone.
    expect(
      await runInDurableObject(tenant.raw, (_, state) =>
        Number(state.storage.sql.exec('select count(*) as n from jobs where pool > 0').one()['n']),
      ),
    ).toBe(0)
    await running[0]?.complete()
    expect((await get(2)).hold).toBeNull()
    expect((await get(3)).hold).toBe('key')
  })

  it('writes nothing for jobs without one', async () => {
    const { tenant, anna } = await scene()
    await tenant.must('jobs.dispatch', { prompt: 'plain' })
    await (await start(tenant, anna))[0]?.complete()
    expect(await rowsIn(tenant, 'key_uses')).toBe(0)
    expect(await rowsIn(tenant, 'rate_starts')).toBe(0)
  })

  it('is shared by the children of a fan-out, which run one after the other', async () => {
    const { tenant, anna, ask } = await scene()
    const bert = await tenant.worker('bert')
    const parent = await ask({ targets: ['anna', 'bert'], merge: { by: 'concat' } })
    expect(parent.children).toHaveLength(2)
    const [running] = await start(tenant, anna, 5)
    expect(await start(tenant, bert, 5)).toEqual([])
    await running?.complete()
    await (await start(tenant, bert, 5))[0]?.complete()
    expect((await tenant.must('jobs.get', { job_id: parent.id })).status).toBe('done')
  })
})

describe('a rate', () => {
  const rate = { key: 'mail', max: 2, per_seconds: 60 }

  it('lets so many start within its window, and the next when time allows it', async () => {
    const { tenant, anna, ask, get, why } = await scene()
    const jobs: Job[] = []
    for (let n = 0; n < 5; n += 1) jobs.push(await ask({ concurrency: undefined, rate }))
    expect(jobs.map((job) => job.hold)).toEqual([null, null, 'key', 'key', 'key'])
    expect(await why(3)).toBe('It waits for the rate mail, at most 2 starts in 60 s: queued jobs of this key start first.')
    const [first] = await start(tenant, anna, 1)
    clock.pass(10_000)
    await first?.complete()
    await tenant.present(anna, { slots: 64 })
    await start(tenant, anna, 10)
    expect(await why(3)).toBe('It waits for the rate mail, at most 2 starts in 60 s: next in 50 s.')
    await abortAllDurableObjects()
    clock.pass(49_000)
    await tenant.present(anna, { slots: 64 })
    expect((await get(3)).hold).toBe('key')
    clock.pass(1_000)
    await runDurableObjectAlarm(tenant.raw)
    expect([(await get(3)).hold, (await get(4)).hold]).toEqual([null, 'key'])
    clock.pass(10_000)
    await runDurableObjectAlarm(tenant.raw)
    expect([(await get(4)).hold, (await get(5)).hold]).toEqual([null, 'key'])
  })

  it('and a key may both have to be free', async () => {
    const { tenant, anna, ask, get } = await scene()
    const both = { concurrency: repo, rate: { ...rate, max: 1 } }
    const [first, second, other] = [await ask(both), await ask(both), await ask()]
    expect([first.hold, second.hold, other.hold]).toEqual([null, 'key', 'key'])
    await (await start(tenant, anna))[0]?.complete()
    // The key is free, the rate is not: whoever needs the key alone goes on.
    expect([(await get(second.id)).hold, (await get(other.id)).hold]).toEqual(['key', null])
    clock.pass(60_000)
    await tenant.present(anna, { slots: 64 })
    expect((await get(second.id)).hold).toBe('key')
    await (await start(tenant, anna))[0]?.complete()
    expect((await get(second.id)).hold).toBeNull()
  })
})
