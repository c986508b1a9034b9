/** The SDK behind a network that misbehaves: whatever it does, nothing is lost, nothing runs or counts twice, and work goes on afterwards. */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Job, StreamEvent } from '@modelreins/contract'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Client, Worker, type JobContext } from '../../worker-sdk/src/index.ts'
import { untilAudited } from '../support/audit-trail.ts'
import { type Call, createTenant, registerWorker, type RegisteredWorker } from '../support/calls.ts'
import { FaultProxy } from '../support/fault-proxy.ts'
import { hurriedClock } from '../support/hurried-clock.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { until } from '../support/until.ts'

/** The SDK's patience (10 s for a reply, 30 s for an answer, 45 s of silence) runs eight times faster than the server's. */
const factor = 8
type Transport = 'socket' | 'poll'

let server: TestServer
const toClose: (() => Promise<void>)[] = []
const url = (): string => server.url

beforeAll(async () => {
  server = await startServer()
})
afterAll(async () => {
  for (const close of toClose.toReversed()) await close()
  await server.close()
})

/** Polls are held for 2 s instead of 25, so that a patience that runs faster does not cut healthy ones. */
const shortPolls: typeof fetch = (input, init) => {
  if (typeof init?.body !== 'string' || !String(input).endsWith('/api/v1/claims')) return fetch(input, init)
  const body: { wait?: number } = JSON.parse(init.body)
  return fetch(input, { ...init, body: JSON.stringify({ ...body, wait: Math.min(2, body.wait ?? 0) }) })
}

type Run = (job: Job, ctx: JobContext) => Promise<void>

/** An SDK worker in this process, and what it did. */
class Seen {
  readonly worker: Worker
  /** How often each job's executor was called. */
  readonly runs = new Map<number, number>()
  readonly done: number[] = []
  readonly errors: { readonly id: number; readonly errorType: string }[] = []
  readonly troubles: string[] = []

  constructor(through: string, token: string, transport: Transport, run: Run, onLost: 'stop' | 'finish' = 'finish') {
    this.worker = new Worker({
      url: through,
      token,
      transport,
      onLost,
      slots: 3,
      clock: hurriedClock(factor),
      fetch: shortPolls,
      env: { MODELREINS_CONFIG: join(server.stateFolder, 'no-config.json') },
      executor: async (job, ctx) => {
        this.runs.set(job.id, (this.runs.get(job.id) ?? 0) + 1)
        await run(job, ctx)
        return `result of ${job.prompt}`
      },
    })
    this.worker.on('job:done', ({ id }) => this.done.push(id))
    this.worker.on('job:error', ({ id, errorType }) => this.errors.push({ id, errorType }))
    this.worker.on('error', ({ type, error }) => this.troubles.push(`${type}: ${error}`))
  }
}

interface Scene {
  readonly owner: Call
  readonly key: string
  readonly proxy: FaultProxy
  readonly registered: RegisteredWorker
  readonly seen: Seen
}

let scenes = 0
const network = async (): Promise<FaultProxy> => {
  const proxy = await FaultProxy.open(server.url)
  toClose.push(() => proxy.close())
  return proxy
}
const tenant = (): Promise<{ readonly key: string; readonly owner: Call }> => createTenant(url, server.masterToken, `scene${++scenes}`)

/** A tenant, a network and a worker of their own: all tests can wait at the same time. */
async function scene(transport: Transport, run: Run = () => sleep(5), onLost: 'stop' | 'finish' = 'finish'): Promise<Scene> {
  const { owner, key } = await tenant()
  const proxy = await network()
  const registered = await registerWorker(url, owner, 'far-away')
  const seen = new Seen(proxy.url, registered.token, transport, run, onLost)
  toClose.push(() => {
    proxy.set({ kind: 'none' })
    return seen.worker.stop({ graceMs: 0 })
  })
  await seen.worker.start()
  return { owner, key, proxy, registered, seen }
}

/** Straight to the server: the fault is the worker's alone. */
async function dispatch(owner: Call, prompt: string): Promise<Job> {
  const answer = await owner<Job>('POST', '/dispatch', { body: { prompt, when_offline: 'queue' } })
  expect(answer.status, answer.text).toBe(201)
  return answer.body
}
const dispatchSome = async (owner: Call, count: number): Promise<Job[]> => {
  const jobs: Job[] = []
  for (let index = 0; index < count; index += 1) jobs.push(await dispatch(owner, `job ${index}`))
  return jobs
}

function settled(owner: Call, seen: Seen, id: number, limitMs = 30_000): Promise<Job> {
  let last: Job | undefined
  return until(
    async () => {
      last = (await owner<Job>('GET', `/jobs/${id}`)).body
      return last.status === 'done' || last.status === 'failed' ? last : undefined
    },
    limitMs,
    () => `${JSON.stringify(last)}\nruns ${JSON.stringify([...seen.runs])}\n${seen.troubles.join('\n')}`,
    100,
  )
}

/** All of them ended well, were run once, and were told to have ended once. */
async function expectOnce({ owner, seen }: Scene, jobs: readonly Job[]): Promise<void> {
  for (const job of jobs) {
    expect(await settled(owner, seen, job.id)).toMatchObject({ status: 'done', attempt: 1, result: `result of ${job.prompt}`, error: null })
    expect(seen.runs.get(job.id), `runs of job ${job.id}`).toBe(1)
  }
  const ids = jobs.map((job) => job.id)
  await until(
    () => (seen.done.length >= ids.length ? true : undefined),
    15_000,
    () => `told of ${seen.done.join()}`,
  )
  expect(seen.done.toSorted((left, right) => left - right)).toEqual(ids)
  expect(seen.errors).toEqual([])
  const rows = await untilAudited(owner, 'action=job.complete', (found) => found.length >= ids.length)
  expect(rows.map((row) => row.job_id).toSorted((left, right) => Number(left) - Number(right))).toEqual(ids)
}

describe.concurrent.each<Transport>(['socket', 'poll'])('a worker by %s', (transport) => {
  // First, because it takes the half minute of a lease: the others run meanwhile.
  test.each(['finish', 'stop'] as const)('that stays away loses its job to another (on_lost: %s)', { timeout: 90_000 }, async (onLost) => {
    let stopped: unknown
    const here = await scene(
      transport,
      (_job, ctx) =>
        new Promise((resolve) => {
          ctx.signal.addEventListener('abort', () => {
            stopped = ctx.signal.reason
            resolve()
          })
        }),
      onLost,
    )
    const job = await dispatch(here.owner, 'job 0')
    await until(() => here.seen.runs.get(job.id), 10_000)
    here.proxy.set({ kind: 'blackhole' })
    const spare = await registerWorker(url, here.owner, 'nearby')
    const other = new Seen(server.url, spare.token, transport, () => sleep(5), onLost)
    toClose.push(() => other.worker.stop({ graceMs: 0 }))
    await other.worker.start()
    expect(await settled(here.owner, other, job.id, 50_000)).toMatchObject({ status: 'done', attempt: 2, assigned_to: 'nearby' })
    // Cut off, it stops before anybody else can have begun, since its time runs faster here; or goes on until it is told.
    if (onLost === 'finish') expect(stopped).toBeUndefined()
    else expect(stopped).toMatchObject({ kind: 'lease-lost', message: expect.stringContaining('was not reached for 60 s') })
    here.proxy.set({ kind: 'none' })
    await until(
      () => here.seen.errors[0],
      15_000,
      () => here.seen.troubles.join('\n'),
    )
    expect(stopped).toMatchObject({ name: 'AttemptStopped' })
    expect(here.seen.done).toEqual([])
    expect((await here.owner<Job>('GET', `/jobs/${job.id}`)).body).toMatchObject({ status: 'done', attempt: 2, assigned_to: 'nearby' })
    const rows = await untilAudited(here.owner, `job_id=${job.id}`, (found) => found.some((row) => row.action === 'job.complete'))
    expect(rows.map((row) => row.action)).toEqual(['job.dispatch', 'job.start', 'job.lose', 'job.requeue', 'job.start', 'job.complete'])
  })

  test('works through 150 ms of latency each way', async () => {
    const here = await scene(transport)
    here.proxy.set({ kind: 'latency', ms: 150 })
    await expectOnce(here, await dispatchSome(here.owner, 6))
  })

  test('works over connections that are reset again and again', { timeout: 60_000 }, async () => {
    const here = await scene(transport)
    here.proxy.set({ kind: 'reset', afterBytes: 5_000 })
    const jobs: Job[] = []
    for (let wave = 0; wave < 4; wave += 1) {
      jobs.push(...(await dispatchSome(here.owner, 2)))
      await sleep(200)
      here.proxy.resetAll()
    }
    for (const job of jobs) await settled(here.owner, here.seen, job.id, 50_000)
    here.proxy.set({ kind: 'none' })
    await expectOnce(
      here,
      jobs.map((job, index) => ({ ...job, prompt: `job ${index % 2}` })),
    )
  })

  test('survives a network that swallows everything for longer than an offer holds', { timeout: 60_000 }, async () => {
    const here = await scene(transport, () => sleep(1_000))
    const running = await dispatchSome(here.owner, 2)
    await until(() => (here.seen.runs.size === 2 ? true : undefined), 10_000)
    here.proxy.set({ kind: 'blackhole' })
    const waiting = await dispatchSome(here.owner, 3)
    await sleep(6_500)
    for (const { id } of running) expect((await here.owner<Job>('GET', `/jobs/${id}`)).body.status).toBe('running')
    here.proxy.set({ kind: 'none' })
    await expectOnce(here, [...running, ...waiting])
  })

  test.each(['client', 'server'] as const)(
    'finds its way back when only the %s still believes in the connection',
    { timeout: 60_000 },
    async (side) => {
      const here = await scene(transport, () => sleep(800))
      const jobs = await dispatchSome(here.owner, 2)
      await until(() => (here.seen.runs.size === 2 ? true : undefined), 10_000)
      here.proxy.halfOpen(side)
      jobs.push({ ...(await dispatch(here.owner, 'job 2')), prompt: 'job 2' })
      await expectOnce(here, jobs)
    },
  )

  test('starts once when the reply to its start is lost', async () => {
    const here = await scene(transport, () => sleep(300))
    const lost = here.proxy.loseReply(
      transport === 'socket' ? { reply: /"type":"started"/ } : { request: /^POST \/api\/v1\/claims\/\d+\/start / },
    )
    const jobs = await dispatchSome(here.owner, 1)
    await lost
    await expectOnce(here, jobs)
  })

  test('delivers its result once more, and no more, when the reply to it is lost', async () => {
    const here = await scene(transport)
    const lost = here.proxy.loseReply(
      transport === 'socket' ? { reply: /"type":"settled"/ } : { request: /^POST \/api\/v1\/claims\/\d+\/complete / },
    )
    const [job] = await dispatchSome(here.owner, 1)
    if (job === undefined) throw new Error('no job')
    await lost
    // The server has it, and the worker cannot know.
    expect((await here.owner<Job>('GET', `/jobs/${job.id}`)).body.status).toBe('done')
    await expectOnce(here, [job])
    const sent = (): number => here.proxy.requests.filter((line) => line === `POST /api/v1/claims/${job.id}/complete`).length
    // By socket the first word was a frame; either way the second one is a request.
    const expected = transport === 'socket' ? 1 : 2
    expect(sent()).toBe(expected)
    await sleep(1_500)
    expect(sent()).toBe(expected)
    const [next] = await dispatchSome(here.owner, 1)
    expect(await settled(here.owner, here.seen, next?.id ?? 0)).toMatchObject({ status: 'done', attempt: 1 })
  })
})

describe.concurrent('a client', () => {
  /** A client behind a proxy of its own, and the owner who sees what really happened. */
  async function behind(): Promise<{ readonly client: Client; readonly proxy: FaultProxy; readonly owner: Call }> {
    const { owner, key } = await tenant()
    const proxy = await network()
    return { client: new Client({ url: proxy.url, token: key, clock: hurriedClock(factor) }), proxy, owner }
  }
  const listed = async (owner: Call): Promise<number[]> => {
    const { body } = await owner<{ items: Job[] }>('GET', '/api/v1/jobs')
    return body.items.map((job) => job.id).toReversed()
  }
  /** Nobody is registered: the job is created and waits. */
  const create = (client: Client, prompt: string): Promise<Job> => client.jobs.create({ prompt })

  test('gets the same job by its key when the reply to its dispatch is lost', async () => {
    const { client, proxy, owner } = await behind()
    await registerWorker(url, owner, 'anybody')
    const lost = proxy.loseReply({ request: /^POST \/api\/v1\/dispatch / })
    const job = await client.jobs.dispatch({ prompt: 'once', when_offline: 'queue' })
    await lost
    expect(proxy.requests.filter((line) => line === 'POST /api/v1/dispatch')).toHaveLength(2)
    expect(await listed(owner)).toEqual([job.id])
  })

  test.each([
    ['latency', async (proxy: FaultProxy) => proxy.set({ kind: 'latency', ms: 150 })],
    ['resets', async (proxy: FaultProxy) => proxy.set({ kind: 'reset', afterBytes: 4_000 })],
    [
      'a network that swallows everything for a while',
      async (proxy: FaultProxy) => {
        proxy.set({ kind: 'blackhole' })
        setTimeout(() => proxy.set({ kind: 'none' }), 3_000)
      },
    ],
    ['a server that is gone from its connection', async (proxy: FaultProxy) => proxy.halfOpen('client')],
    ['a server that has not heard of its end', async (proxy: FaultProxy) => proxy.halfOpen('server')],
  ])('creates each job once through %s', async (_what, fault) => {
    const { client, proxy, owner } = await behind()
    const first = await create(client, 'before')
    await fault(proxy)
    const jobs = [first]
    for (let index = 0; index < 5; index += 1) jobs.push(await create(client, `job ${index}`))
    proxy.set({ kind: 'none' })
    // What was held back by the network arrives now, and counts for nothing.
    await sleep(300)
    expect(await listed(owner)).toEqual(jobs.map((job) => job.id))
  })

  test('reads a stream whole and in order through resets, silence and a half-open line', { timeout: 60_000 }, async () => {
    const { client, proxy, owner } = await behind()
    const registered = await registerWorker(url, owner, 'talker')
    const talker = new Seen(server.url, registered.token, 'socket', async (_job, ctx) => {
      for (let index = 0; index < 60; index += 1) {
        await ctx.output(`${index} ${'.'.repeat(80)}\n`)
        await sleep(60)
      }
    })
    toClose.push(() => talker.worker.stop({ graceMs: 0 }))
    await talker.worker.start()
    const job = await dispatch(owner, 'talk')
    const events: StreamEvent[] = []
    const reading = (async () => {
      for await (const event of client.stream(job.id)) {
        events.push(event)
        if (events.length === 3) proxy.set({ kind: 'reset', afterBytes: 1_500 })
        if (events.length === 15) {
          proxy.set({ kind: 'blackhole' })
          setTimeout(() => proxy.set({ kind: 'none' }), 1_500)
        }
        if (events.length === 25) proxy.halfOpen('client')
      }
    })()
    await reading
    const chunks = events.flatMap((event) => (event.event === 'output' ? [event.data] : []))
    expect(chunks.map((chunk) => chunk.seq)).toEqual(chunks.map((_, index) => index))
    const text = chunks.map((chunk) => chunk.text).join('')
    const ended = await settled(owner, talker, job.id)
    // The last words may have travelled with the completion; either way they are streamed.
    expect(text).toBe(Array.from({ length: 60 }, (_, index) => `${index} ${'.'.repeat(80)}\n`).join(''))
    expect(events.filter((event) => event.event === 'gap')).toEqual([])
    expect(events.at(-1)).toMatchObject({ event: 'end', data: { status: 'done', result: ended.result } })
  })
})
