/** A receiver of webhooks as somebody would write it, against a real server process: it checks signatures, fails, and is away. */
import { createHmac } from 'node:crypto'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Review, WebhookBody, WebhookDelivery } from '@modelreins/contract'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Call, type RegisteredWorker, caller, registerWorker } from '../support/calls.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { until } from '../support/until.ts'

interface Received {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

let receiver: Server
let server: TestServer
let owner: Call
let worker: RegisteredWorker
const received: Received[] = []
/** Status that the receiver answers with next; 200 when there is none. */
const answers: number[] = []
const url = (): string => server.url
const port = (): number => (receiver.address() as AddressInfo).port

beforeAll(async () => {
  receiver = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (piece: string) => (body += piece))
    request.on('end', () => {
      received.push({ path: request.url ?? '', headers: request.headers, body })
      const status = answers.shift() ?? 200
      response.writeHead(status, status === 302 ? { location: `http://127.0.0.1:${port()}/elsewhere` } : {}).end('ignored')
    })
  })
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
  process.env['MODELREINS_ALLOW_HOSTS'] = `127.0.0.1:${port()}`
  server = await startServer()
  owner = caller(url, server.ownerKey)
  worker = await registerWorker(url, owner, 'anna')
})
afterAll(async () => {
  delete process.env['MODELREINS_ALLOW_HOSTS']
  await server.close()
  receiver.close()
})

const submit = async (title: string): Promise<Review> =>
  (await worker.call<Review>('POST', '/review', { body: { title, type: 'post' } })).body
const arrived = (path: string, count: number): Promise<readonly Received[]> =>
  until(
    () => {
      const found = received.filter((one) => one.path === path)
      return found.length >= count ? found : undefined
    },
    20_000,
    () => `${received.length} received: ${received.map((one) => one.path).join(' ')}`,
  )
const create = async (path: string, more: Readonly<Record<string, unknown>> = {}) => {
  const body = { url: `http://127.0.0.1:${port()}${path}`, ...more }
  const made = await owner<{ webhook_id: string; secret: string }>('POST', '/api/v1/webhooks', { body })
  expect(made.status, made.text).toBe(201)
  return made.body
}
const log = async (id: string): Promise<readonly WebhookDelivery[]> =>
  (await owner<{ items: WebhookDelivery[] }>('GET', `/api/v1/webhooks/${id}/deliveries`)).body.items

/** As the specification says it, in the words of a receiver: standardwebhooks.com, "Verifying webhooks". */
function verified(secret: string, { headers, body }: Received): boolean {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
  const signed = createHmac('sha256', key).update(`${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${body}`)
  const age = Math.abs(Date.now() / 1000 - Number(headers['webhook-timestamp']))
  return key.length >= 24 && age < 300 && headers['webhook-signature'] === `v1,${signed.digest('base64')}`
}

describe('a webhook', () => {
  test('brings a new review, and its settlement, signed, and without what was in it', async () => {
    const { webhook_id, secret } = await create('/signed')
    const review = await submit('Look at this')
    await owner('POST', `/reviews/${review.id}/decide`, { body: { verdict: 'approve', comment: 'fine' } })
    const [first, second] = await arrived('/signed', 2)
    if (first === undefined || second === undefined) throw new Error('nothing arrived')
    expect(verified(secret, first)).toBe(true)
    expect(verified(secret, second)).toBe(true)
    expect(verified(secret, { ...first, body: first.body.replace('pending', 'approved') })).toBe(false)
    expect(first.headers['content-type']).toBe('application/json')
    const bodies: WebhookBody[] = [first, second].map((one) => JSON.parse(one.body) as WebhookBody)
    expect(bodies.map((one) => one.type).sort()).toEqual(['review.created', 'review.settled'])
    const created = bodies.find((one) => one.type === 'review.created')
    expect(created?.text).toBe(`Review ${review.id} waits for a decision: Look at this`)
    expect(created?.data).toMatchObject({
      review_id: review.id,
      digest: review.digest,
      worker: 'anna',
      path: `/api/v1/reviews/${review.id}`,
    })
    expect(Object.keys(created?.data ?? {})).not.toContain('payload')
    await until(async () => ((await log(webhook_id)).every((one) => one.state === 'delivered') ? true : undefined), 5_000)
    expect((await log(webhook_id)).map((one) => one.attempts.map((attempt) => attempt.status))).toEqual([[200], [200]])
    // Shown once: no list has it.
    expect((await owner('GET', '/api/v1/webhooks')).text).not.toContain('secret')
    await owner('DELETE', `/api/v1/webhooks/${webhook_id}`)
  })

  test('is tried again when the receiver fails, under the same id, and a redirect is not followed', async () => {
    answers.push(500, 302)
    const { webhook_id } = await create('/flaky', { events: ['review.created'] })
    await submit('Flaky')
    const [first, second] = await arrived('/flaky', 2)
    expect(second?.headers['webhook-id']).toBe(first?.headers['webhook-id'])
    const [delivery] = await until(async () => {
      const items = await log(webhook_id)
      return items[0]?.attempts.length === 2 ? items : undefined
    }, 5_000)
    expect(delivery?.attempts.map((one) => [one.status, one.error])).toEqual([
      [500, null],
      [302, 'redirects are not followed'],
    ])
    expect(delivery).toMatchObject({ state: 'pending', next_attempt_at: expect.any(String) })
    expect(received.some((one) => one.path === '/elsewhere')).toBe(false)
    await owner('DELETE', `/api/v1/webhooks/${webhook_id}`)
  })

  test('survives a server that is killed between the event and the delivery', async () => {
    answers.push(503)
    await create('/killed', { events: ['review.created'] })
    await submit('Killed')
    await arrived('/killed', 1)
    await server.kill()
    await server.start()
    // The queue is in the object's storage: whatever wakes it sends what is due.
    const [first, second] = await until(async () => {
      await owner('GET', '/api/v1/presence')
      const found = received.filter((one) => one.path === '/killed')
      return found.length >= 2 ? found : undefined
    }, 30_000)
    expect(second?.headers['webhook-id']).toBe(first?.headers['webhook-id'])
  })

  test('goes to no private address, however that is spelled', async () => {
    for (const target of [
      'https://127.0.0.1/',
      `https://localhost:${port()}/`,
      'https://2130706433/',
      'https://[::ffff:10.0.0.1]/',
      'http://example.com/',
      'https://169.254.169.254/latest/meta-data',
    ]) {
      const refused = await owner('POST', '/api/v1/webhooks', { body: { url: target } })
      expect([target, refused.status, refused.body.issues?.[0]?.path]).toEqual([target, 400, 'url'])
    }
  })

  test('is the owner’s to manage', async () => {
    expect((await worker.call('GET', '/api/v1/webhooks')).status).toBe(403)
    expect((await worker.call('POST', '/api/v1/webhooks', { body: { url: 'https://example.com/' } })).status).toBe(403)
  })
})
