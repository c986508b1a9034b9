/** A long poll whose client is gone looks like any other to the server: whatever it is given must come back and run elsewhere. */
import { request, type ClientRequest } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ClaimPollReply, Job } from '@modelreins/contract'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Call, type RegisteredWorker, caller, createTenant, registerWorker } from '../support/calls.ts'
import { FaultProxy } from '../support/fault-proxy.ts'
import { startServer, type TestServer } from '../support/server.ts'

const elsewhereWithinMs = 6_000

let server: TestServer
const proxies: FaultProxy[] = []
const url = (): string => server.url

beforeAll(async () => {
  server = await startServer()
})
afterAll(async () => {
  for (const proxy of proxies) await proxy.close()
  await server.close()
})

interface Scene {
  readonly owner: Call
  /** Polls and vanishes. */
  readonly gone: RegisteredWorker
  readonly other: RegisteredWorker
  readonly proxy: FaultProxy
}

/** Each test has a tenant and a network of its own, so that all of them can wait at the same time. */
async function scene(): Promise<Scene> {
  const proxy = await FaultProxy.open(server.url)
  proxies.push(proxy)
  const { owner } = await createTenant(url, server.masterToken, `scene${proxies.length}`)
  return { owner, proxy, gone: await registerWorker(url, owner, 'gone'), other: await registerWorker(url, owner, 'other') }
}

/** A poll on a connection of its own; nobody will read its answer. */
function openPoll(worker: RegisteredWorker, through: string, max = 1): ClientRequest {
  const poll = request(`${through}/api/v1/claims`, {
    method: 'POST',
    agent: false,
    headers: { authorization: `Bearer ${worker.token}`, 'content-type': 'application/json' },
  })
  poll.on('error', () => undefined)
  poll.end(JSON.stringify({ max, wait: 25, instance: 'doomed' }))
  return poll
}

/** Ways for the client of a poll to vanish while it is held. */
const vanishings: readonly [string, (scene: Scene, max?: number) => Promise<void>][] = [
  [
    'destroys its socket',
    async ({ gone }, max) => {
      const poll = openPoll(gone, server.url, max)
      await sleep(150)
      poll.destroy()
      await sleep(50)
    },
  ],
  [
    'is cut off without a word',
    async ({ gone, proxy }, max) => {
      openPoll(gone, proxy.url, max)
      await sleep(150)
      proxy.halfOpen('server')
    },
  ],
]

const dispatch = async ({ owner }: Scene, prompt: string, more: Readonly<Record<string, unknown>> = {}): Promise<Job> => {
  const answer = await owner<Job>('POST', '/dispatch', { body: { prompt, ...more } })
  expect(answer.status, answer.text).toBe(201)
  return answer.body
}

/** Works off offers like a worker that is well, until it has run so many jobs. Answers when each of them started. */
async function workOff(worker: RegisteredWorker, jobs: number): Promise<ReadonlyMap<number, number>> {
  const started = new Map<number, number>()
  const end = performance.now() + 2 * elsewhereWithinMs
  while (started.size < jobs && performance.now() < end) {
    const { body } = await worker.call<ClaimPollReply>('POST', '/api/v1/claims', { body: { max: 1, wait: 10 } })
    for (const { job, lease } of body.offers) {
      const attempt = caller(url, lease.token)
      expect((await attempt('POST', `/api/v1/claims/${job.id}/start`, { body: {} })).status).toBe(200)
      started.set(job.id, performance.now())
      expect((await attempt('POST', `/api/v1/claims/${job.id}/complete`, { body: { result: worker.name } })).status).toBe(200)
    }
  }
  return started
}

describe.concurrent.each(vanishings)('a poll whose client %s', (_how, vanish) => {
  test('loses nothing: the job that it was given runs elsewhere within 6 s', async () => {
    const here = await scene()
    await vanish(here)
    const at = performance.now()
    const job = await dispatch(here, 'to whom?')
    expect(job.assigned_to).toBe('gone')
    const started = await workOff(here.other, 1)
    expect((started.get(job.id) ?? Number.POSITIVE_INFINITY) - at).toBeLessThan(elsewhereWithinMs)
    expect((await here.owner<Job>('GET', `/jobs/${job.id}`)).body).toMatchObject({ status: 'done', attempt: 1, result: 'other' })
  })

  test('loses nothing when it has vanished again and again', async () => {
    const here = await scene()
    for (let again = 0; again < 4; again += 1) await vanish(here)
    const at = performance.now()
    const job = await dispatch(here, 'to whom?')
    const started = await workOff(here.other, 1)
    expect((started.get(job.id) ?? Number.POSITIVE_INFINITY) - at).toBeLessThan(elsewhereWithinMs)
  })

  test('gives its job to the same worker when that comes back', async () => {
    const here = await scene()
    for (let again = 0; again < 4; again += 1) await vanish(here)
    const at = performance.now()
    const job = await dispatch(here, 'to you and nobody else', { target: 'gone' })
    const started = await workOff(here.gone, 1)
    expect((started.get(job.id) ?? Number.POSITIVE_INFINITY) - at).toBeLessThan(elsewhereWithinMs)
  })

  test('holds back none of the jobs behind the one that it was given', async () => {
    const here = await scene()
    await vanish(here, 10)
    const at = performance.now()
    const jobs = [await dispatch(here, '0')]
    for (let index = 1; index < 8; index += 1) jobs.push(await dispatch(here, String(index)))
    const started = await workOff(here.other, jobs.length)
    expect([...started.keys()].toSorted((left, right) => left - right)).toEqual(jobs.map((job) => job.id))
    for (const [id, when] of started) expect(when - at, `job ${id}`).toBeLessThan(elsewhereWithinMs)
  })
})
