/** The sign of life, with time moved by hand. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { ControlPlane } from '../../support/control-plane.ts'
import { handler } from '../../support/handlers.ts'
import { delivered, ManualClock } from '../../support/manual-clock.ts'
import { WorkerBench } from '../../support/workers.ts'

let plane: ControlPlane
let clock: ManualClock
const bench = new WorkerBench()
beforeEach(async () => {
  plane = await new ControlPlane().listen()
  clock = new ManualClock()
})
afterEach(async () => {
  await bench.stopAll()
  await plane.close()
})
const pings = (): number => plane.messages.filter((message) => message === 'ping').length
const beats = () => plane.requests('PUT', '/api/v1/presence')

/** The ping has arrived, and its pong has had time to travel back. */
async function answered(count: number): Promise<void> {
  await plane.until(() => pings() === count)
  await delivered()
}

it('pings the socket every ten seconds and sends nothing else', async () => {
  const { worker } = bench.make(plane, { transport: 'socket', clock })
  await worker.start()
  await plane.until(() => plane.credit === 1)
  const before = plane.messages.length
  for (let count = 1; count <= 3; count += 1) {
    await clock.advance(10_000)
    await answered(count)
  }
  expect(plane.messages.slice(before)).toEqual(['ping', 'ping', 'ping'])
  expect(beats()).toEqual([])
})

it('takes the rhythm from the server', async () => {
  plane.heartbeatMs = 3_000
  const { worker } = bench.make(plane, { transport: 'socket', clock })
  await worker.start()
  // The first beat was set before the server had spoken.
  await clock.advance(5_000)
  await answered(1)
  await clock.advance(3_000)
  await answered(2)
  await clock.advance(3_000)
  await answered(3)
})

it('gives up a socket that does not answer pings, keeps its leases over HTTP, and connects again', async () => {
  const { executor, running } = handler()
  const { worker } = bench.make(plane, { clock, executor })
  await worker.start()
  const id = plane.dispatch()
  const job = await running()
  plane.mute = true
  await clock.advance(5_000)
  await plane.until(() => pings() === 1)
  plane.mute = false
  await clock.advance(10_000)
  await plane.until(() => beats().length === 1)
  expect(beats()[0]?.body).toMatchObject({ leases: [{ job_id: id, attempt: 1 }] })
  // Full jitter before the reconnect, half of a second here.
  await clock.waitFor(500)
  await clock.advance(500)
  await plane.until(() => plane.frames.filter((frame) => frame.type === 'hello').length === 2)
  expect(plane.frames.findLast((frame) => frame.type === 'hello')).toMatchObject({ leases: [{ job_id: id, attempt: 1 }] })
  job.finish(0)
  await plane.until(() => plane.endOf(id) !== undefined)
})

it('beats before it polls, every five seconds, with its leases', async () => {
  plane.heartbeatMs = 5_000
  const { executor, running } = handler()
  const { worker } = bench.make(plane, { transport: 'poll', clock, executor })
  await worker.start()
  expect(plane.seen.map((request) => request.path)[0]).toBe('/api/v1/presence')
  const id = plane.dispatch()
  await running()
  await clock.advance(5_000)
  await plane.until(() => beats().length === 2)
  expect(beats()[1]?.body).toMatchObject({ status: 'busy', leases: [{ job_id: id, attempt: 1 }] })
})

it('looks at the killswitch once in twelve beats while polling', async () => {
  plane.heartbeatMs = 5_000
  const { worker } = bench.make(plane, { transport: 'poll', clock })
  await worker.start()
  for (let beat = 2; beat <= 13; beat += 1) {
    expect(plane.requests('GET', '/api/v1/killswitch')).toEqual([])
    await clock.advance(5_000)
    await plane.until(() => beats().length === beat)
    await delivered()
  }
  await plane.until(() => plane.requests('GET', '/api/v1/killswitch').length === 1)
})

it('says goodbye when a polling worker stops', async () => {
  const { worker } = bench.make(plane, { transport: 'poll', clock })
  await worker.start()
  await worker.stop()
  expect(beats().at(-1)?.body).toMatchObject({ status: 'stopped' })
})

it.each(['stop', 'finish'] as const)('cut off for 60 s, lets what runs %s', async (onLost) => {
  const { executor, running } = handler()
  const { worker, heard } = bench.make(plane, { transport: 'poll', clock, executor, onLost })
  plane.heartbeatMs = 5_000
  await worker.start()
  plane.dispatch()
  const job = await running()
  plane.intercept = ({ path }, response) => {
    if (path !== '/api/v1/presence') return false
    response.destroy()
    return true
  }
  for (let at = 0; at < 55; at += 5) await clock.advance(5_000)
  expect(job.ctx.signal.aborted).toBe(false)
  await clock.advance(10_000)
  expect(JSON.stringify(heard)).toContain(`(on_lost: ${onLost})`)
  expect(job.ctx.signal.aborted).toBe(onLost === 'stop')
  if (onLost === 'stop') expect(job.ctx.signal.reason).toMatchObject({ kind: 'lease-lost' })
})

it('asleep, names its leases before anything else, and stops nothing', async () => {
  plane.heartbeatMs = 10_000
  const { executor, running } = handler()
  const { worker } = bench.make(plane, { transport: 'socket', clock, executor })
  await worker.start()
  const id = plane.dispatch()
  const job = await running()
  const before = plane.frames.length
  clock.sleep(40_000)
  await clock.advance(10_000)
  await plane.until(() => plane.frames.slice(before).some((frame) => frame.type === 'presence'))
  expect(plane.frames.findLast((frame) => frame.type === 'presence')).toMatchObject({ leases: [{ job_id: id, attempt: 1 }] })
  expect(job.ctx.signal.aborted).toBe(false)
})
