/** Says that people get only the jobs that ask for a person, by every way to a job, and that a job may ask what its worker is made of. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { failureOf, frozenTime, TestTenant, type WorkerHandle } from '../harness.ts'

let tenant: TestTenant
let rosa: WorkerHandle
const shared = [{ name: 'docs.report', risk_tier: 'auto' as const }]

beforeEach(async () => {
  frozenTime()
  tenant = await TestTenant.create()
  rosa = await tenant.worker('rosa', [...shared, { name: 'contract.sign', risk_tier: 'auto' }], {}, 'carbon')
})
afterEach(() => {
  vi.useRealTimers()
})

const offered = async (worker: WorkerHandle): Promise<readonly number[]> => (await tenant.offers(worker)).map(({ job }) => job.id)

describe('a job that asks for no person', () => {
  it('is refused where only people are, and says how one is asked for', async () => {
    await tenant.offers(rosa)
    const refused = await tenant.call('jobs.dispatch', { prompt: 'p' })
    expect(failureOf(refused)).toBe('no-eligible-worker')
    expect(refused.ok ? '' : refused.failure.detail).toContain('substrate carbon')
  })

  it('is neither offered to a person, nor in their inbox, nor theirs by its number', async () => {
    const job = await tenant.must('jobs.create', { prompt: 'anybody' })
    expect(await offered(rosa)).toEqual([])
    expect((await tenant.must('claims.inbox', {}, rosa.credential)).jobs).toEqual([])
    expect(failureOf(await tenant.as(rosa.credential, 'claims.claim', { job_id: job.id }))).toBe('not-found')
  })

  it('goes to the machine when both can do it, by a capability that both have', async () => {
    const robot = await tenant.worker('robot', shared)
    const job = await tenant.must('jobs.create', { prompt: 'p', capability: 'docs.report' })
    expect(await offered(rosa)).toEqual([])
    expect(await offered(robot)).toEqual([job.id])
  })
})

describe('a job that asks for a person', () => {
  it.each([
    ['by target', { target: 'rosa' }],
    ['by substrate', { substrate: 'carbon' as const }],
    ['by a capability that only people have', { capability: 'contract.sign' }],
  ])('reaches one: %s', async (_, fields) => {
    const robot = await tenant.worker('robot', shared)
    await tenant.offers(robot)
    await tenant.offers(rosa)
    const job = await tenant.must('jobs.dispatch', { prompt: 'p', ...fields })
    expect(job).toMatchObject({ assigned_to: 'rosa', substrate: 'substrate' in fields ? 'carbon' : null })
    expect(await offered(robot)).toEqual([])
    expect(await offered(rosa)).toEqual([job.id])
  })

  it('never reaches a machine, and a job for silicon never a person', async () => {
    const robot = await tenant.worker('robot', shared)
    const person = await tenant.must('jobs.create', { prompt: 'p', substrate: 'carbon' })
    const machine = await tenant.must('jobs.create', { prompt: 'p', substrate: 'silicon', capability: 'docs.report' })
    expect(await offered(robot)).toEqual([machine.id])
    expect(await offered(rosa)).toEqual([person.id])
  })
})
