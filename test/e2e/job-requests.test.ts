/** What a client may send, and what a token that is not valid is told, against a real server process. */
import type { Job } from '@modelreins/contract'
import { limits } from '@modelreins/contract'
import { describe, expect, test } from 'vitest'
import { auditTrail } from '../support/audit-trail.ts'
import { type Answer, caller, registerWorker } from '../support/calls.ts'
import { redeemView } from '../../worker-sdk/src/index.ts'
import { eventsOf } from '../support/event-stream.ts'
import {
  alice,
  bob,
  complete,
  dispatch,
  getJob,
  output,
  owner,
  server,
  stream,
  take,
  url,
  type Started,
  useServer,
} from '../support/job-calls.ts'
import { misspelt } from '../support/misspelt.ts'

let leased: Started

useServer(async () => {
  await dispatch({ prompt: 'leased', target: 'bob', when_offline: 'queue' })
  leased = await take(bob)
})

describe('what a client may send', () => {
  test.each([limits.body_bytes + 1, 5_000_000])('a body of %i bytes is 413, names the limit, and resets nothing', async (size) => {
    const answer = await owner('POST', '/dispatch', { body: { prompt: 'x'.repeat(size - JSON.stringify({ prompt: '' }).length) } })
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
    const job = await dispatch({ prompt, target: 'alice', when_offline: 'queue', metadata: { 'key \u0000': prompt } })
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
    const flipped = misspelt(alice.token)
    const tokens = {
      garbage: 'hello',
      forged: flipped,
      'of a tenant that does not exist': alice.token.replace(`mrw_${server.tenant}_`, 'mrw_nowhere_'),
      'of another tenant, spliced': alice.token.replace(`mrw_${server.tenant}_`, 'mrw_others_'),
      'worker token that calls itself a member key': alice.token.replace('mrw_', 'mrk_'),
      revoked: revoked.token,
      'forged lease': misspelt(leased.lease.token),
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
    const theirs = await neighbour('GET', `/jobs/${leased.job.id}`)
    expect([theirs.status, theirs.body.code]).toEqual([mine.status, mine.body.code])
    expect((await neighbour<{ items: unknown[] }>('GET', '/api/v1/jobs')).body.items).toEqual([])
    expect((await neighbour<{ items: unknown[] }>('GET', '/api/v1/workers')).body.items).toEqual([])
    expect((await neighbour('POST', `/jobs/${leased.job.id}/abort`, { body: {} })).status).toBe(404)
    expect((await neighbour('DELETE', `/api/v1/workers/${alice.worker_id}`)).status).toBe(404)
    const rows = await auditTrail(neighbour)
    expect(rows.map((row) => row.action)).not.toContain('job.dispatch')
    // Suspended, its key is one that is not in force.
    expect((await master('POST', '/api/v1/tenants/neighbour/suspend', { body: {} })).status).toBe(200)
    expect(face(await neighbour('GET', '/api/v1/jobs'))).toEqual(face(await anonymous('GET', '/api/v1/jobs')))
  })
})
