/** Says that a job which holds a concurrency key and cannot start keeps no others from it, and what tens of thousands that wait cost a claim. */
import type { Input, Job } from '@modelreins/contract'
import { abortAllDurableObjects, runInDurableObject } from 'cloudflare:test'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { frozenTime, TestTenant } from '../harness.ts'
import type { WorkerHandle } from '../harness.ts'

let clock: ReturnType<typeof frozenTime>
beforeEach(() => {
  clock = frozenTime()
})
afterEach(() => {
  vi.useRealTimers()
})

const concurrency = { key: 'repo:web' }

async function scene() {
  const tenant = await TestTenant.create()
  const anna = await tenant.worker('anna')
  await tenant.worker('gone')
  clock.pass(120_000)
  await tenant.present(anna)
  const ask = (more: Partial<Input<'jobs.dispatch'>> = {}): Promise<Job> =>
    tenant.must('jobs.dispatch', { prompt: 'x', concurrency, when_offline: 'queue', ...more })
  const get = (id: number): Promise<Job> => tenant.must('jobs.get', { job_id: id })
  const holds = async (): Promise<readonly (string | null)[]> =>
    (await tenant.must('jobs.list', {})).items.toReversed().map((job) => (job.status === 'pending' ? job.hold : job.status))
  /** Lets time pass, with anna still there. */
  const pass = async (ms: number): Promise<void> => {
    clock.pass(ms)
    await tenant.present(anna)
  }
  return { tenant, anna, ask, get, holds, pass }
}

async function start(tenant: TestTenant, worker: WorkerHandle) {
  const [offer] = await tenant.offers(worker)
  if (offer === undefined) return undefined
  const lease = tenant.lease(offer)
  const job_id = offer.job.id
  await tenant.must('claims.start', { job_id }, lease)
  return { id: job_id, complete: () => tenant.must('claims.complete', { job_id, result: 'ok' }, lease) }
}

describe('a job that holds a key and that nobody can start', () => {
  it('lets the first one pass that somebody can, and is not lost', async () => {
    const { tenant, anna, ask, get, holds, pass } = await scene()
    const stuck = await ask({ target: 'gone' })
    const alike = await ask({ target: 'gone' })
    const fine = await ask()
    expect(await holds()).toEqual([null, 'key', 'key'])
    expect(await start(tenant, anna)).toBeUndefined()
    await pass(30_000)
    expect(await holds()).toEqual(['key', 'key', null])
    const running = await start(tenant, anna)
    expect(running?.id).toBe(fine.id)
    await abortAllDurableObjects()
    await tenant.present(anna)
    await running?.complete()
    // Nobody else waits: they have the key in turn, and keep it until their worker is there, or they expire.
    expect(await holds()).toEqual([null, 'key', 'done'])
    for (let n = 0; n < 3; n += 1) await pass(30_000)
    expect(await holds()).toEqual([null, 'key', 'done'])
    const trail = await runInDurableObject(tenant.raw, (_, { storage }) =>
      JSON.stringify(storage.sql.exec('select row from audit').toArray()),
    )
    expect(trail.match(/job\.stand_back/g)).toHaveLength(1)
    await pass(2 * 3_600_000)
    expect(await get(stuck.id)).toMatchObject({ status: 'failed', error: { type: 'expired' } })
    expect(await get(alike.id)).toMatchObject({ status: 'pending', hold: null })
  })

  it('keeps its place while its worker is there and has not asked yet, so that order is kept', async () => {
    const { tenant, anna, ask, holds, pass } = await scene()
    const bert = await tenant.worker('bert')
    await ask({ target: 'bert' })
    await ask({ target: 'anna' })
    for (let n = 0; n < 3; n += 1) {
      clock.pass(20_000)
      await tenant.present(bert)
      await pass(0)
    }
    expect(await holds()).toEqual([null, 'key'])
    expect(await start(tenant, anna)).toBeUndefined()
  })

  it('does not live for ever by standing back: the time in which it held the key counts', async () => {
    const { tenant, anna, ask, get, pass } = await scene()
    const stuck = await ask({ target: 'gone', expires_in: 70 })
    for (let n = 0; n < 3; n += 1) {
      await ask()
      await pass(31_000)
      const running = await start(tenant, anna)
      await running?.complete()
    }
    await pass(31_000)
    expect(await get(stuck.id)).toMatchObject({ status: 'failed', error: { type: 'expired' } })
  })
})

interface Cost {
  readonly statements: number
  readonly read: number
  readonly written: number
}

/** What this costs the tenant object's database. */
async function costOf(tenant: TestTenant, act: () => Promise<unknown>): Promise<Cost> {
  const cursors = await runInDurableObject(tenant.raw, (_, { storage }) => {
    const counted: SqlStorageCursor<Record<string, SqlStorageValue>>[] = []
    const exec = storage.sql.exec.bind(storage.sql)
    Object.defineProperty(storage.sql, 'exec', {
      configurable: true,
      value: (...call: Parameters<typeof exec>) => {
        const cursor = exec(...call)
        counted.push(cursor)
        return cursor
      },
    })
    return counted
  })
  await act()
  const sum = (of: (cursor: (typeof cursors)[number]) => number): number => cursors.reduce((total, cursor) => total + of(cursor), 0)
  const cost = { statements: cursors.length, read: sum((cursor) => cursor.rowsRead), written: sum((cursor) => cursor.rowsWritten) }
  await runInDurableObject(tenant.raw, (_, { storage }) => void Reflect.deleteProperty(storage.sql, 'exec'))
  return cost
}

/** As many more that wait for the key, as the dispatch of one has written it. */
const multiply = (tenant: TestTenant, like: number, copies: number): Promise<void> =>
  runInDurableObject(tenant.raw, (_, { storage }) => {
    const columns = (table: string): string =>
      storage.sql
        .exec(`select name from pragma_table_info('${table}') where name not in ('id', 'job_id')`)
        .toArray()
        .map((row) => String(row['name']))
        .join(', ')
    const numbers = `with recursive n(i) as (select 1 union all select i + 1 from n where i < ${copies})`
    storage.sql.exec(
      `insert into jobs (id, ${columns('jobs')}) ${numbers} select 1000 + i, ${columns('jobs')} from jobs, n where id = ${like}`,
    )
    storage.sql.exec(
      `insert into key_uses (job_id, ${columns('key_uses')}) ${numbers} select 1000 + i, ${columns('key_uses')} from key_uses, n where job_id = ${like}`,
    )
  })

it('a claim, a start and the end of a job cost the same with 10 that wait for its key and with 10,000', async () => {
  const life = async (waiting: number): Promise<{ claim: Cost; end: Cost }> => {
    const { tenant, anna, ask } = await scene()
    await ask()
    const waits = await ask()
    await multiply(tenant, waits.id, waiting)
    await abortAllDurableObjects()
    await tenant.present(anna)
    let running: Awaited<ReturnType<typeof start>>
    const claim = await costOf(tenant, async () => {
      running = await start(tenant, anna)
    })
    expect(running?.id).toBe(1)
    const end = await costOf(tenant, async () => running?.complete())
    expect((await tenant.must('jobs.get', { job_id: waits.id })).hold).toBeNull()
    return { claim, end }
  }
  const [few, many] = [await life(10), await life(10_000)]
  // The audit trail may be on its way to D1 meanwhile, which takes a few statements.
  for (const part of ['claim', 'end'] as const) {
    expect(many[part].written).toBe(few[part].written)
    expect(many[part].statements).toBeLessThanOrEqual(few[part].statements + 10)
    expect(many[part].read).toBeLessThanOrEqual(few[part].read + 20)
    expect(many[part].read).toBeLessThan(100)
  }
})
