/** The life of a job as `curl` sees it: every call by hand, against a real server process. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { ClaimPollReply, Job, Lease, Offer, Why } from '@modelreins/contract'
import { limits } from '@modelreins/contract'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { auditTrail, untilAudited, verifyTrail } from '../support/audit-trail.ts'
import { type Answer, type Call, type RegisteredWorker, caller, registerWorker } from '../support/calls.ts'
import { redeemView } from '../../worker-sdk/src/index.ts'
import { eventsOf, type StreamedEvent } from '../support/event-stream.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { until } from '../support/until.ts'

interface Started {
  readonly job: Job
  readonly lease: Lease
}

let server: TestServer
let owner: Call
let alice: RegisteredWorker
let bob: RegisteredWorker
const url = (): string => server.url

/** A call with the token of an attempt. */
const withLease = (lease: Lease): Call => caller(url, lease.token)

const dispatch = async (body: Readonly<Record<string, unknown>>): Promise<Job> => {
  const answer = await owner<Job>('POST', '/dispatch', { body })
  expect(answer.status, answer.text).toBe(201)
  return answer.body
}
const getJob = async (id: number): Promise<Job> => (await owner<Job>('GET', `/jobs/${id}`)).body

/** Asks for one offer, waiting for it as a worker does. */
async function poll(worker: RegisteredWorker, wait = 10): Promise<Offer> {
  const answer = await worker.call<ClaimPollReply>('POST', '/api/v1/claims', { body: { max: 1, wait } })
  const [offer] = answer.body.offers
  if (offer === undefined) throw new Error(`no offer for ${worker.name}: ${answer.text}`)
  return offer
}

/** Polls and starts. */
async function take(worker: RegisteredWorker): Promise<Started> {
  const offer = await poll(worker)
  const answer = await withLease(offer.lease)<Started>('POST', `/api/v1/claims/${offer.job.id}/start`, { body: {} })
  expect(answer.status, answer.text).toBe(200)
  return answer.body
}

const output = (lease: Lease, jobId: number, seq: number, text: string) =>
  withLease(lease)<{ next_seq: number; closed: boolean }>('POST', `/api/v1/claims/${jobId}/output`, { body: { chunks: [{ seq, text }] } })
const complete = (lease: Lease, jobId: number, result: string) =>
  withLease(lease)<{ job: Job; code?: string }>('POST', `/api/v1/claims/${jobId}/complete`, { body: { result } })

const stream = (jobId: number, headers: Readonly<Record<string, string>> = {}): Promise<Response> =>
  fetch(`${url()}/jobs/${jobId}/stream`, { headers: { authorization: `Bearer ${server.ownerKey}`, ...headers } })

/** A lease that nobody renews takes its half minute: these two attempts lose theirs while the other tests run. */
let abandoned: Started
let overtaken: Started

beforeAll(async () => {
  server = await startServer()
  owner = caller(url, server.ownerKey)
  alice = await registerWorker(url, owner, 'alice')
  bob = await registerWorker(url, owner, 'bob')
  const ghost = await registerWorker(url, owner, 'ghost')
  for (const prompt of ['abandoned', 'overtaken']) await dispatch({ prompt, target: 'ghost', when_offline: 'queue' })
  abandoned = await take(ghost)
  overtaken = await take(ghost)
})
afterAll(() => server.close())

describe('a job, call by call', () => {
  let started: Started

  test('nobody there: 503, and it says who is missing', async () => {
    const answer = await owner('POST', '/dispatch', { body: { prompt: 'anybody?', target: 'alice' } })
    expect(answer.status).toBe(503)
    expect(answer.body).toMatchObject({ code: 'no-live-worker', status: 503, retryable: true })
    expect(answer.body.detail).toContain('alice')
  })

  test('is dispatched to the worker that waits in a long poll, and offered to it', async () => {
    const waiting = poll(alice)
    await until(async () => {
      const { body } = await owner<{ items: { name: string; state: string }[] }>('GET', '/presence')
      return body.items.some((one) => one.name === 'alice' && one.state === 'idle') ? true : undefined
    }, 5_000)
    const job = await dispatch({ prompt: 'Review this code for security issues' })
    expect(job).toMatchObject({ status: 'pending', assigned_to: 'alice', attempt: 0, effort: 'standard', result: null, error: null })
    const offer = await waiting
    expect(offer.job).toMatchObject({ id: job.id, prompt: 'Review this code for security issues' })
    const answer = await withLease(offer.lease)<Started>('POST', `/api/v1/claims/${job.id}/start`, { body: {} })
    expect(answer.status).toBe(200)
    started = answer.body
    expect(started.job).toMatchObject({ id: job.id, status: 'running', attempt: 1, assigned_to: 'alice' })
    expect(await getJob(job.id)).toMatchObject({ status: 'running', started_at: expect.any(String) })
  })

  test('start may be repeated and starts nothing twice', async () => {
    const again = await withLease(started.lease)<Started>('POST', `/api/v1/claims/${started.job.id}/start`, { body: {} })
    expect(again.status).toBe(200)
    expect(again.body.lease.attempt).toBe(1)
  })

  test('streams its output live, and resumes behind Last-Event-ID', async () => {
    const { id } = started.job
    const first = await stream(id)
    expect(first.headers.get('content-type')).toContain('text/event-stream')
    const live = eventsOf(first)
    const seen: StreamedEvent[] = []
    for (const [seq, text] of ['one ', 'two ', 'three '].entries()) {
      expect((await output(started.lease, id, seq, text)).body).toEqual({ next_seq: seq + 1, closed: false })
      // Live: the event comes while the job runs, before the next chunk is even written.
      const next = await live.next()
      if (next.done !== true) seen.push(next.value)
    }
    expect(seen.map(({ event, id: at, data }) => [event, at, JSON.parse(data)])).toEqual(
      ['one ', 'two ', 'three '].map((text, seq) => ['output', String(seq), { seq, attempt: 1, stream: 'stdout', text }]),
    )
    await live.return()

    // Repeating a chunk changes nothing.
    expect((await output(started.lease, id, 1, 'two ')).body.next_seq).toBe(3)
    const resumed = eventsOf(await stream(id, { 'last-event-id': '0' }))
    const rest: StreamedEvent[] = []
    const reading = (async () => {
      for await (const event of resumed) rest.push(event)
    })()
    await output(started.lease, id, 3, 'four')
    const done = await complete(started.lease, id, 'All is well')
    expect(done.status).toBe(200)
    expect(done.body.job).toMatchObject({ id, status: 'done', result: 'All is well' })
    await reading
    expect(rest.map((event) => [event.event, event.id])).toEqual([
      ['output', '1'],
      ['output', '2'],
      ['output', '3'],
      ['end', undefined],
    ])
    expect(JSON.parse(rest.at(-1)?.data ?? '')).toEqual({ status: 'done', result: 'All is well', error: null })
  })

  test('is read back whole, by both paths, and its output again after the end', async () => {
    const { id } = started.job
    const [seeds, ours] = await Promise.all([getJob(id), owner<Job>('GET', `/api/v1/jobs/${id}`)])
    expect(seeds).toEqual(ours.body)
    expect(seeds).toMatchObject({ status: 'done', result: 'All is well', assigned_to: 'alice', attempt: 1, error: null })
    expect(seeds.ended_at).not.toBeNull()
    const told: string[] = []
    for await (const event of eventsOf(await stream(id))) told.push(event.event === 'output' ? JSON.parse(event.data).text : event.event)
    expect(told).toEqual(['one ', 'two ', 'three ', 'four', 'end'])
  })

  test('leaves its rows in the audit trail in D1, and the chain holds', async () => {
    const { id } = started.job
    const rows = await untilAudited(owner, `job_id=${id}`, (found) => found.length >= 3)
    expect(rows.map((row) => [row.action, row.actor.kind, row.actor.name, row.subject])).toEqual([
      ['job.dispatch', 'member', 'owner', `job:${id}`],
      ['job.start', 'worker', 'alice', `job:${id}`],
      ['job.complete', 'worker', 'alice', `job:${id}`],
    ])
    for (const row of rows) expect(JSON.stringify(row)).not.toContain('security issues')
    const all = await auditTrail(owner)
    expect(verifyTrail(all)).toMatchObject({ ok: true, rows: all.length })
    expect((await auditTrail(owner, `worker=alice&action=job.start&job_id=${id}`)).map((row) => row.job_id)).toEqual([id])
  })

  test('completed twice: the second word changes nothing, and nothing more is audited', async () => {
    const { id } = started.job
    const again = await complete(started.lease, id, 'Something else')
    expect(again.status).toBe(200)
    expect(again.body.job.result).toBe('All is well')
    const fails = await withLease(started.lease)('POST', `/api/v1/claims/${id}/fail`, {
      body: { error: { type: 'unknown', message: 'no' } },
    })
    expect(fails.status).toBe(409)
    expect(fails.body).toMatchObject({ code: 'lease-lost' })
    expect(await getJob(id)).toMatchObject({ status: 'done', result: 'All is well' })
  })

  test('says why it waits, and is listed, and aborted', async () => {
    const job = await dispatch({ prompt: 'wait for bob', target: 'bob', when_offline: 'queue', thread_id: 'talk' })
    const why = await owner<Why>('GET', `/jobs/${job.id}/why`)
    expect(why.body).toMatchObject({ job_id: job.id, status: 'pending' })
    expect(why.body.answer).toContain('offline')
    const verdicts = Object.fromEntries(why.body.workers.map((one) => [one.name, one.eligible]))
    expect(verdicts).toMatchObject({ alice: false, bob: true })

    const listed = await owner<{ items: Job[] }>('GET', '/api/v1/jobs?thread_id=talk')
    expect(listed.body.items.map((one) => one.id)).toEqual([job.id])
    const newestFirst = (await owner<{ items: Job[] }>('GET', '/api/v1/jobs')).body.items.map((one) => one.id)
    expect(newestFirst).toEqual(newestFirst.toSorted((left, right) => right - left))

    const aborted = await owner<Job>('POST', `/jobs/${job.id}/abort`, { body: { reason: 'not needed' } })
    expect(aborted.status).toBe(200)
    expect(aborted.body).toMatchObject({ status: 'failed', error: { type: 'aborted', retryable: false } })
    expect(aborted.body.error?.message).toContain('owner')
    // Said again, it is so already; of a job that is done it cannot be said.
    expect((await owner('POST', `/jobs/${job.id}/abort`, { body: {} })).body).toEqual(aborted.body)
    expect((await owner('POST', `/jobs/${started.job.id}/abort`, { body: {} })).body).toMatchObject({ status: 409, code: 'wrong-state' })
  })

  test('aborted while it runs: the lease is void at once', async () => {
    const { id } = await dispatch({ prompt: 'stop me', target: 'alice' })
    const { lease } = await take(alice)
    expect((await owner('POST', `/jobs/${id}/abort`, { body: {} })).status).toBe(200)
    expect((await complete(lease, id, 'too late')).body).toMatchObject({ code: 'lease-lost', status: 409 })
    const closed = await until(async () => {
      const answer = await output(lease, id, 0, 'more')
      return answer.status === 409 || answer.body.closed ? answer : undefined
    }, 5_000)
    expect(closed.status === 409 || closed.body.closed).toBe(true)
    expect(await getJob(id)).toMatchObject({ status: 'failed', result: null, error: { type: 'aborted' } })
  })
})

describe('an idempotency key', () => {
  const send = (body: unknown) =>
    owner<Job & { code?: string }>('POST', '/dispatch', { body, headers: { 'idempotency-key': 'the-same-key' } })

  test('answers the same job for the same body, with 200', async () => {
    const first = await send({ prompt: 'once', target: 'bob', when_offline: 'queue' })
    const second = await send({ when_offline: 'queue', target: 'bob', prompt: 'once' })
    expect([first.status, second.status]).toEqual([201, 200])
    expect(second.body.id).toBe(first.body.id)
    await owner('POST', `/jobs/${first.body.id}/abort`, { body: {} })
  })

  test('with another body is 409', async () => {
    const other = await send({ prompt: 'twice', target: 'bob', when_offline: 'queue' })
    expect(other.status).toBe(409)
    expect(other.body.code).toBe('idempotency-conflict')
  })
})

describe('what a client may send', () => {
  test('a prompt of 2 MB is 413 and names the limit', async () => {
    const answer = await owner('POST', '/dispatch', { body: { prompt: 'x'.repeat(2_000_000) } })
    expect(answer.status).toBe(413)
    expect(answer.headers.get('content-type')).toContain('application/problem+json')
    expect(answer.body.code).toBe('too-large')
    expect(answer.body.detail).toContain(String(limits.body_bytes))
  })

  test('a prompt under the body limit and over its own is 400 and named', async () => {
    const answer = await owner('POST', '/dispatch', { body: { prompt: 'é'.repeat(300_000) } })
    expect(answer.status).toBe(400)
    expect(answer.body.issues?.map((issue) => issue.path)).toEqual(['prompt'])
  })

  test('a prompt with NUL, right-to-left text and emoji comes back as it went, to worker and reader', async () => {
    const prompt = 'NUL \u0000 between, \u202Eשלום\u202C עולם, مرحبا, 👩‍👩‍👧‍👦 🏴‍☠️ e\u0301 \u2028 \uFEFF \\u0000 "quoted"\r\n\ttabbed'
    const job = await dispatch({ prompt, target: 'alice', metadata: { 'key \u0000': prompt } })
    expect(job.prompt).toBe(prompt)
    const taken = await take(alice)
    expect(taken.job.prompt).toBe(prompt)
    await output(taken.lease, job.id, 0, prompt)
    expect((await complete(taken.lease, job.id, prompt)).status).toBe(200)
    const read = await getJob(job.id)
    expect([read.prompt, read.result, read.metadata]).toEqual([prompt, prompt, { 'key \u0000': prompt }])
    for await (const event of eventsOf(await stream(job.id))) if (event.event === 'output') expect(JSON.parse(event.data).text).toBe(prompt)
  })

  test.each(['../../etc/passwd', '..', '.', 'a/../b', 'a b', '%2e%2e%2f', 'a\u0000b', ''])('no worker is called %j', async (name) => {
    const answer = await owner('POST', '/api/v1/workers/register', { body: { name } })
    expect(answer.status).toBe(400)
    expect(answer.body.issues?.[0]?.path).toBe('name')
  })

  test('a worker may call its process what it likes: it is shown and never a path', async () => {
    const instance = '../../../etc/passwd'
    expect((await bob.call('PUT', '/presence', { body: { instance, status: 'active' } })).status).toBe(200)
    const { body } = await owner<{ items: { name: string; instance: string | null }[] }>('GET', '/presence')
    expect(body.items.find((one) => one.name === 'bob')?.instance).toBe(instance)
    const inbox = await bob.call<{ jobs: Job[] }>('GET', `/my-jobs?worker=${instance}&status=pending`)
    expect([inbox.status, inbox.body.jobs]).toEqual([200, []])
  })

  test.each([
    ['POST', '/dispatch', '{"prompt":', 400],
    ['POST', '/dispatch', '{"prompt":"x","effort":"heroic","priority":99}', 400],
    ['POST', '/dispatch', '[]', 400],
    ['GET', '/jobs/abc', undefined, 400],
    ['GET', '/jobs/..%2f..%2fetc', undefined, 400],
    ['GET', '/jobs/999999', undefined, 404],
    ['GET', '/no/such/path', undefined, 404],
    ['DELETE', '/dispatch', undefined, 405],
  ])('%s %s %s is %i and a problem document', async (method, path, raw, status) => {
    const answer = await owner(method, path, raw === undefined ? {} : { raw })
    expect(answer.status).toBe(status)
    expect(answer.body).toMatchObject({ status, instance: expect.any(String), title: expect.any(String) })
    expect(answer.headers.get('content-type')).toContain('application/problem+json')
  })

  test('every issue of a bad request is named at once', async () => {
    const answer = await owner('POST', '/api/v1/dispatch', { body: { prompt: '', effort: 'heroic', priority: 99, colour: 'red' } })
    expect(answer.body.issues?.map((issue) => issue.path).toSorted()).toEqual(['colour', 'effort', 'priority', 'prompt'])
  })
})

describe('a token that is not in force', () => {
  /** All that a caller may tell two answers apart by: status, headers but the clock's and the request's own, body but the request id. */
  function face(answer: Answer<object>): unknown {
    const id = 'instance' in answer.body ? String(answer.body.instance) : ''
    const headers = [...answer.headers].filter(([name, value]) => name !== 'date' && value !== id)
    return { status: answer.status, headers: headers.toSorted(), body: { ...answer.body, instance: '' } }
  }
  const anonymous = (method: string, path: string) => caller(url)(method, path)

  test('is told one and the same, whatever is wrong with it, on every path', async () => {
    const revoked = await registerWorker(url, owner, 'revoked')
    expect((await revoked.call('GET', '/my-jobs')).status).toBe(200)
    expect((await owner('DELETE', `/api/v1/workers/${revoked.worker_id}`)).status).toBe(200)
    const tenant = await caller(url, server.masterToken)<{ view_url: string }>('POST', '/api/v1/tenants', { body: { tenant: 'others' } })
    expect(tenant.status).toBe(201)
    const flipped = alice.token.slice(0, -1) + (alice.token.endsWith('a') ? 'b' : 'a')
    const tokens = {
      garbage: 'hello',
      forged: flipped,
      'of a tenant that does not exist': alice.token.replace(`mrw_${server.tenant}_`, 'mrw_nowhere_'),
      'of another tenant, spliced': alice.token.replace(`mrw_${server.tenant}_`, 'mrw_others_'),
      'worker token that calls itself a member key': alice.token.replace('mrw_', 'mrk_'),
      revoked: revoked.token,
      'forged lease': abandoned.lease.token.slice(0, -1) + (abandoned.lease.token.endsWith('a') ? 'b' : 'a'),
    }
    const expected = face(await anonymous('GET', '/jobs/1'))
    expect(expected).toMatchObject({ status: 401, body: { code: 'unauthorized' } })
    for (const [path, method] of [
      ['/jobs/1', 'GET'],
      ['/no/such/path', 'GET'],
      ['/api/v1/workers', 'PUT'],
    ] as const) {
      expect(face(await anonymous(method, path)), `no token, ${path}`).toEqual(expected)
    }
    for (const [what, token] of Object.entries(tokens)) {
      expect(face(await caller(url, token)('GET', '/jobs/1')), what).toEqual(expected)
      expect(face(await caller(url, token)('GET', '/no/such/path')), what).toEqual(expected)
    }
  })

  test('of another tenant sees an empty house: unknown ids, empty lists', async () => {
    const master = caller(url, server.masterToken)
    const made = await master<{ view_url: string }>('POST', '/api/v1/tenants', { body: { tenant: 'neighbour' } })
    const neighbour = caller(url, (await redeemView(made.body.view_url)).token)
    const mine = await owner('GET', '/jobs/999999')
    const theirs = await neighbour('GET', `/jobs/${abandoned.job.id}`)
    expect([theirs.status, theirs.body.code]).toEqual([mine.status, mine.body.code])
    expect((await neighbour<{ items: unknown[] }>('GET', '/api/v1/jobs')).body.items).toEqual([])
    expect((await neighbour<{ items: unknown[] }>('GET', '/api/v1/workers')).body.items).toEqual([])
    expect((await neighbour('POST', `/jobs/${abandoned.job.id}/abort`, { body: {} })).status).toBe(404)
    expect((await neighbour('DELETE', `/api/v1/workers/${alice.worker_id}`)).status).toBe(404)
    const rows = await auditTrail(neighbour)
    expect(rows.map((row) => row.action)).not.toContain('job.dispatch')
    // Suspended, its key is one that is not in force.
    expect((await master('POST', '/api/v1/tenants/neighbour/suspend', { body: {} })).status).toBe(200)
    expect(face(await neighbour('GET', '/api/v1/jobs'))).toEqual(face(await anonymous('GET', '/api/v1/jobs')))
  })
})

describe('a completion', () => {
  test("for somebody else's job is refused, by id and by lease", async () => {
    const [one, other] = [await dispatch({ prompt: 'mine', target: 'alice' }), await dispatch({ prompt: 'yours', target: 'alice' })]
    const taken = await take(alice)
    expect(taken.job.id).toBe(one.id)
    const closed = await bob.call('POST', `/jobs/${one.id}/close`, { body: { status: 'done', result: 'stolen' } })
    expect([closed.status, closed.body.code]).toEqual([409, 'lease-lost'])
    const wrong = await complete(taken.lease, other.id, 'stolen')
    expect(wrong.status).toBe(403)
    expect((await bob.call('POST', `/api/v1/claims/${one.id}/complete`, { body: { result: 'stolen' } })).status).toBe(403)
    expect(await getJob(one.id)).toMatchObject({ status: 'running', result: null })
    expect(await getJob(other.id)).toMatchObject({ status: 'pending', result: null })
    expect((await complete(taken.lease, one.id, 'mine')).status).toBe(200)
    const second = await take(alice)
    expect((await complete(second.lease, other.id, 'yours')).body.job).toMatchObject({ result: 'yours', status: 'done' })
  })

  test('of an offer that was never started is refused', async () => {
    const job = await dispatch({ prompt: 'not yet', target: 'alice' })
    const offer = await poll(alice)
    expect((await complete(offer.lease, job.id, 'early')).body).toMatchObject({ code: 'lease-lost', status: 409 })
    expect((await withLease(offer.lease)('POST', `/api/v1/claims/${job.id}/start`, { body: {} })).status).toBe(200)
    expect((await complete(offer.lease, job.id, 'now')).status).toBe(200)
  })

  test('of an attempt that took too long is refused', async () => {
    const job = await dispatch({ prompt: 'hurry', target: 'alice', timeout: 0.5, max_attempts: 1 })
    const { lease } = await take(alice)
    await until(async () => ((await getJob(job.id)).status === 'failed' ? true : undefined), 5_000)
    expect(await getJob(job.id)).toMatchObject({ status: 'failed', error: { type: 'timeout' } })
    expect((await complete(lease, job.id, 'slow')).body).toMatchObject({ code: 'lease-lost', status: 409 })
    expect((await getJob(job.id)).result).toBeNull()
  })
})

describe('two workers that race for one job', () => {
  test('100 rounds, by id and by poll: exactly one wins each', { timeout: 60_000 }, async () => {
    for (let round = 0; round < 100; round += 1) {
      const created = await owner<Job>('POST', '/api/v1/jobs', { body: { prompt: `round ${round}` } })
      const { id } = created.body
      const byId = async (worker: RegisteredWorker): Promise<boolean> => {
        const answer = await worker.call<Started & { code?: string }>('POST', `/jobs/${id}/claim`, { body: { worker: worker.name } })
        if (answer.status !== 200) expect([answer.status, answer.body.code]).toEqual([409, 'already-claimed'])
        return answer.status === 200
      }
      const byPoll = async (worker: RegisteredWorker): Promise<boolean> => {
        const { body } = await worker.call<ClaimPollReply>('POST', '/api/v1/claims', { body: { max: 1 } })
        const [offer] = body.offers
        if (offer === undefined) return false
        return (await withLease(offer.lease)('POST', `/api/v1/claims/${id}/start`, { body: {} })).status === 200
      }
      const racers = round % 2 === 0 ? ([alice, bob] as const) : ([bob, alice] as const)
      const [first, second] = await Promise.all([byId(racers[0]), round % 4 < 2 ? byId(racers[1]) : byPoll(racers[1])])
      expect([first, second].filter(Boolean), `round ${round}`).toHaveLength(1)
      const winner = first ? racers[0] : racers[1]
      const closed = await winner.call<Job>('POST', `/jobs/${id}/close`, { body: { status: 'done', result: winner.name } })
      expect(closed.body, `round ${round}`).toMatchObject({ status: 'done', attempt: 1, assigned_to: winner.name })
    }
  })
})

describe('an attempt whose worker went silent', () => {
  test('is lost after its lease; its late completion counts while nobody else has started', { timeout: 60_000 }, async () => {
    const { id } = abandoned.job
    await until(
      async () => ((await getJob(id)).status === 'running' ? undefined : true),
      45_000,
      () => 'the lease never ended',
      200,
    )
    expect(await getJob(id)).toMatchObject({ attempt: 1, error: { type: 'worker_lost', retryable: true } })
    const late = await complete(abandoned.lease, id, 'late, and welcome')
    expect(late.status).toBe(200)
    expect(await getJob(id)).toMatchObject({ status: 'done', attempt: 1, result: 'late, and welcome', error: null })
  })

  test('is refused once a newer attempt has started, and cannot touch it', { timeout: 60_000 }, async () => {
    const { id } = overtaken.job
    // It was started a moment after the other one, so its lease may end a moment later.
    await until(
      async () => ((await getJob(id)).status === 'running' ? undefined : true),
      45_000,
      () => 'the lease never ended',
      200,
    )
    const target = await owner('PATCH', `/api/v1/jobs/${id}`, { body: { target: null } })
    expect(target.status, target.text).toBe(200)
    await until(async () => ((await getJob(id)).status === 'pending' ? true : undefined), 15_000)
    const taken = await take(bob)
    expect(taken.job).toMatchObject({ id, attempt: 2, assigned_to: 'bob' })
    expect((await complete(overtaken.lease, id, 'stale')).body).toMatchObject({ code: 'lease-lost', status: 409 })
    expect((await output(overtaken.lease, id, 0, 'stale')).status).toBe(409)
    const failed = await withLease(overtaken.lease)('POST', `/api/v1/claims/${id}/fail`, {
      body: { error: { type: 'unknown', message: 'x' } },
    })
    expect(failed.status).toBe(409)
    expect((await complete(taken.lease, id, 'fresh')).status).toBe(200)
    expect(await getJob(id)).toMatchObject({ status: 'done', attempt: 2, result: 'fresh' })
    const rows = await untilAudited(owner, `job_id=${id}`, (found) => found.some((row) => row.action === 'job.complete'))
    // The update came before or after the retry was due.
    expect(rows.map((row) => row.action).filter((action) => action !== 'job.update')).toEqual([
      'job.dispatch',
      'job.start',
      'job.lose',
      'job.requeue',
      'job.start',
      'job.complete',
    ])
  })

  test('leaves a chain that holds, in every page of it, with one row per change', async () => {
    await sleep(500)
    const all = await auditTrail(owner)
    expect(all.length).toBeGreaterThan(300)
    expect(verifyTrail(all)).toMatchObject({ ok: true, rows: all.length })
    const ends = all.filter((row) => row.action === 'job.complete').map((row) => row.job_id)
    expect(new Set(ends).size).toBe(ends.length)
  })
})
