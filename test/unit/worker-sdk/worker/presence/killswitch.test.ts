/** Abort, killswitch, pause, timeout and stop: the reins reach the handler, and the server learns that they did. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Transport } from '../../../../../worker-sdk/src/worker/settings/options.ts'
import { ControlPlane } from '../../support/control-plane.ts'
import { handler } from '../../support/handlers.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { WorkerBench } from '../../support/workers.ts'

let plane: ControlPlane
const bench = new WorkerBench()
beforeEach(async () => {
  plane = await new ControlPlane().listen()
})
afterEach(async () => {
  await bench.stopAll()
  await plane.close()
})

it('aborts a job by its signal and acknowledges when the handler has ended', async () => {
  const { executor, running } = handler()
  const { worker, next, heard } = bench.make(plane, { transport: 'socket', executor })
  await worker.start()
  const id = plane.dispatch()
  await running()
  const told = next('job:error')
  plane.push({ type: 'abort', job_id: id, attempt: 1, reason: 'Ada said so' })
  expect(await told).toEqual({ id, error: 'aborted: Ada said so', errorType: 'unknown', retryable: false })
  await plane.until(() => plane.acks.length === 1)
  expect(plane.acks).toEqual([{ type: 'abort_ack', job_id: id, attempt: 1 }])
  expect(plane.endOf(id)).toBeUndefined()
  expect(heard.filter(({ event }) => event === 'job:done')).toEqual([])
  await plane.until(() => plane.credit === 1)
})

it('aborts what a heartbeat names', async () => {
  plane.heartbeatMs = 1_000
  const clock = new ManualClock()
  const { executor, running } = handler()
  const { worker, next } = bench.make(plane, { transport: 'poll', executor, clock })
  await worker.start()
  const id = plane.dispatch()
  await running()
  const told = next('job:error')
  plane.aborts = [{ job_id: id, attempt: 1, reason: 'lease-lost' }]
  await clock.advance(5_000)
  expect(await told).toMatchObject({ id, error: 'aborted: lease-lost' })
})

it('stops an attempt whose output the server refuses: its lease is gone', async () => {
  const clock = new ManualClock()
  plane.intercept = (request, response) => {
    if (!request.path.endsWith('/output')) return false
    response.writeHead(409, { 'content-type': 'application/problem+json' })
    response.end(JSON.stringify({ code: 'lease-lost', title: 'The lease is lost', status: 409, retryable: false }))
    return true
  }
  const { executor, running } = handler()
  const { worker, next } = bench.make(plane, { clock, executor })
  await worker.start()
  plane.dispatch()
  const job = await running()
  await job.ctx.output('hello')
  const told = next('job:error')
  await clock.advance(1_000)
  expect(await told).toMatchObject({ retryable: false })
})

it('ends an attempt that takes longer than its timeout, as a retryable failure', async () => {
  const clock = new ManualClock()
  const { executor, running } = handler()
  const { worker } = bench.make(plane, { executor, clock })
  await worker.start()
  const id = plane.dispatch({ timeout: 5 })
  await running()
  await clock.advance(5_000)
  await plane.until(() => plane.endOf(id) !== undefined)
  expect(plane.endOf(id)).toMatchObject({ kind: 'fail', body: { error: { type: 'timeout', retryable: true } } })
})

it('ends an attempt that says nothing for its silence limit; output and human decisions keep it alive', async () => {
  const clock = new ManualClock()
  const { executor, running } = handler()
  const { worker } = bench.make(plane, { executor, clock })
  await worker.start()
  const id = plane.dispatch({ timeout: 600, silence_timeout: 5 })
  const job = await running()
  await clock.advance(4_000)
  await job.ctx.output('still here')
  await clock.advance(4_000)
  expect(plane.endOf(id)).toBeUndefined()
  await clock.advance(1_000)
  await plane.until(() => plane.endOf(id) !== undefined)
  expect(plane.endOf(id)).toMatchObject({
    kind: 'fail',
    body: { error: { type: 'timeout', retryable: true, message: expect.stringContaining('said nothing for 5 s') } },
  })
})

describe.each<Transport>(['socket', 'poll'])('the killswitch by %s', (transport) => {
  it('stops what runs, is acknowledged, and ends the worker', async () => {
    const clock = new ManualClock()
    const { executor, running } = handler()
    const { worker, next, heard } = bench.make(plane, { transport, executor, clock })
    await worker.start()
    const id = plane.dispatch()
    await running()
    const stopped = next('stopped')
    plane.killswitch = { level: 3, active: true, reason: 'incident', generation: 7 }
    if (transport === 'socket') plane.push({ type: 'killswitch', killswitch: plane.killswitch })
    else await clock.advance(5_000)
    await stopped
    expect(heard.map(({ event }) => event).slice(-3)).toEqual(['killswitch', 'job:error', 'stopped'])
    expect(heard).toContainEqual({ event: 'killswitch', payload: { reason: 'incident' } })
    await plane.until(() => plane.acks.some((ack) => Object(ack).generation === 7))
    expect(plane.endOf(id)).toBeUndefined()
    expect(worker.state).toBe('stopped')
  })

  it('keeps a worker from starting while it is active', async () => {
    plane.killswitch = { level: 4, active: true, reason: 'night', generation: 2 }
    const { worker, next } = bench.make(plane, { transport })
    const stopped = next('stopped')
    await expect(worker.start()).rejects.toMatchObject({ code: 'killswitch' })
    await stopped
  })

  it('drains at level 2: what runs goes on, nothing new is taken until it is cleared', async () => {
    const clock = new ManualClock()
    const { executor, running } = handler()
    const { worker, next } = bench.make(plane, { transport, clock, executor })
    await worker.start()
    const first = plane.dispatch()
    const job = await running()
    const say = async (level: number, generation: number): Promise<void> => {
      plane.killswitch = { level, active: false, reason: null, generation }
      if (transport === 'socket') plane.push({ type: 'killswitch', killswitch: plane.killswitch })
      else await clock.advance(10_000)
      await plane.until(() => level === 0 || plane.acks.some((ack) => Object(ack).generation === generation))
    }
    await say(2, 1)
    job.finish(0)
    await plane.until(() => plane.endOf(first) !== undefined)
    const second = plane.dispatch()
    await new Promise((resolve) => setTimeout(resolve, 30))
    expect(plane.requests('POST', `/api/v1/claims/${second}/start`)).toEqual([])
    expect(plane.credit).toBe(0)
    const started = next('job:start')
    await say(0, 2)
    expect(await started).toMatchObject({ id: second })
    ;(await running()).finish(0)
    await plane.until(() => plane.endOf(second) !== undefined)
  })
})

it('takes nothing while it is paused', async () => {
  plane.paused = true
  const { worker, next } = bench.make(plane, { transport: 'socket' })
  await worker.start()
  const id = plane.dispatch()
  await new Promise((resolve) => setTimeout(resolve, 30))
  expect(plane.credit).toBe(0)
  const done = next('job:done')
  plane.push({ type: 'config', config: {}, config_version: 0, paused: false })
  expect(await done).toEqual({ id, exitCode: 0 })
})

describe('stop', () => {
  it('lets a running job finish, takes no other, and may be called twice', async () => {
    const { executor, running } = handler()
    const { worker } = bench.make(plane, { graceMs: 5_000, executor })
    await worker.start()
    const id = plane.dispatch()
    const job = await running()
    const both = Promise.all([worker.stop(), worker.stop()])
    await plane.until(() => plane.credit === 0)
    const other = plane.dispatch()
    job.finish('in time')
    await both
    expect(plane.endOf(id)).toMatchObject({ kind: 'complete', body: { result: 'in time' } })
    expect(plane.frames.filter((frame) => frame.type === 'start')).toHaveLength(1)
    expect(plane.endOf(other)).toBeUndefined()
  })

  it('hands a job back that does not finish within the grace', async () => {
    const { executor, running } = handler()
    const { worker } = bench.make(plane, { graceMs: 10, executor })
    await worker.start()
    const id = plane.dispatch()
    await running()
    await worker.stop()
    expect(plane.endOf(id)).toMatchObject({
      kind: 'fail',
      body: { error: { retryable: true, message: expect.stringContaining('handed back') } },
    })
  })

  it('is cut short by a second stop with less patience', async () => {
    const { executor, running } = handler()
    const { worker } = bench.make(plane, { graceMs: 60_000, executor })
    await worker.start()
    const id = plane.dispatch()
    await running()
    void worker.stop()
    await worker.stop({ graceMs: 0 })
    expect(plane.endOf(id)).toMatchObject({ kind: 'fail' })
  })

  it('hands back what it runs also when it is told again and again to stop at once', async () => {
    let ended = false
    const { worker, next, heard } = bench.make(plane, {
      executor: (_, ctx) =>
        new Promise((resolve) => {
          // As a child does that needs a moment to die.
          ctx.signal.addEventListener('abort', () =>
            setTimeout(() => {
              ended = true
              resolve(143)
            }, 50),
          )
        }),
    })
    await worker.start()
    const begun = next('job:start')
    const id = plane.dispatch()
    await begun
    await Promise.all([worker.stop({ graceMs: 0 }), worker.stop({ graceMs: 0 }), worker.stop({ graceMs: 0 })])
    expect(ended).toBe(true)
    expect(heard.filter(({ event }) => event === 'error')).toEqual([])
    expect(plane.endOf(id)).toMatchObject({ kind: 'fail', body: { error: { message: expect.stringContaining('handed back') } } })
  })

  it('is the end: a later start is refused in clear words, whether it ran or not', async () => {
    const { worker } = bench.make(plane)
    await worker.start()
    await expect(worker.start()).resolves.toBeUndefined()
    await worker.stop()
    await expect(worker.start()).rejects.toThrow('This worker has been stopped and cannot be started again: create a new Worker')
    const never = bench.make(plane).worker
    await never.stop()
    await expect(never.start()).rejects.toThrow('create a new Worker')
  })

  it('ends a start that waits for a server which is not there', async () => {
    await plane.close()
    const { worker, next } = bench.make(plane)
    const started = worker.start()
    await next('error')
    await worker.stop()
    await expect(started).rejects.toThrow('stopped before it was ready')
    plane = await new ControlPlane().listen()
  })
})

it('applies configuration from the server while it runs, key by key, and back', async () => {
  const { worker, heard } = bench.make(plane, { transport: 'socket', tags: 'own' })
  await worker.start()
  await plane.until(() => plane.credit === 1)
  plane.push({ type: 'config', config: { slots: 4, tags: ['night'], model: 'large' }, config_version: 1, paused: false })
  await plane.until(() => plane.credit === 4)
  const applied = () => heard.filter(({ event }) => event === 'config:applied').map(({ payload }) => payload)
  expect(applied()).toEqual([
    { key: 'slots', value: 4 },
    { key: 'tags', value: ['night'] },
    { key: 'model', value: 'large' },
  ])
  await plane.until(() => plane.frames.some((frame) => frame.type === 'presence'))
  expect(plane.frames.findLast((frame) => frame.type === 'presence')).toMatchObject({ slots: 4, tags: ['night'], model: 'large' })
  plane.push({ type: 'config', config: {}, config_version: 2, paused: false })
  await plane.until(() => plane.credit === 1)
  expect(applied().slice(3)).toEqual([
    { key: 'slots', value: 1 },
    { key: 'tags', value: ['own'] },
    { key: 'model', value: undefined },
  ])
})
