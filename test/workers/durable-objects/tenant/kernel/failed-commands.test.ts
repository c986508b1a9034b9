import { runInDurableObject } from 'cloudflare:test'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { failureOf, frozenTime, TestTenant } from '../harness.ts'

beforeEach(() => {
  frozenTime()
})
afterEach(() => {
  vi.useRealTimers()
})

/** SQL statements that the object runs while `work` does. */
async function statements(tenant: TestTenant, work: () => Promise<unknown>): Promise<readonly string[]> {
  const ran: string[] = []
  let restore = (): void => {}
  await runInDurableObject(tenant.raw, (_, { storage }) => {
    const { sql } = storage
    const exec = sql.exec.bind(sql)
    const spied = (query: string, ...bindings: unknown[]) => {
      ran.push(query)
      return exec(query, ...bindings)
    }
    Object.defineProperty(sql, 'exec', { value: spied, configurable: true, writable: true })
    restore = () => void Object.defineProperty(sql, 'exec', { value: exec, configurable: true, writable: true })
  })
  await work()
  await runInDurableObject(tenant.raw, () => restore())
  return ran
}

const reads = (ran: readonly string[]): readonly string[] => ran.filter((query) => /^\s*select/i.test(query))

/** A tenant whose memory is warm: everything that its calls need has been read once. */
async function warmTenant() {
  const tenant = await TestTenant.create()
  const anna = await tenant.worker('anna')
  const job = await tenant.must('jobs.dispatch', { prompt: 'x' })
  const neighbour = async (): Promise<void> => {
    await tenant.must('jobs.get', { job_id: job.id })
    await tenant.must('jobs.dispatch', { prompt: 'y' })
    await tenant.present(anna)
  }
  await neighbour()
  await neighbour()
  return { tenant, anna, neighbour }
}

describe('a command that fails', () => {
  const failing: readonly (readonly [string, (tenant: TestTenant) => Promise<unknown>, string])[] = [
    ['404', (tenant) => tenant.call('jobs.get', { job_id: 99 }).then(failureOf), 'not-found'],
    ['409', (tenant) => tenant.call('workers.register', { name: 'anna' }).then(failureOf), 'name-taken'],
    ['503', (tenant) => tenant.call('jobs.dispatch', { prompt: 'z', tags: ['none'] }).then(failureOf), 'no-eligible-worker'],
    [
      '409 after jobs were written',
      (tenant) => tenant.call('jobs.dispatch_batch', { jobs: [{ prompt: 'z' }, { prompt: 'z', target: 'nobody' }] }).then(failureOf),
      'no-eligible-worker',
    ],
  ]

  it.each(failing)('with %s makes nobody else read anew what the object knew', async (_, fail, code) => {
    const { tenant, neighbour } = await warmTenant()
    const before = reads(await statements(tenant, neighbour))
    for (let times = 0; times < 3; times += 1) expect(await fail(tenant)).toBe(code)
    const after = reads(await statements(tenant, neighbour))
    expect(after).toEqual(before)
  })

  it('is forgotten itself: its jobs, its numbers and its audit rows are as if it had never run', async () => {
    const { tenant, anna } = await warmTenant()
    const made = (await tenant.must('jobs.list', {})).items.length
    expect(failureOf(await tenant.call('jobs.dispatch_batch', { jobs: [{ prompt: 'z' }, { prompt: 'z', target: 'nobody' }] }))).toBe(
      'no-eligible-worker',
    )
    expect(failureOf(await tenant.call('jobs.get', { job_id: made + 1 }))).toBe('not-found')
    const next = await tenant.must('jobs.dispatch', { prompt: 'next' })
    expect(next).toMatchObject({ id: made + 1, prompt: 'next' })
    const offers = await tenant.offers(anna, 20)
    expect(offers.map((offer) => offer.job.id)).toEqual(Array.from({ length: made + 1 }, (_, index) => index + 1))
    const seqs = await runInDurableObject(tenant.raw, (_, { storage }) =>
      storage.sql
        .exec('select seq from audit order by seq')
        .toArray()
        .map((row) => Number(row['seq'])),
    )
    expect(seqs).toEqual(seqs.map((_, index) => index + 1))
  })
})
