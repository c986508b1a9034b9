/** Attempts that are started before there is a slot: they run in their order, go back when nothing comes of it, and end as any other. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { limits, type Job, type ServerFrame } from '@modelreins/contract'
import { heldMs } from '../../../../worker-sdk/src/worker/link/intake.ts'
import { ControlPlane, problemOf } from '../support/control-plane.ts'
import { delivered, ManualClock, turn } from '../support/manual-clock.ts'
import { WorkerBench } from '../support/workers.ts'

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

/** What is under way within this process arrives. */
const until = async (check: () => boolean): Promise<void> => {
  while (!check()) await turn()
}

const started = (): readonly number[] =>
  plane.frames.flatMap((frame) => (frame.type === 'start' ? [Number(frame.token.split('_').at(-1))] : []))

/** A worker with one slot that is busy with a job which ends when it is told to; before it came many short ones. */
async function busy(behind: readonly Partial<Job>[]) {
  let end: () => void = () => undefined
  const ran: string[] = []
  const made = bench.make(plane, {
    transport: 'socket',
    clock,
    executor: (job) => {
      ran.push(job.prompt)
      return job.prompt === 'long' ? new Promise<number>((resolve) => (end = () => resolve(0))) : 0
    },
  })
  await made.worker.start()
  for (let times = 0; times < 100; times += 1) plane.dispatch({ prompt: 'short' })
  await plane.until(() => plane.ended.length === 100)
  ran.length = 0
  plane.dispatch({ prompt: 'long' })
  const ids = behind.map((fields, index) => plane.dispatch({ prompt: `behind ${index + 1}`, ...fields }))
  await until(() => ran.includes('long'))
  return { ...made, ids, ran, end: () => end() }
}

const three: readonly Partial<Job>[] = [{}, {}, {}]
const all = (ids: readonly number[]) => (): boolean => ids.every((id) => started().includes(id))

it('starts what is behind the running job, and begins it only once there is a slot', async () => {
  const { ids, ran, end } = await busy(three)
  await plane.until(all(ids))
  expect(ran).toEqual(['long'])
  const before = plane.messages.length
  end()
  await plane.until(() => ids.every((id) => plane.endOf(id) !== undefined))
  expect(ran).toEqual(['long', 'behind 1', 'behind 2', 'behind 3'])
  expect(ids.map((id) => plane.endOf(id))).toMatchObject(ids.map(() => ({ kind: 'complete', via: 'socket' })))
  // One message for all of them: none of their handlers has waited for the server.
  expect(plane.messages.length - before).toBeLessThanOrEqual(2)
})

it('hands back what no slot has become free for, and has run nothing of it', async () => {
  const { ids, ran, heard, end } = await busy(three)
  await plane.until(all(ids))
  while (plane.handedBack.length < ids.length) await clock.advance(heldMs)
  expect(plane.handedBack).toEqual(ids)
  end()
  await plane.until(() => plane.ended.length === 101)
  expect(ran).toEqual(['long'])
  expect(heard.filter(({ event, payload }) => event === 'job:start' && ids.includes((payload as { id: number }).id))).toEqual([])
})

it('runs nothing for which no slot became free before its lease may have ended', async () => {
  const { ids, ran, end } = await busy(three)
  await plane.until(all(ids))
  await delivered()
  clock.sleep(limits.lease_ms)
  end()
  await plane.until(() => plane.handedBack.length === ids.length)
  expect({ ran, handedBack: plane.handedBack }).toEqual({ ran: ['long'], handedBack: ids })
})

it('asks again about a start whose answer it read late, and runs nothing that another worker may have taken', async () => {
  const { ran, end } = await busy([])
  const asked: number[] = []
  plane.interceptFrame = (frame, socket) => {
    if (frame.type !== 'start') return false
    asked.push(clock.now())
    if (asked.length === 1) clock.sleep(limits.lease_ms)
    else socket.send(JSON.stringify({ type: 'problem', ref: frame.ref, problem: problemOf('lease-lost') } satisfies ServerFrame))
    return asked.length > 1
  }
  end()
  await plane.until(() => plane.ended.length === 101)
  plane.dispatch({ prompt: 'taken' })
  await until(() => asked.length === 2)
  await delivered()
  expect(ran).toEqual(['long'])
})

it('hands back at once what has not begun when it is stopped, and ends what runs', async () => {
  const { worker, ids, ran, end } = await busy(three)
  await plane.until(all(ids))
  const stopped = worker.stop({ graceMs: 60_000 })
  await plane.until(() => plane.handedBack.length === ids.length)
  expect(worker.state).toBe('stopping')
  end()
  await stopped
  expect({ ran, handedBack: plane.handedBack, ended: plane.ended.length }).toEqual({ ran: ['long'], handedBack: ids, ended: 101 })
})

it('hands back what has not begun when it is paused', async () => {
  const { ids } = await busy(three)
  await plane.until(all(ids))
  plane.push({ type: 'config', config: {}, config_version: 0, paused: true })
  await plane.until(() => plane.handedBack.length === ids.length)
  expect(plane.credit).toBe(0)
})

it('ends what waits without a handler when the killswitch is raised, and acknowledges it after that', async () => {
  const { ids, ran, end } = await busy(three)
  await plane.until(all(ids))
  plane.push({ type: 'killswitch', killswitch: { level: 3, active: true, reason: 'test', generation: 1 } })
  await plane.until(() => plane.acks.length === ids.length)
  expect(plane.acks).toEqual(ids.map((job_id) => ({ type: 'abort_ack', job_id, attempt: 1 })))
  end()
  await plane.until(() => plane.acks.length === ids.length + 2)
  expect(plane.acks.at(-1)).toEqual({ type: 'killswitch_ack', generation: 1 })
  expect({ ran, handedBack: plane.handedBack, ended: plane.ended.length }).toEqual({ ran: ['long'], handedBack: [], ended: 100 })
})

it('ends the one that is aborted, and runs the others', async () => {
  const { ids, ran, end } = await busy(three)
  await plane.until(all(ids))
  plane.push({ type: 'abort', job_id: ids[1] ?? 0, attempt: 1, reason: 'Ada said so' })
  await plane.until(() => plane.acks.length === 1)
  end()
  await plane.until(() => plane.ended.length === 103)
  expect({ ran, acks: plane.acks }).toEqual({
    ran: ['long', 'behind 1', 'behind 3'],
    acks: [{ type: 'abort_ack', job_id: ids[1], attempt: 1 }],
  })
})

it('names what waits when it connects anew, and runs it', async () => {
  const { ids, ran, end } = await busy(three)
  await plane.until(all(ids))
  const hellos = (): readonly Extract<(typeof plane.frames)[number], { type: 'hello' }>[] =>
    plane.frames.flatMap((frame) => (frame.type === 'hello' ? [frame] : []))
  await delivered()
  clock.chance = 0
  plane.cut()
  while (hellos().length < 2) await clock.advance(1)
  expect(hellos()[1]?.leases?.map(({ job_id }) => job_id)).toEqual(expect.arrayContaining([...ids]))
  end()
  await plane.until(() => plane.ended.length === 104)
  expect(ran).toEqual(['long', 'behind 1', 'behind 2', 'behind 3'])
})

it('ends an attempt that the server does not take back as handed back by a stop', async () => {
  const { ids } = await busy(three)
  await plane.until(all(ids))
  plane.interceptFrame = (frame, socket) => {
    if (frame.type !== 'hand_back') return false
    socket.send(JSON.stringify({ type: 'problem', ref: frame.ref, problem: problemOf('rate-limited') } satisfies ServerFrame))
    return true
  }
  while (plane.ended.length < 103) await clock.advance(heldMs)
  expect(ids.map((id) => plane.endOf(id))).toMatchObject(ids.map(() => ({ kind: 'fail', body: { error: { retryable: true } } })))
})

it('forgets one that the server has ended before it came back', async () => {
  const { ids } = await busy([{}])
  await plane.until(all(ids))
  plane.interceptFrame = (frame, socket) => {
    if (frame.type !== 'hand_back') return false
    socket.send(JSON.stringify({ type: 'problem', ref: frame.ref, problem: problemOf('lease-lost') } satisfies ServerFrame))
    return true
  }
  while (!plane.frames.some(({ type }) => type === 'hand_back')) await clock.advance(heldMs)
  await delivered()
  expect(plane.endOf(ids[0] ?? 0)).toBeUndefined()
})

it.each<[string, Partial<Job>]>([
  ['has a capability, which may spend a decision', { capability: 'mail.send' }],
  ['was released by a human', { review_id: 3 }],
  ['holds a concurrency key', { concurrency: { key: 'one', limit: 1, on_conflict: 'wait' } }],
  ['counts for a rate', { rate: { key: 'one', max: 1, per_seconds: 60 } }],
  ['has no attempt to lose', { max_attempts: 1 }],
  ['must end within seconds', { timeout: 5 }],
])('starts no job ahead that %s', async (_, fields) => {
  const { ids, ran, end } = await busy([{}, fields, {}])
  const [first = 0, odd = 0] = ids
  await plane.until(all([first]))
  await plane.until(() => plane.credit === 0)
  expect(started()).not.toContain(odd)
  end()
  await plane.until(() => plane.ended.length === 104)
  expect(ran.toSorted()).toEqual(['behind 1', 'behind 2', 'behind 3', 'long'])
})

it('starts nothing ahead where the server would not take it back', async () => {
  plane.takes = []
  const { ids } = await busy([{}])
  await plane.until(() => plane.credit === 0)
  expect(started()).not.toContain(ids[0])
})

it('starts nothing ahead while one job at a time works in its directory', async () => {
  plane.config = { concurrency_key: 'workdir' }
  plane.configVersion = 1
  const { ids } = await busy([{}])
  await plane.until(() => plane.credit === 0)
  expect(started()).not.toContain(ids[0])
})
