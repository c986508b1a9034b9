/** Says what becomes of the due times of schedules: each is met once, in time, whatever is lost or rings twice, and its run says how. */
import type { Input, Schedule, ScheduleRun } from '@modelreins/contract'
import { limits } from '@modelreins/contract'
import { abortAllDurableObjects, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { failureOf, frozenTime, TestTenant } from '../harness.ts'
import type { WorkerHandle } from '../harness.ts'

const minute = 60_000
const hour = 60 * minute
let clock: ReturnType<typeof frozenTime>
beforeEach(() => {
  clock = frozenTime()
})
afterEach(() => {
  vi.useRealTimers()
})

class Scene {
  readonly tenant: TestTenant
  readonly anna: WorkerHandle
  constructor(tenant: TestTenant, anna: WorkerHandle) {
    this.tenant = tenant
    this.anna = anna
  }

  static async create(): Promise<Scene> {
    const tenant = await TestTenant.create()
    return new Scene(tenant, await tenant.worker('anna'))
  }

  make(more: Partial<Input<'schedules.create'>> = {}): Promise<Schedule> {
    const rule = more.cron === undefined && more.every === undefined ? { cron: '0 * * * *' } : {}
    return this.tenant.must('schedules.create', { name: 'hourly', job: { prompt: 'Report', when_offline: 'queue' }, ...rule, ...more })
  }

  /** The server is evicted, the clock moves, the alarm rings, and rings again. */
  async pass(ms: number): Promise<void> {
    await abortAllDurableObjects()
    clock.pass(ms)
    for (let ring = 0; ring < 2; ring += 1)
      await runInDurableObject(this.tenant.raw, (instance) => (instance as unknown as { alarm(): Promise<void> }).alarm())
  }

  async runs({ schedule_id }: Pick<Schedule, 'schedule_id'>): Promise<readonly ScheduleRun[]> {
    return (await this.tenant.must('schedules.runs', { schedule_id })).items
  }

  async jobs(): Promise<number> {
    return (await this.tenant.must('jobs.list', { limit: 200 })).items.length
  }

  get({ schedule_id }: Pick<Schedule, 'schedule_id'>): Promise<Schedule> {
    return this.tenant.must('schedules.get', { schedule_id })
  }
}

const outcomes = (runs: readonly ScheduleRun[]): readonly string[] => runs.map((run) => run.outcome)

describe('a schedule', () => {
  it('dispatches one job per due time, in the name of its owner, under eviction and doubled alarms', async () => {
    const scene = await Scene.create()
    const made = await scene.make({ overlap: 'queue' })
    expect(made).toMatchObject({ runs: 0, owner: 'member:Olga', timezone: 'UTC', catch_up: 'last', last_runs: [] })
    expect(made.next_runs.slice(0, 2)).toEqual(['2036-06-01T13:00:00.000Z', '2036-06-01T14:00:00.000Z'])
    await scene.pass(hour - 1)
    expect(await scene.jobs()).toBe(0)
    for (let passed = 1; passed <= 3; passed += 1) {
      await scene.pass(passed === 1 ? 1 : hour)
      expect(await scene.jobs()).toBe(passed)
    }
    const runs = await scene.runs(made)
    expect(runs.map((run) => [run.outcome, run.due_at])).toEqual([
      ['dispatched', '2036-06-01T15:00:00.000Z'],
      ['dispatched', '2036-06-01T14:00:00.000Z'],
      ['dispatched', '2036-06-01T13:00:00.000Z'],
    ])
    const job = await scene.tenant.must('jobs.get', { job_id: runs[0]?.job_id ?? 0 })
    expect(job).toMatchObject({ prompt: 'Report', created_by: 'member:Olga' })
    expect((await scene.get(made)).runs).toBe(3)
  })

  it('is met by a command that comes before its alarm, once', async () => {
    const scene = await Scene.create()
    await scene.make()
    clock.pass(hour)
    expect(await scene.jobs()).toBe(1)
    await runDurableObjectAlarm(scene.tenant.raw)
    expect(await scene.jobs()).toBe(1)
  })

  it('skips, queues or replaces while the job before has not ended', async () => {
    const scene = await Scene.create()
    const [skip, queue, replace] = [await scene.make(), await scene.make({ overlap: 'queue' }), await scene.make({ overlap: 'replace' })]
    await scene.pass(hour)
    await scene.pass(hour)
    const [skipped, first] = await scene.runs(skip)
    expect(skipped).toMatchObject({ outcome: 'skipped', job_id: first?.job_id, detail: `Job ${first?.job_id} has not ended` })
    expect(outcomes(await scene.runs(queue))).toEqual(['dispatched', 'dispatched'])
    const [, replaced] = await scene.runs(replace)
    expect(outcomes(await scene.runs(replace))).toEqual(['dispatched', 'dispatched'])
    expect((await scene.tenant.must('jobs.get', { job_id: replaced?.job_id ?? 0 })).error?.type).toBe('aborted')
  })

  it('catches up with none, the last or all of the due times that passed', async () => {
    const scene = await Scene.create()
    const more = { overlap: 'queue' } as const
    const none = await scene.make({ ...more, catch_up: 'none' })
    const last = await scene.make({ ...more, catch_up: 'last' })
    const all = await scene.make({ ...more, catch_up: 'all', every: 3600, cron: undefined })
    await scene.pass(5.5 * hour)
    for (let more = 0; more < 6; more += 1) await scene.pass(1)
    expect(outcomes(await scene.runs(none))).toEqual(['missed'])
    expect((await scene.runs(none))[0]?.detail).toBe('5 due times passed while the server did not run')
    expect((await scene.runs(last)).map((run) => [run.outcome, run.due_at])).toEqual([
      ['dispatched', '2036-06-01T17:00:00.000Z'],
      ['missed', '2036-06-01T13:00:00.000Z'],
    ])
    expect(outcomes(await scene.runs(all))).toEqual(Array.from({ length: 5 }, () => 'dispatched'))
    expect(new Set((await scene.runs(all)).map((run) => run.due_at)).size).toBe(5)
    // A month: no more than so many are made up for, and nothing counts for hours.
    await scene.pass(30 * 24 * hour)
    expect(outcomes(await scene.runs(last)).slice(0, 2)).toEqual(['dispatched', 'missed'])
    expect((await scene.runs(last))[1]?.detail).toBe(
      `${limits.schedule_catch_up - 1} and more due times passed while the server did not run`,
    )
  })

  it('says in its runs that a dispatch was refused, leaves nothing of it behind, and goes on', async () => {
    const scene = await Scene.create()
    const made = await scene.make({ job: { prompt: 'x', targets: ['anna', 'bert'] } })
    await scene.pass(hour)
    expect((await scene.runs(made))[0]).toMatchObject({ outcome: 'refused', job_id: null, code: 'invalid-request' })
    expect(await scene.jobs()).toBe(0)
    await scene.tenant.worker('bert')
    await scene.tenant.present(scene.anna)
    clock.pass(hour - 1000)
    await scene.tenant.present(scene.anna)
    await scene.tenant.present(await scene.tenant.worker('cleo'))
    await scene.tenant.must('schedules.update', { schedule_id: made.schedule_id, job: { prompt: 'x', target: 'anna' } })
    clock.pass(1000)
    expect((await scene.runs(made))[0]).toMatchObject({ outcome: 'dispatched' })
    await scene.tenant.must('killswitch.raise', { level: 2 })
    await scene.pass(hour)
    expect((await scene.runs(made))[0]).toMatchObject({ outcome: 'skipped' })
  })

  it('dispatches in the name of its owner alone: whoever may not dispatch any more makes no jobs', async () => {
    const scene = await Scene.create()
    const bob = await scene.tenant.member('Bob', 'operator')
    const made = await scene.tenant.must('schedules.create', { name: 'his', every: 60, job: { prompt: 'x' } }, bob.credential)
    await scene.tenant.must('members.revoke', { member_id: bob.id })
    await scene.pass(minute)
    expect((await scene.runs(made))[0]).toMatchObject({ outcome: 'refused', code: 'forbidden' })
    expect(await scene.jobs()).toBe(0)
    await scene.tenant.must('schedules.update', { schedule_id: made.schedule_id, name: 'hers' })
    clock.pass(minute)
    await scene.tenant.present(scene.anna)
    await scene.pass(minute)
    expect((await scene.get(made)).owner).toBe('member:Olga')
  })

  it('begins, ends, counts and rests as it says', async () => {
    const scene = await Scene.create()
    const at = (ms: number): string => new Date(clock.now + ms).toISOString()
    const bounded = await scene.make({ cron: undefined, every: 60, starts_at: at(hour), ends_at: at(hour + 2 * minute) })
    expect(bounded.next_runs).toEqual([at(hour), at(hour + minute), at(hour + 2 * minute)])
    const twice = await scene.make({ max_runs: 2, overlap: 'queue' })
    expect(twice.next_runs).toHaveLength(2)
    const paused = await scene.make({ paused: true })
    expect(paused.next_runs).toEqual([])
    for (let passed = 0; passed < 4; passed += 1) await scene.pass(hour)
    expect(outcomes(await scene.runs(twice))).toEqual(['dispatched', 'dispatched'])
    expect((await scene.get(twice)).next_runs).toEqual([])
    expect(await scene.runs(paused)).toEqual([])
    const resumed = await scene.tenant.must('schedules.update', { schedule_id: paused.schedule_id, paused: false })
    expect(resumed).toMatchObject({ version: 2, next_runs: expect.arrayContaining([at(hour)]) })
  })

  it('runs by hand, beside its due times, and is refused there as a dispatch is', async () => {
    const scene = await Scene.create()
    const made = await scene.make({ paused: true })
    const { run } = await scene.tenant.must('schedules.run', { schedule_id: made.schedule_id })
    expect(run).toMatchObject({ due_at: null, outcome: 'dispatched' })
    const nowhere = await scene.make({ job: { prompt: 'x', target: 'nobody' } })
    expect(failureOf(await scene.tenant.call('schedules.run', { schedule_id: nowhere.schedule_id }))).toBe('no-eligible-worker')
  })

  it('delays each due time at random, and never past the next one', async () => {
    const scene = await Scene.create()
    const made = await scene.make({ cron: undefined, every: 60, jitter: 3600, overlap: 'queue' })
    for (let passed = 0; passed < 5; passed += 1) {
      clock.pass(minute - 1)
      await scene.tenant.present(scene.anna)
      clock.pass(1)
      await scene.tenant.present(scene.anna)
    }
    const runs = await scene.runs(made)
    expect(new Set(runs.map((run) => run.due_at)).size).toBe(runs.length)
    expect(runs.length).toBeGreaterThanOrEqual(4)
    expect(outcomes(runs)).not.toContain('missed')
  })

  it('follows its time zone through the changes of summer time', async () => {
    clock.pass(Date.parse('2037-03-27T12:00:00Z') - clock.now)
    const scene = await Scene.create()
    const made = await scene.make({ cron: '30 2 * * *', timezone: 'Europe/Berlin' })
    // In the night to the 29th, 2:30 does not exist: it is due at the first moment after the gap.
    expect(made.next_runs.slice(0, 3)).toEqual(['2037-03-28T01:30:00.000Z', '2037-03-29T01:00:00.000Z', '2037-03-30T00:30:00.000Z'])
  })

  it('is previewed before it is made: the due times that it would have, and what is wrong with it', async () => {
    const at = await Scene.create()
    const rule = { cron: '30 2 * * *', timezone: 'Europe/Berlin' }
    const { next_runs } = await at.tenant.must('schedules.preview', rule)
    expect(next_runs).toHaveLength(5)
    expect(next_runs).toEqual((await at.make(rule)).next_runs)
    expect((await at.tenant.must('schedules.preview', { every: 90 })).next_runs.map(Date.parse)).toEqual(
      [1, 2, 3, 4, 5].map((step) => Date.now() + step * 90_000),
    )
    expect(failureOf(await at.tenant.call('schedules.preview', { cron: '0 3 * *' }))).toBe('invalid-request')
    expect(failureOf(await at.tenant.call('schedules.preview', { cron: '@daily', timezone: 'Berlin' }))).toBe('invalid-request')
    expect((await at.tenant.must('schedules.list', {})).items).toHaveLength(1)
  })

  it('is refused with a cron expression or a zone that nobody can read', async () => {
    const scene = await Scene.create()
    for (const more of [{ cron: '61 * * * *' }, { cron: '* * * * * *' }, { cron: '0 0 31 2 *' }, { timezone: 'Mars/Base' }]) {
      const refused = await scene.tenant.call('schedules.create', { name: 'x', cron: '@daily', job: { prompt: 'x' }, ...more })
      expect(failureOf(refused)).toBe('invalid-request')
    }
  })

  it('shares one alarm with many others', async () => {
    const scene = await Scene.create()
    for (let n = 0; n < limits.schedules_at_once + 20; n += 1) await scene.make({ name: `n${n}` })
    await scene.pass(hour)
    await scene.pass(5)
    expect(await scene.jobs()).toBe(limits.schedules_at_once + 20)
    expect(await runInDurableObject(scene.tenant.raw, (_, state) => state.storage.getAlarm())).toBeLessThanOrEqual(
      clock.now + hour + minute,
    )
  })
})
