/** A stop, an abort or the killswitch that comes while the server is asked to start an attempt: the attempt may have begun there, so it is not forgotten. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { ServerFrame } from '@modelreins/contract'
import { ControlPlane } from '../support/control-plane.ts'
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

/** The server has read `start` and its answer is on its way: it arrives in one message with what `also` holds, when it is called. */
async function asked(executor: () => Promise<string>) {
  let answer: ((also?: readonly ServerFrame[]) => void) | undefined
  plane.interceptFrame = (frame, socket) => {
    if (frame.type !== 'start') return false
    const started: ServerFrame = { type: 'started', ref: frame.ref, attempt: 1, expires_at: plane.leaseOf(1).expires_at }
    answer = (also = []) => socket.send(JSON.stringify([started, ...also]))
    return true
  }
  const made = bench.make(plane, { transport: 'socket', executor })
  await made.worker.start()
  const id = plane.dispatch()
  await plane.until(() => answer !== undefined)
  return { ...made, id, answer: (also?: readonly ServerFrame[]) => answer?.(also) }
}

it('ends what the server was asked to start before the stop', async () => {
  const { worker, id, answer } = await asked(() => Promise.resolve('done all the same'))
  const stopped = worker.stop()
  answer()
  await stopped
  expect(plane.endOf(id)).toMatchObject({ kind: 'complete', body: { result: 'done all the same' } })
})

it('hands it back, and runs no handler, when the stop has no patience', async () => {
  let ran = 0
  const { worker, id, answer } = await asked(() => Promise.resolve(String((ran += 1))))
  const stopped = worker.stop({ graceMs: 0 })
  // The timer of the worker's patience came first.
  await new Promise((resolve) => setTimeout(resolve, 1))
  answer()
  await stopped
  expect(plane.endOf(id)).toMatchObject({ kind: 'fail', body: { error: { retryable: true } } })
  expect(ran).toBe(0)
})

it('runs nothing whose start is answered in one message with its abort', async () => {
  let ran = 0
  const { id, answer } = await asked(() => Promise.resolve(String((ran += 1))))
  answer([{ type: 'abort', job_id: id, attempt: 1, reason: 'Ada said so' }])
  await plane.until(() => plane.acks.length === 1)
  expect(plane.acks).toEqual([{ type: 'abort_ack', job_id: id, attempt: 1 }])
  expect([ran, plane.endOf(id)]).toEqual([0, undefined])
})

it('acknowledges the killswitch after what began in the same message has ended', async () => {
  let ran = 0
  const { id, answer } = await asked(() => Promise.resolve(String((ran += 1))))
  const killswitch = { level: 3, active: true, reason: 'test', generation: 1 } as const
  answer([{ type: 'killswitch', killswitch }])
  await plane.until(() => plane.acks.length === 2)
  expect(plane.acks).toEqual([
    { type: 'abort_ack', job_id: id, attempt: 1 },
    { type: 'killswitch_ack', generation: 1 },
  ])
  expect([ran, plane.endOf(id)]).toEqual([0, undefined])
})
