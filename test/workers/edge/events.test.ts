/** Says how the event feed is followed: by socket or server-sent events, from where, through evictions, and by whom. */
import { env, evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import type { FeedFrame } from '@modelreins/contract'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { until } from '../../support/until.ts'
import { call, json, newTenant, newWorker, present, problem, redeem, startedJob, type TestTenant } from './edge.ts'

let tenant: TestTenant
beforeEach(async () => {
  tenant = await newTenant()
})
afterEach(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
})

const objectOf = ({ tenant: name }: TestTenant): DurableObjectStub => env.TENANT.get(env.TENANT.idFromName(name))

interface Follower {
  readonly frames: FeedFrame[]
  readonly texts: string[]
  readonly closed: () => { readonly code: number } | undefined
  readonly close: () => void
}

async function follow(token: string, query = ''): Promise<Follower> {
  const response = await call('GET', `/api/v1/events${query}`, { token, headers: { upgrade: 'websocket' } })
  const socket = response.webSocket
  if (socket === null) throw new Error(`no socket: ${response.status} ${await response.text()}`)
  const frames: FeedFrame[] = []
  const texts: string[] = []
  let closed: { readonly code: number } | undefined
  socket.addEventListener('message', (event) => {
    texts.push(String(event.data))
    frames.push(JSON.parse(String(event.data)))
  })
  socket.addEventListener('close', (event) => {
    closed = { code: event.code }
  })
  socket.accept()
  return { frames, texts, closed: () => closed, close: () => socket.close(1000) }
}

/** Frames come by themselves: looks again until it is so. */
const become = (isSo: () => boolean): Promise<true> => until(() => (isSo() ? true : undefined), 10_000)

const events = ({ frames }: Follower) => frames.filter((frame) => frame.type === 'event')
const actions = (follower: Follower): readonly string[] => events(follower).map((event) => event.action)
const register = (name: string): Promise<{ worker_id: string }> =>
  json(call('POST', '/api/v1/workers/register', { token: tenant.owner, body: { name } }), 201)

async function memberToken(role: string): Promise<string> {
  const made = await json<{ view_url: string }>(call('POST', '/api/v1/members', { token: tenant.owner, body: { name: role, role } }), 201)
  return (await redeem(made.view_url)).token
}

describe('following events by socket', () => {
  test('begins with where it stands, and goes on with each row as it is committed, without its hashes', async () => {
    const feed = await follow(tenant.owner)
    await become(() => feed.frames.length === 1)
    const [open] = feed.frames
    if (open?.type !== 'open') throw new Error('no open frame')
    const { worker_id } = await register('anna')
    await become(() => events(feed).length === 1)
    const [event] = events(feed)
    expect(event).toMatchObject({ type: 'event', seq: open.seq + 1, action: 'worker.register', subject: `worker:${worker_id}` })
    expect(Object.keys(event ?? {})).not.toEqual(expect.arrayContaining(['hash']))
  })

  test('goes on through an eviction, and says nothing twice', async () => {
    const feed = await follow(tenant.owner)
    await register('anna')
    await evictDurableObject(objectOf(tenant))
    await register('berta')
    await become(() => events(feed).length >= 2)
    expect(actions(feed)).toEqual(['worker.register', 'worker.register'])
    expect(events(feed).map(({ seq }) => seq)).toEqual([events(feed)[0]?.seq, (events(feed)[0]?.seq ?? 0) + 1])
  })

  test('replays what was missed, without a gap, when it connects again', async () => {
    const first = await follow(tenant.owner)
    await register('anna')
    await become(() => events(first).length === 1)
    const last = events(first)[0]?.seq ?? 0
    first.close()
    await register('berta')
    await evictDurableObject(objectOf(tenant))
    await register('carla')
    const second = await follow(tenant.owner, `?after=${last}`)
    await register('dora')
    await become(() => events(second).length === 3)
    expect(events(second).map(({ seq }) => seq)).toEqual([last + 1, last + 2, last + 3])
  })

  test('says that what is too old must be fetched again, and goes on from now', async () => {
    await register('anna')
    const head = await runInDurableObject(objectOf(tenant), (_, { storage }) => {
      storage.sql.exec('delete from audit where seq < (select max(seq) from audit)')
      return Number(storage.sql.exec('select max(seq) seq from audit').one()['seq'])
    })
    await evictDurableObject(objectOf(tenant))
    const feed = await follow(tenant.owner, '?after=1')
    await become(() => feed.frames.length === 1)
    expect(feed.frames[0]).toMatchObject({ type: 'reset', seq: head, detail: expect.stringContaining('too old') })
    await register('berta')
    await become(() => events(feed).length === 1)
    expect(events(feed)[0]?.seq).toBe(head + 1)
    const ahead = await follow(tenant.owner, `?after=${head + 1_000}`)
    await become(() => ahead.frames.length === 1)
    expect(ahead.frames[0]).toMatchObject({ type: 'reset', seq: head + 1 })
  })

  test('tells of nouns, subjects, jobs and workers that were asked for', async () => {
    const worker = await newWorker(tenant)
    await present(worker)
    const jobs = await follow(tenant.owner, '?noun=job')
    const one = await follow(tenant.owner, '?id=job:1')
    const other = await follow(tenant.owner, '?job_id=2')
    const theirs = await follow(tenant.owner, `?worker_id=${worker.worker_id}&noun=job,worker`)
    await startedJob(tenant, worker)
    await register('anna')
    await become(() => events(jobs).length === 2 && events(theirs).length === 2)
    expect(actions(jobs)).toEqual(['job.dispatch', 'job.start'])
    expect(actions(one)).toEqual(['job.dispatch', 'job.start'])
    expect(actions(theirs)).toEqual(['job.dispatch', 'job.start'])
    expect(actions(other)).toEqual([])
    await problem(call('GET', '/api/v1/events?noun=Job%20', { token: tenant.owner }), 400)
    await problem(call('GET', '/api/v1/events?after=-1', { token: tenant.owner }), 400)
  })

  test('is for each role what it may read, and for a worker its own attempts', async () => {
    const viewer = await follow(await memberToken('viewer'))
    const worker = await newWorker(tenant, 'anna')
    const stranger = await newWorker(tenant, 'berta')
    const own = await follow(worker.token)
    const foreign = await follow(stranger.token)
    await present(worker)
    await startedJob(tenant, worker, 'a very secret prompt')
    await json(call('POST', '/api/v1/members', { token: tenant.owner, body: { name: 'dora', role: 'viewer' } }), 201)
    await json(call('POST', '/api/v1/killswitch', { token: tenant.owner, body: { level: 1 } }))
    await become(() => [viewer, own, foreign].every((one) => actions(one).includes('killswitch.raise')))
    expect(actions(viewer)).toEqual(['worker.register', 'worker.register', 'job.dispatch', 'job.start', 'killswitch.raise'])
    expect(actions(own)).toEqual(['job.start', 'killswitch.raise'])
    expect(actions(foreign)).toEqual(['killswitch.raise'])
    expect([viewer, own, foreign].flatMap(({ texts }) => texts).join()).not.toContain('very secret')
  })

  test('says who is there, on change and once a second at most, without a sequence', async () => {
    const worker = await newWorker(tenant)
    const feed = await follow(tenant.owner)
    for (let times = 0; times < 5; times += 1) await present(worker)
    await become(() => feed.frames.some((frame) => frame.type === 'presence'))
    const said = feed.frames.filter((frame) => frame.type === 'presence')
    expect(said.length).toBeLessThanOrEqual(2)
    expect(said[0]).toMatchObject({
      type: 'presence',
      presence: { worker_id: worker.worker_id, state: expect.not.stringMatching('offline') },
    })
    expect(said[0]).not.toHaveProperty('seq')
  })

  test('ends with the right that it rests on', async () => {
    const made = await json<{ member_id: string; view_url: string }>(
      call('POST', '/api/v1/members', { token: tenant.owner, body: { name: 'viv', role: 'viewer' } }),
      201,
    )
    const viewer = await follow((await redeem(made.view_url)).token)
    const worker = await newWorker(tenant)
    const own = await follow(worker.token)
    const owner = await follow(tenant.owner)
    await evictDurableObject(objectOf(tenant))
    await json(call('DELETE', `/api/v1/members/${made.member_id}`, { token: tenant.owner }))
    await json(call('DELETE', `/api/v1/workers/${worker.worker_id}`, { token: tenant.owner }))
    await become(() => viewer.closed() !== undefined && own.closed() !== undefined)
    expect(viewer.closed()?.code).toBe(4003)
    expect(owner.closed()).toBeUndefined()
  })

  test('needs a token, and one that is in force', async () => {
    await problem(call('GET', '/api/v1/events'), 401)
    await problem(call('GET', '/api/v1/events', { headers: { upgrade: 'websocket' } }), 401)
  })
})

describe('many followers', () => {
  test('of an idle tenant cost no alarm, and one event is spelt once for all of them', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const feeds = await Promise.all(Array.from({ length: 500 }, () => follow(tenant.owner)))
    const rung: number[] = []
    for (const begun = Date.now(); ;) {
      const due = await runInDurableObject(objectOf(tenant), (_, { storage }) => storage.getAlarm())
      if (due === null || due > begun + 60 * 60_000) break
      vi.setSystemTime(Math.max(due, Date.now()))
      await runDurableObjectAlarm(objectOf(tenant))
      rung.push(Math.round((Date.now() - begun) / 60_000))
      expect(rung.length).toBeLessThan(10)
    }
    // As without followers: what was written is shipped, and its head is signed.
    expect(rung.length, `minutes: ${rung.join()}`).toBeLessThanOrEqual(3)
    const stringify = vi.spyOn(JSON, 'stringify')
    await register('anna')
    await become(() => feeds.every((feed) => events(feed).length === 1))
    const frames = stringify.mock.calls.filter(([value]) => (value as { type?: unknown } | null)?.type === 'event')
    expect(frames).toHaveLength(1)
  })
})

describe('following events as server-sent events', () => {
  async function read(response: Response, done: (text: string) => boolean): Promise<string> {
    const reader = response.body?.getReader()
    if (reader === undefined) throw new Error('no body')
    const decoder = new TextDecoder()
    let text = ''
    while (!done(text)) {
      const { value, done: ended } = await reader.read()
      if (ended) break
      text += decoder.decode(value, { stream: true })
    }
    await reader.cancel()
    return text
  }

  test('carries the sequence as the id, and goes on behind Last-Event-ID', async () => {
    const headers = { accept: 'text/event-stream' }
    const response = await call('GET', '/api/v1/events?noun=worker', { token: tenant.owner, headers })
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream; charset=utf-8'])
    await register('anna')
    const text = await read(response, (sofar) => sofar.includes('event: event'))
    const seq = Number(/id: (\d+)\nevent: event\n/.exec(text)?.[1])
    expect(text).toMatch(/^retry: 1000\n\nid: \d+\nevent: open\n/)
    expect(text).toContain(`data: {"type":"event","seq":${seq},`)
    await register('berta')
    const again = await call('GET', '/api/v1/events?noun=worker&after=1', {
      token: tenant.owner,
      headers: { ...headers, 'last-event-id': String(seq) },
    })
    const replayed = await read(again, (sofar) => sofar.includes('event: event'))
    expect(replayed).toContain(`id: ${seq + 1}\nevent: event\n`)
    expect(replayed).not.toContain('anna')
  })
})
