/** Attacks on rights: a tier that its caller avoids, a grant of one's own, a decision on what was not read, a right that outlives its token, a claim on foreign names. */
import type { Job, Review } from '@modelreins/contract'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseViewUrl } from '../../contract/src/index.ts'
import { type Call, caller, registerWorker } from '../support/calls.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { redeemView } from '../../worker-sdk/src/index.ts'

let server: TestServer
let owner: Call
const url = (): string => server.url

beforeAll(async () => {
  server = await startServer()
  owner = caller(url, server.ownerKey)
})
afterAll(() => server.close())

let made = 0
async function member(role: string): Promise<{ readonly id: string; readonly token: string; readonly call: Call }> {
  made += 1
  const answer = await owner<{ member_id: string; view_url: string }>('POST', '/api/v1/members', {
    body: { name: `${role} ${made}`, role },
  })
  const { token } = await redeemView(answer.body.view_url)
  return { id: answer.body.member_id, token, call: caller(url, token) }
}
const dispatch = async (by: Call, body: object): Promise<Job> => (await by<Job>('POST', '/dispatch', { body })).body
interface Offer {
  readonly job: { readonly id: number }
  readonly lease: { readonly token: string }
}
async function running(
  worker: { readonly call: Call; readonly name: string },
  body: object = {},
): Promise<{ readonly id: number; readonly lease: Call }> {
  await worker.call('PUT', '/presence', { body: { instance: 'i', status: 'idle' } })
  const { id } = await dispatch(owner, { prompt: 'p', target: worker.name, ...body })
  const { offers } = (await worker.call<{ offers: Offer[] }>('POST', '/api/v1/claims', { body: { max: 1, wait: 5, instance: 'i' } })).body
  const offer = offers.find((one) => one.job.id === id)
  if (offer === undefined) throw new Error('no offer')
  const lease = caller(url, offer.lease.token)
  await lease('POST', `/api/v1/claims/${id}/start`, { body: {} })
  return { id, lease }
}
const say = (lease: Call, id: number, seq: number, text: string) =>
  lease('POST', `/api/v1/claims/${id}/output`, { body: { chunks: [{ seq, stream: 'stdout', text }] } })

test('a job that names no capability does not pass by a worker with something to guard, and no operator lowers its tier', async () => {
  const { call: operator } = await member('operator')
  const worker = await registerWorker(url, owner, 'guarded', { capabilities: [{ name: 'mail.send', risk_tier: 'approve' }] })
  await worker.call('PUT', '/presence', { body: { instance: 'i', status: 'idle' } })
  expect((await operator('POST', '/dispatch', { body: { prompt: 'send the mail', target: 'guarded' } })).body.code).toBe(
    'no-eligible-worker',
  )
  const lower = { capabilities: [{ name: 'mail.send', risk_tier: 'auto' }] }
  expect((await operator('PATCH', `/api/v1/workers/${worker.worker_id}`, { body: lower })).status).toBe(403)
  expect((await operator('PATCH', '/api/v1/settings', { body: { require_capability: false } })).status).toBe(403)
  expect((await dispatch(operator, { prompt: 'send', target: 'guarded', capability: 'mail.send' })).hold).toBe('review')
})

test('who gave the yes for a session does not run their own job on it', async () => {
  const { call: operator } = await member('operator')
  const { call: other } = await member('owner')
  const worker = await registerWorker(url, owner, 'session', { capabilities: [{ name: 'c', risk_tier: 'session' }] })
  await worker.call('PUT', '/presence', { body: { instance: 'i', status: 'idle' } })
  const body = { target: 'session', capability: 'c', thread_id: 'T' }
  const asked = await dispatch(operator, { prompt: 'harmless', ...body })
  const { digest } = (await other<Review>('GET', `/api/v1/reviews/${asked.review_id}`)).body
  expect((await other('POST', `/api/v1/reviews/${asked.review_id}/decide`, { body: { verdict: 'approve', digest } })).status).toBe(200)
  expect((await dispatch(operator, { prompt: 'next', ...body })).hold).toBeNull()
  expect((await dispatch(other, { prompt: 'DELETE EVERYTHING', ...body })).hold).toBe('review')
})

test('a review that its worker changes after it was read is not approved', async () => {
  const worker = await registerWorker(url, owner, 'changing', { capabilities: [] })
  const { call: reviewer } = await member('reviewer')
  const review = (await worker.call<Review>('POST', '/api/v1/reviews', { body: { title: 'look', content: 'harmless' } })).body
  const upload = `/api/v1/artifacts/upload?filename=evil.sh&review_id=${review.id}`
  await worker.call('POST', upload, { raw: 'rm -rf /', headers: { 'content-type': 'text/plain' } })
  const decide = `/api/v1/reviews/${review.id}/decide`
  expect((await reviewer('POST', decide, { body: { verdict: 'approve' } })).status).toBe(400)
  expect((await reviewer('POST', decide, { body: { verdict: 'approve', digest: review.digest } })).status).toBe(409)
})

test('a revoked member reads nothing more, and a rotated worker writes nothing more', async () => {
  const worker = await registerWorker(url, owner, 'streaming', { capabilities: [] })
  const { id, lease } = await running(worker)
  await say(lease, id, 0, 'before\n')
  const viewer = await member('viewer')
  const stream = await fetch(`${server.url}/jobs/${id}/stream`, { headers: { authorization: `Bearer ${viewer.token}` } })
  const read = (async () => {
    let text = ''
    const decoder = new TextDecoder()
    try {
      for await (const part of stream.body ?? []) text += decoder.decode(part, { stream: true })
    } catch {
      // Broken off, as it should be.
    }
    return text
  })()
  await owner('DELETE', `/api/v1/members/${viewer.id}`)
  expect((await say(lease, id, 1, 'AFTER THE REVOKE\n')).status).toBe(200)
  expect(await read).not.toContain('AFTER')
  await owner('POST', `/api/v1/workers/${worker.worker_id}/rotate`, { body: {} })
  expect((await say(lease, id, 2, 'AFTER')).status).toBeGreaterThanOrEqual(400)
  expect((await lease('POST', `/api/v1/claims/${id}/complete`, { body: { result: 'forged' } })).status).toBe(401)
})

test('a job of another worker is neither taken nor told of by its number', async () => {
  const victim = await registerWorker(url, owner, 'victim', { capabilities: [] })
  const rogue = await registerWorker(url, owner, 'rogue', { capabilities: [] })
  const { id } = await running(victim)
  const waiting = await dispatch(owner, { prompt: 'SECRET', target: 'victim' })
  for (const number of [id, waiting.id, 999_999]) {
    const answer = await rogue.call('POST', `/jobs/${number}/claim`, { body: { worker: 'rogue' } })
    expect([answer.status, answer.body.detail]).toEqual([404, `There is no job ${number}.`])
  }
})

test('small ones: a view by its path alone, a key of another member, reviews without end, a prototype in the input', async () => {
  const view = (await owner<{ view_url: string }>('POST', '/api/v1/members', { body: { name: 'n', role: 'viewer' } })).body.view_url
  const reveal = `/api/v1/views/${parseViewUrl(view)?.id}/reveal`
  const nobody = caller(url)
  const elsewhere = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }
  expect((await nobody('POST', reveal, { raw: '', headers: { ...elsewhere, 'content-type': 'text/plain' } })).status).toBe(403)
  expect((await nobody('POST', reveal, { body: {}, headers: elsewhere })).status).toBe(403)
  expect((await redeemView(view)).token).toMatch(/^mrk_/)
  const worker = await registerWorker(url, owner, 'small', { capabilities: [] })
  await worker.call('PUT', '/presence', { body: { instance: 'i', status: 'idle' } })
  for (const role of ['operator', 'operator']) {
    const { call } = await member(role)
    expect((await call('POST', '/dispatch', { body: { prompt: role + made, target: 'small', idempotency_key: 'nightly' } })).status).toBe(
      201,
    )
  }
  const submitted = await Promise.all(
    Array.from({ length: 60 }, (_, n) => worker.call('POST', '/api/v1/reviews', { body: { title: `${n}` } })),
  )
  expect(submitted.filter(({ status }) => status === 201).length).toBeLessThan(60)
  expect((await owner('POST', '/dispatch', { raw: '{"prompt": "x", "input": {"__proto__": 1}}' })).status).toBe(400)
})
