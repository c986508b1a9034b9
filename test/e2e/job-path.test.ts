/** The life of a job as `curl` sees it: every call by hand, against a real server process. */
import { request, type IncomingHttpHeaders } from 'node:http'
import type { ClaimPollReply, Job, Why } from '@modelreins/contract'
import { describe, expect, test } from 'vitest'
import { auditTrail, untilAudited, verifyTrail } from '../support/audit-trail.ts'
import { registerWorker, type RegisteredWorker } from '../support/calls.ts'
import { eventsOf, type StreamedEvent } from '../support/event-stream.ts'
import {
  alice,
  bob,
  complete,
  dispatch,
  getJob,
  output,
  owner,
  poll,
  stream,
  take,
  url,
  withLease,
  type Started,
  useServer,
} from '../support/job-calls.ts'
import { until } from '../support/until.ts'

/** A lease that nobody renews takes its half minute: these two attempts lose theirs while the other tests run. */
let abandoned: Started
let overtaken: Started

useServer(async () => {
  const ghost = await registerWorker(url, owner, 'ghost')
  for (const prompt of ['abandoned', 'overtaken']) await dispatch({ prompt, target: 'ghost', when_offline: 'queue' })
  abandoned = await take(ghost)
  overtaken = await take(ghost)
})

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
    const all = await auditTrail(owner)
    expect(all.length).toBeGreaterThan(300)
    expect(verifyTrail(all)).toMatchObject({ ok: true, rows: all.length })
    const ends = all.filter((row) => row.action === 'job.complete').map((row) => row.job_id)
    expect(new Set(ends).size).toBe(ends.length)
  })
})

test('a socket that offers to compress is accepted without: compression holds hundreds of KiB for each connection', async () => {
  const headers = {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    'sec-websocket-extensions': 'permessage-deflate; client_max_window_bits',
    authorization: `Bearer ${alice.token}`,
  }
  const answered = await new Promise<IncomingHttpHeaders>((resolve, reject) => {
    const call = request(`${url()}/api/v1/connect`, { headers })
    call.once('upgrade', (response, socket) => {
      socket.destroy()
      resolve(response.headers)
    })
    call.once('response', (response) => reject(new Error(`not upgraded: ${response.statusCode}`)))
    call.once('error', reject).end()
  })
  expect(answered.upgrade).toBe('websocket')
  expect(answered).not.toHaveProperty('sec-websocket-extensions')
})
