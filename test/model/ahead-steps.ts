/**
 * Responsible for the steps of the model test in which a worker on a socket starts more jobs than it has slots: it gives back those that it has not
 * begun, sometimes wrongly, and the tenant must match the reference queue.
 */
import * as fc from 'fast-check'
import { expect } from 'vitest'
import type { ServerFrame, WorkerFrame } from '@modelreins/contract'
import type { WorkerHandle } from '../workers/durable-objects/tenant/harness.ts'
import { TestSocket } from '../workers/durable-objects/tenant/workers/socket-client.ts'
import type { QueueModel } from './queue-model.ts'
import { index, pick, step } from './tenant-steps.ts'
import type { Real } from './tenant-steps.ts'

/** Sends the frames over a new connection, which reports what the worker holds; returns the answers by `ref`. */
async function say(
  model: QueueModel,
  real: Real,
  worker: WorkerHandle,
  frames: (socket: TestSocket) => Promise<readonly WorkerFrame[]>,
): Promise<ReadonlyMap<number, ServerFrame>> {
  const held = [...model.jobs.values()].flatMap((job) => job.started.at(-1) ?? []).filter((attempt) => attempt.worker === worker.name)
  const leases = held.map(({ job_id, attempt }) => ({ job_id, attempt }))
  const socket = await TestSocket.greet(real.tenant, worker, { leases, takeover: true })
  model.renewed(worker.name)
  const sent = await frames(socket)
  socket.send(...sent, { type: 'credit', slots: 0 }, { type: 'presence', leases })
  await socket.next('welcome')
  socket.close()
  return new Map(socket.received.flatMap((frame) => ('ref' in frame && frame.ref !== null ? [[frame.ref, frame]] : [])))
}

/** I3: only the running attempt can be given back. Whether the reference believes that it runs is read before the message is sent. */
function checkHandBack(
  model: QueueModel,
  of: { readonly id: number; readonly attempt: number; readonly mine: boolean },
  answer: ServerFrame | undefined,
): void {
  const { id, attempt, mine } = of
  const expected = mine ? model.maySettle(id, attempt) : false
  if (expected === true) expect(answer).toMatchObject({ type: 'settled', job_id: id, status: 'pending' })
  if (answer?.type === 'settled') {
    expect(answer.status).toBe('pending')
    expect(model.of(id).started.at(-1)?.attempt, `I3: attempt ${attempt} of job ${id} went back`).toBe(attempt)
    model.release(id)
  } else expect(answer).toMatchObject({ type: 'problem', problem: { code: 'lease-lost' } })
}

export const aheadSteps = [
  index.map((which) =>
    step(`give attempt ${which} back unbegun`, async (model, real) => {
      const chosen = pick(real.offers.slice(-6), which)
      if (chosen === undefined || model.revoked.has(chosen.worker.name)) return
      const { job, lease } = chosen.offer
      const mine = model.of(job.id).started.some(({ token }) => token === lease.token)
      const frame: WorkerFrame = { type: 'hand_back', ref: 1, token: lease.token }
      const answers = await say(model, real, chosen.worker, async () => [frame, { ...frame, ref: 2 }])
      // A repeated message gets the same answer.
      expect(answers.get(2)?.type).toBe(answers.get(1)?.type)
      checkHandBack(model, { id: job.id, attempt: lease.attempt, mine }, answers.get(1))
      if (answers.get(1)?.type === 'settled') real.tried.handBacks += 1
    }),
  ),
  fc.tuple(index, fc.integer({ min: 0, max: 2 })).map(([which, begun]) =>
    step(`worker ${which} starts three ahead and begins ${begun}`, async (model, real) => {
      const worker = pick(
        real.workers.filter(({ name }) => !model.revoked.has(name)),
        which,
      )
      if (worker === undefined) return
      // Random steps alone would rarely leave anything to start.
      for (let times = 0; times < 2; times += 1) {
        const dispatched = await real.tenant.call('jobs.dispatch', { prompt: 'short', when_offline: 'queue', max_attempts: 1 + times })
        if (dispatched.ok) model.dispatched(dispatched.value)
      }
      const offers: Extract<ServerFrame, { type: 'offer' }>[] = []
      const answers = await say(model, real, worker, async (socket) => {
        socket.send({ type: 'credit', slots: 3 }, { type: 'presence' })
        await socket.next('welcome')
        offers.push(...socket.received.splice(0).flatMap((frame) => (frame.type === 'offer' ? [frame] : [])))
        for (const offer of offers) real.offers.push({ offer, worker, at: model.now })
        // All in one message, as the SDK sends them when jobs are short.
        return offers.flatMap(({ job, lease: { token } }, place): WorkerFrame[] => [
          { type: 'start', ref: 3 * place, token },
          place < begun
            ? { type: 'complete', ref: 3 * place + 1, token, job_id: job.id, result: 'short' }
            : { type: 'hand_back', ref: 3 * place + 1, token },
        ])
      })
      for (const [place, { job, lease }] of offers.entries()) {
        const started = answers.get(3 * place)
        const ended = answers.get(3 * place + 1)
        if (started?.type !== 'started') {
          expect(ended?.type).toBe('problem')
          continue
        }
        model.started({ ...job, attempt: started.attempt }, worker.name, lease.token)
        if (place < begun) {
          expect(ended).toMatchObject({ type: 'settled', status: 'done' })
          model.settled({ ...job, status: 'done', result: 'short' })
        } else checkHandBack(model, { id: job.id, attempt: lease.attempt, mine: true }, ended)
        if (ended?.type === 'settled' && place >= begun) real.tried.handBacks += 1
      }
    }),
  ),
]
