/** A human in the loop as `curl` sees it: every call by hand, against a real server process. */
import type { Job, Lease, Review, ToLookAt } from '@modelreins/contract'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { redeemView } from '../../worker-sdk/src/index.ts'
import { type Call, type RegisteredWorker, caller, registerWorker } from '../support/calls.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { until } from '../support/until.ts'

let server: TestServer
let owner: Call
let rosa: Call
let anna: RegisteredWorker
const url = (): string => server.url

beforeAll(async () => {
  server = await startServer()
  owner = caller(url, server.ownerKey)
  const made = await owner<{ view_url: string }>('POST', '/api/v1/members', { body: { name: 'Rosa', role: 'reviewer' } })
  rosa = caller(url, (await redeemView(made.body.view_url)).token)
  anna = await registerWorker(url, owner, 'anna', {
    capabilities: [
      { name: 'mail.send', risk_tier: 'approve' },
      { name: 'mail.read', risk_tier: 'audit' },
      { name: 'mail.tag', risk_tier: 'session' },
    ],
  })
  await anna.call('PUT', '/presence', { body: { instance: 'anna-1', status: 'active' } })
})
afterAll(() => server.close())

const dispatch = async (body: Readonly<Record<string, unknown>>): Promise<Job> => (await owner<Job>('POST', '/dispatch', { body })).body
const claim = (id: number) => anna.call<{ job: Job; lease: Lease }>('POST', `/jobs/${id}/claim`, { body: { worker: 'anna-1' } })
const authorize = (lease: Lease, id: number, body: Readonly<Record<string, unknown>>) =>
  caller(url, lease.token)<{ outcome: string; action: unknown; comment: string | null; review_id: number | null; detail?: string }>(
    'POST',
    `/api/v1/claims/${id}/authorize`,
    { body },
  )

describe('over HTTP', () => {
  test('a job waits for its approval, runs on it, and asks for an action inside', async () => {
    const job = await dispatch({ prompt: 'Write to the customer', capability: 'mail.send' })
    expect(job).toMatchObject({ status: 'pending', hold: 'review', review_id: expect.any(Number) })
    expect((await anna.call<{ jobs: Job[] }>('GET', '/my-jobs?worker=anna-1&status=pending')).body.jobs).toEqual([])
    expect((await claim(job.id)).status).toBe(409)
    const review = (await rosa<Review>('GET', `/reviews/${job.review_id}`)).body

    const decide = `/reviews/${review.id}/decide`
    expect((await rosa('POST', decide, { body: { verdict: 'approve', digest: '0'.repeat(64) } })).status).toBe(409)
    expect((await owner('POST', decide, { body: { verdict: 'approve' } })).status).toBe(403)
    expect((await anna.call('POST', decide, { body: { verdict: 'approve' } })).status).toBe(403)
    expect((await rosa('POST', decide, { body: { verdict: 'approve', digest: review.digest } })).status).toBe(200)
    const { job: running, lease } = (await claim(job.id)).body
    expect(running.status).toBe('running')
    expect((await rosa<Review>('GET', `/api/v1/reviews/${review.id}`)).body.status).toBe('consumed')

    const action = { to: 'customer@example.com' }
    const waiting = authorize(lease, job.id, { capability: 'mail.send', action, wait: 20, title: 'One mail' })
    const asked = await until(
      async () => (await rosa<{ items: Review[] }>('GET', `/reviews?status=pending&job_id=${job.id}`)).body.items[0],
      10_000,
    )
    expect(asked).toMatchObject({ type: 'action', title: 'One mail', payload: action })
    await rosa('POST', `/reviews/${asked.id}/decide`, {
      body: { verdict: 'edit', payload: { to: 'office@example.com' }, comment: 'There.' },
    })
    expect((await waiting).body).toMatchObject({ outcome: 'allowed', action: { to: 'office@example.com' }, comment: 'There.' })
    expect((await authorize(lease, job.id, { capability: 'mail.burn', action })).status).toBe(403)
    expect((await authorize(lease, job.id + 1, { capability: 'mail.send', action })).status).toBe(403)
    expect((await anna.call('POST', `/jobs/${job.id}/close`, { body: { status: 'done', result: 'sent' } })).status).toBe(200)
  })

  test('what ran under audit is on the list until somebody has seen it, and a session is granted, listed and revoked', async () => {
    const read = await dispatch({ prompt: 'Read', capability: 'mail.read' })
    const { lease } = (await claim(read.id)).body
    const list = async () => (await rosa<{ items: ToLookAt[] }>('GET', '/api/v1/audit/to-look-at')).body.items
    const [row] = await list()
    expect(row).toMatchObject({ action: 'job.start', job_id: read.id, worker: 'anna', capability: 'mail.read' })
    expect((await rosa('POST', '/api/v1/audit/seen', { body: { seqs: [row?.seq] } })).body).toEqual({ seen: [row?.seq] })
    expect(await list()).toEqual([])

    const tag = { capability: 'mail.tag', action: 'red' }
    const { review_id } = (await authorize(lease, read.id, tag)).body
    await rosa('POST', `/reviews/${review_id}/decide`, { body: { verdict: 'approve', grant: { ttl: 600 } } })
    expect((await authorize(lease, read.id, tag)).body.outcome).toBe('allowed')
    expect((await authorize(lease, read.id, { ...tag, action: 'blue' })).body.outcome).toBe('allowed')
    const grants = (await rosa<{ items: { grant_id: string; uses: number }[] }>('GET', '/grants')).body.items
    expect(grants).toMatchObject([{ uses: 2, session: 'process:anna-1' }])
    expect((await rosa('DELETE', `/grants/${grants[0]?.grant_id}`)).status).toBe(200)
    expect((await authorize(lease, read.id, { ...tag, action: 'green' })).body.outcome).toBe('waiting')
  })

  test('a worker of the seeds’ time submits a review with nulls, and escalates', async () => {
    const body = { type: 'post', title: 'Draft', content: 'Hello', preview: null, target: null, job_id: null, created_by: 'worker:anna-1' }
    const submitted = await anna.call<Review>('POST', '/review', { body })
    expect([submitted.status, Number.isInteger(submitted.body.id)]).toEqual([201, true])
    const job = await dispatch({ prompt: 'Hard', capability: 'mail.read' })
    await claim(job.id)
    const closed = await anna.call<Job>('POST', `/jobs/${job.id}/close`, { body: { status: 'escalated', result: 'Perhaps 42' } })
    expect(closed.body).toMatchObject({ status: 'pending', hold: 'review', result: 'Perhaps 42' })
    await rosa('POST', `/reviews/${closed.body.review_id}/decide`, { body: { verdict: 'respond', comment: 'It is 43.' } })
    expect((await owner<Job>('GET', `/jobs/${job.id}`)).body).toMatchObject({ status: 'done', result: 'It is 43.' })
  })
})
