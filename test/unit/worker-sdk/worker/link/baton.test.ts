/** Socket or long poll, never both: who holds the baton when the socket fails, and what a refusal means. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { closeCodes } from '@modelreins/contract'
import { ControlPlane, problemOf, refuse } from '../../support/control-plane.ts'
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
function refusePresence(held: () => boolean): void {
  plane.intercept = (request, response) => {
    const refused = request.path === '/api/v1/presence' && held()
    if (refused) refuse(response, 'name-taken', 'tester is running as other:1 already. Stop that one, or start this one with takeover.')
    return refused
  }
}

/** Time goes on until this has happened. */
async function passing(clock: ManualClock, happens: Promise<unknown>): Promise<void> {
  const over = happens.then(
    () => true,
    () => true,
  )
  while (!(await Promise.race([over, clock.advance(1_000).then(() => false)])));
  await happens
}

const polls = () => plane.requests('POST', '/api/v1/claims')
const upgrades = () => plane.requests('GET', '/api/v1/connect')

it('polls when the socket is refused, and works', async () => {
  plane.refuseSocket = 403
  const { worker } = bench.make(plane, { executor: (job) => job.prompt })
  await worker.start()
  const id = plane.dispatch({ prompt: 'by poll' })
  await plane.until(() => plane.endOf(id) !== undefined)
  expect(plane.endOf(id)).toMatchObject({ via: 'http', body: { result: 'by poll' } })
})

it('goes back to the socket after a while, between two polls, and then polls no more', async () => {
  const clock = new ManualClock()
  plane.refuseSocket = 503
  const { worker } = bench.make(plane, { clock })
  await worker.start()
  await plane.until(() => polls().length >= 1)
  plane.refuseSocket = undefined
  // Half of 15 s is certain, and chance adds half of the rest here.
  await clock.advance(12_000)
  await plane.until(() => plane.connected)
  const before = polls().length
  const id = plane.dispatch()
  await plane.until(() => plane.endOf(id) !== undefined)
  expect(plane.endOf(id)?.via).toBe('socket')
  expect(polls()).toHaveLength(before)
  expect(upgrades()).toHaveLength(2)
})

it('connects again when the socket is cut, after full jitter', async () => {
  const clock = new ManualClock()
  const { worker } = bench.make(plane, { clock })
  await worker.start()
  await plane.until(() => plane.credit === 1)
  plane.cut()
  await clock.waitFor(500)
  expect(upgrades()).toHaveLength(1)
  await clock.advance(500)
  await plane.until(() => plane.credit === 1)
  expect(upgrades()).toHaveLength(2)
  expect(polls()).toEqual([])
})

it('polls when the server never says welcome', async () => {
  const clock = new ManualClock()
  plane.mute = true
  const { worker } = bench.make(plane, { clock })
  const started = worker.start()
  await plane.until(() => plane.messages.length === 1)
  await clock.advance(10_000)
  await started
  expect(worker.state).toBe('ready')
})

it('never polls with transport "socket"', async () => {
  const clock = new ManualClock()
  plane.refuseSocket = 503
  const { worker, heard } = bench.make(plane, { clock, transport: 'socket' })
  const started = worker.start()
  await plane.until(() => upgrades().length === 1)
  await clock.waitFor(500)
  plane.refuseSocket = undefined
  await clock.advance(500)
  await started
  expect(polls()).toEqual([])
  expect(heard).toContainEqual({ event: 'error', payload: { type: 'connect', error: 'Temporarily unavailable' } })
})

describe('a worker that the server will not have', () => {
  it('does not start with a token that is refused', async () => {
    const { worker, next } = bench.make(plane, { token: 'mrw_acme_abcdefgh12_abcdefghijklmnopqrstuvwx_zzzzzzzzzzzzzzzzzzzzzzzz' })
    const stopped = next('stopped')
    await expect(worker.start()).rejects.toMatchObject({ code: 'unauthorized', exitCode: 77 })
    await stopped
  })

  it('does not start under a name that another process holds, and says what to do', async () => {
    plane.interceptFrame = (frame, socket) => {
      if (frame.type === 'hello') socket.close(closeCodes.name_taken, 'tester is running as other:1 already')
      return frame.type === 'hello'
    }
    const { worker, heard } = bench.make(plane)
    await expect(worker.start()).rejects.toMatchObject({
      code: 'name-taken',
      exitCode: 65,
      message: `tester is running as other:1 already. Stop that process, choose another name, or take the name over (--takeover; \`takeover: true\` in code).`,
    })
    expect(heard.filter(({ event }) => event === 'error')).toEqual([])
  })

  it('tells the refusal once also when the server sends it before it closes', async () => {
    const detail = `tester is running as ${'x'.repeat(150)}:1 already. Stop that one, or start this one with takeover.`
    plane.interceptFrame = (frame, socket) => {
      if (frame.type !== 'hello') return false
      socket.send(JSON.stringify({ type: 'problem', ref: null, problem: problemOf('name-taken', detail) }))
      socket.close(closeCodes.name_taken, detail.slice(0, 120))
      return true
    }
    const { worker, heard } = bench.make(plane)
    await expect(worker.start()).rejects.toThrow(`tester is running as ${'x'.repeat(150)}:1 already. Stop that process`)
    expect(heard.filter(({ event }) => event === 'error')).toEqual([])
  })

  it('waits while polling for a dead process of its name to fall silent, says so, and starts', async () => {
    const clock = new ManualClock()
    let held = true
    refusePresence(() => held)
    const { worker, next, heard } = bench.make(plane, { transport: 'poll', clock })
    const told = next('error')
    const started = worker.start()
    expect(await told).toEqual({
      type: 'name-taken',
      error: 'tester is running as other:1 already. It may have died: waiting up to 35 s for it to fall silent',
    })
    await clock.advance(20_000)
    held = false
    await passing(clock, started)
    expect(heard.filter(({ event }) => event === 'error')).toHaveLength(1)
  })

  it('does not wait for a name longer than a dead process can hold it', async () => {
    const clock = new ManualClock()
    refusePresence(() => true)
    const { worker, next } = bench.make(plane, { transport: 'poll', clock })
    const told = next('error')
    const refused = expect(worker.start()).rejects.toMatchObject({ code: 'name-taken', message: expect.stringContaining('--takeover') })
    await told
    await passing(clock, refused)
  })

  it('says while it polls that its name has been taken over', async () => {
    const clock = new ManualClock()
    let held = false
    refusePresence(() => held)
    const { worker, next } = bench.make(plane, { transport: 'poll', clock })
    await worker.start()
    held = true
    const told = next('error')
    const stopped = next('stopped')
    await clock.advance(10_000)
    expect(await told).toEqual({
      type: 'name-taken',
      error: 'Another process has taken over the name of this worker, which therefore stops: tester is running as other:1 already.',
    })
    await stopped
  })

  it('says takeover once, and gives way when it is taken over itself', async () => {
    const { worker, next, heard } = bench.make(plane, { takeover: true })
    await worker.start()
    expect(plane.frames[0]).toMatchObject({ type: 'hello', takeover: true })
    const stopped = next('stopped')
    plane.cut(closeCodes.name_taken, 'tester runs as other:1 now.')
    await stopped
    expect(heard).toContainEqual({
      event: 'error',
      payload: {
        type: 'name-taken',
        error: 'Another process has taken over the name of this worker, which therefore stops: tester runs as other:1 now.',
      },
    })
    expect(upgrades()).toHaveLength(1)
  })

  it('stops what it runs when its token is revoked', async () => {
    const { executor, running } = handler()
    const { worker, next } = bench.make(plane, { executor })
    await worker.start()
    const id = plane.dispatch()
    const job = await running()
    const stopped = next('stopped')
    plane.cut(closeCodes.revoked, 'revoked')
    await stopped
    expect(job.ctx.signal.reason).toMatchObject({ kind: 'lease-lost' })
    expect(plane.endOf(id)).toBeUndefined()
  })

  it('stops when a poll says that the worker is unknown', async () => {
    plane.intercept = (request, response) => {
      if (request.path !== '/api/v1/claims') return false
      refuse(response, 'not-found', 'There is no such worker.')
      return true
    }
    const { worker, next } = bench.make(plane, { transport: 'poll' })
    const stopped = next('stopped')
    await worker.start()
    await stopped
    expect(worker.state).toBe('stopped')
  })
})
