/** A worker that is stopped tells the server at once that it takes no more: what waits for it goes to others while it ends what it runs. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { ControlPlane } from '../support/control-plane.ts'
import { handler } from '../support/handlers.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { WorkerBench } from '../support/workers.ts'

let plane: ControlPlane
const bench = new WorkerBench()
beforeEach(async () => {
  plane = await new ControlPlane().listen()
})
afterEach(async () => {
  await bench.stopAll()
  await plane.close()
})

const stoppingFrames = () => plane.frames.filter((frame) => frame.type === 'presence' && frame.status === 'stopping')
const reports = () => plane.requests('PUT', '/api/v1/presence').map(({ body }) => (body as { status: string }).status)

it.each(['socket', 'poll'] as const)('over the %s, without a beat being due', async (transport) => {
  const { executor, running } = handler()
  const { worker } = bench.make(plane, { transport, executor, slots: 2, clock: new ManualClock() })
  await worker.start()
  const id = plane.dispatch()
  const job = await running()
  const stopped = worker.stop()
  await plane.until(() => (transport === 'socket' ? stoppingFrames().length === 1 : reports().includes('stopping')))
  job.finish('done all the same')
  await stopped
  expect(plane.endOf(id)).toMatchObject({ kind: 'complete' })
  expect(reports().at(-1)).toBe('stopped')
})

it('not when it runs nothing: its goodbye says it', async () => {
  const { worker } = bench.make(plane, { transport: 'poll' })
  await worker.start()
  await worker.stop()
  expect(reports().filter((status) => status !== 'idle')).toEqual(['stopped'])
})
