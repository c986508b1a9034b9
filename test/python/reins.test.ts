/** Pulling the reins on Python workers: abort, killswitch, stop signals; what runs ends, and the worker says so truthfully. */
import { join } from 'node:path'
import type { KillswitchState } from '@modelreins/contract'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { FaultProxy } from '../support/fault-proxy.ts'
import { Fleet, newest, without } from '../support/python/fleet.ts'
import { isRunning, pidsIn } from '../support/standins/running.ts'
import { until } from '../support/until.ts'

let fleet: Fleet
/** A child, and a grandchild in a session of its own, that both ignore TERM. */
const stubborn = (file: string): string => {
  const line = `trap "" TERM; echo $$ >> ${file}; while :; do sleep 60; done`
  return `shell setsid sh -c '${line}' & ${line}`
}
const gone = async (pids: readonly number[], limitMs: number): Promise<number> => {
  const begun = performance.now()
  await until(
    () => (pids.some(isRunning) ? undefined : true),
    limitMs,
    () => `${pids.filter(isRunning).join()} still run`,
    4,
  )
  return performance.now() - begun
}

describe.skipIf(without !== undefined)('a Python worker', () => {
  beforeAll(async () => {
    fleet = await Fleet.open()
  })
  afterEach(() => fleet.programs.end())
  afterAll(() => fleet.close())

  test('ends a child that ignores TERM, and what left its group, within a heartbeat of an abort', async () => {
    const { owner } = await fleet.tenant()
    const program = await fleet.worker('stubborn', { owner })
    const file = join(fleet.programs.home, 'stubborn.pids')
    const job = await fleet.dispatch(stubborn(file), {}, owner)
    const pids = await pidsIn(file, 2)
    await owner('POST', `/jobs/${job.id}/abort`, { body: { reason: 'enough' } })
    expect(await gone(pids, 20_000)).toBeLessThan(8_000)
    expect(await fleet.job(job.id, owner)).toMatchObject({ status: 'failed', error: { type: 'aborted' } })
    expect(await fleet.run('next', {}, owner), program.text()).toMatchObject({ status: 'done' })
  })

  test.each([
    ['polite', /noticed \d+/],
    ['spin', /aborted \d+ abort/],
    ['later 60', /cancelled \d+/],
  ])('reaches a handler that does "%s" with an abort', async (prompt, sign) => {
    const { owner } = await fleet.tenant()
    for (const slots of ['1', '2']) {
      const program = await fleet.worker(`slots-${slots}`, { owner, arguments: [`slots=${slots}`] })
      const { id } = await fleet.dispatch(prompt, { target: `slots-${slots}` }, owner)
      await program.said(new RegExp(`handles ${id}`))
      await owner('POST', `/jobs/${id}/abort`)
      await program.said(sign)
      expect(await fleet.run('next', { target: `slots-${slots}` }, owner)).toMatchObject({ status: 'done' })
    }
  })

  test('is dead within a second of the killswitch, ten of them with their children, proves it, and ends', async () => {
    const { owner } = await fleet.tenant()
    const count = 10
    const names = Array.from({ length: count }, (_, index) => `drill-${index}`)
    const proxy = await FaultProxy.open(fleet.server.url)
    const programs = await Promise.all(names.map((name) => fleet.worker(name, { owner, url: proxy.url })))
    const files = names.map((name) => join(fleet.programs.home, `${name}.pids`))
    await Promise.all(names.map((target, index) => fleet.dispatch(stubborn(files[index] ?? ''), { target }, owner)))
    const pids = (await Promise.all(files.map((file) => pidsIn(file, 2)))).flat()
    const { items } = (await owner<{ items: { state: string }[] }>('GET', '/api/v1/presence')).body
    expect(items.filter(({ state }) => state === 'busy')).toHaveLength(count)
    // A worker whose slots are all busy begins to hold its inbox after a second; who is idle holds a poll.
    const inboxes = (): number => proxy.requests.filter((line) => /\/my-jobs\?.*status=none/.test(line)).length
    await until(
      () => (inboxes() >= count ? true : undefined),
      20_000,
      () => `${inboxes()} hold their inbox`,
    )
    await owner('POST', '/killswitch', { body: { level: 3, reason: 'runaway' } })
    const took = await gone(pids, 20_000)
    expect(await Promise.all(programs.map((program) => program.exit))).toEqual(names.map(() => 0))
    for (const program of programs) expect(program.text()).toContain('The killswitch is raised: runaway')
    const state = await until(async () => {
      const { body } = await owner<KillswitchState>('GET', '/killswitch')
      return body.stragglers.length === 0 ? body : undefined
    }, 20_000)
    expect(state.acknowledged.map(({ name }) => name).toSorted()).toEqual(names.toSorted())
    console.log(`reins.test.ts: ${count} workers and their children were dead ${Math.round(took)} ms after the raise`)
    // By the inbox that each holds: heartbeats alone would reach the last of them after up to five seconds. The wall clock is what is promised here.
    expect(took).toBeLessThan(1_000)
    await proxy.close()
  })

  test('does not start while the killswitch is raised, and says why', async () => {
    const { owner } = await fleet.tenant()
    const { token } = await fleet.register('early', {}, owner)
    await owner('POST', '/killswitch', { body: { level: 4, reason: 'night' } })
    const program = fleet.programs.start(newest, undefined, {
      code: 'from modelreins_worker import Worker; Worker().run(print)',
      env: { MODELREINS_URL: fleet.server.url, MODELREINS_TOKEN: token },
    })
    expect(await program.exit).toBe(1)
    expect(program.text()).toMatch(/ModelReinsError: The killswitch is raised: night/)
  })

  test('lets its job end on SIGTERM, and hands it back on the second one', async () => {
    const { owner } = await fleet.tenant()
    const one = await fleet.worker('gentle', { owner })
    const first = await fleet.dispatch('sleep 2', { target: 'gentle' }, owner)
    await one.said(new RegExp(`handles ${first.id}`))
    one.kill('SIGTERM')
    expect(await one.exit).toBe(0)
    expect(await fleet.job(first.id, owner)).toMatchObject({ status: 'done', result: 'slept 2', attempt: 1 })
    const two = await fleet.worker('hasty', { owner })
    const second = await fleet.dispatch('sleep 300', { target: 'hasty' }, owner)
    await two.said(new RegExp(`handles ${second.id}`))
    two.kill('SIGTERM')
    await until(() => (two.text().includes('stopping') ? true : undefined), 300).catch(() => undefined)
    two.kill('SIGTERM')
    expect(await two.exit).toBe(0)
    const back = await fleet.job(second.id, owner)
    expect(['retry', 'pending']).toContain(back.status)
    expect(back).toMatchObject({ attempt: 1 })
    expect(two.text()).toContain('run has returned')
  })

  test('leaves to others what it has not started, from its SIGTERM on', async () => {
    const { owner } = await fleet.tenant()
    const one = await fleet.worker('leaving', { owner, arguments: ['slots=2'] })
    const last = await fleet.dispatch('sleep 300', {}, owner)
    await one.said(new RegExp(`handles ${last.id}`))
    await fleet.worker('staying', { owner })
    one.kill('SIGTERM')
    // It is there until its job has ended, and has a slot free.
    expect(await fleet.run('next', { prefer: ['leaving'] }, owner)).toMatchObject({ status: 'done', assigned_to: 'staying' })
    one.kill('SIGTERM')
    expect(await one.exit).toBe(0)
  })

  test('ends at once on SIGTERM while no server answers', async () => {
    const program = fleet.programs.start(newest, undefined, {
      code: 'from modelreins_worker import Worker; Worker().run(print)',
      env: { MODELREINS_URL: 'http://127.0.0.1:1', MODELREINS_TOKEN: 'mrw_x' },
    })
    // It has tried a few times, so that it waits long before it tries again.
    await program.said(/heartbeat: Cannot reach/)
    const begun = performance.now()
    program.kill('SIGTERM')
    expect(await program.exit).toBe(0)
    expect(performance.now() - begun).toBeLessThan(10_000)
  })

  test('gives a job its time limit, and no more', async () => {
    const { owner } = await fleet.tenant()
    await fleet.worker('limited', { owner })
    expect(await fleet.run('sleep 120', { timeout: 2, max_attempts: 1 }, owner)).toMatchObject({
      status: 'failed',
      error: { type: 'timeout' },
    })
    expect(await fleet.run('spin', { silence_timeout: 2, max_attempts: 1 }, owner)).toMatchObject({
      status: 'failed',
      error: { type: 'timeout', message: 'timeout: the attempt said nothing for 2 s' },
    })
  })
})
