/** The example that approves from a chat, run as it stands: a real server, the real bridge, and a stand-in for Slack's two ends. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Job, Review } from '@modelreins/contract'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { redeemView } from '../../worker-sdk/src/index.ts'
import { type Call, caller, registerWorker } from '../support/calls.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { until } from '../support/until.ts'

interface Message {
  readonly text: string
  readonly replace_original?: boolean
  readonly blocks?: readonly {
    readonly text?: { readonly text: string }
    readonly elements?: readonly { action_id: string; value: string }[]
  }[]
}

const signingSecret = 'slack-signing-secret'
const messages: { readonly path: string; readonly message: Message }[] = []
let slack: Server
let server: TestServer
let owner: Call
let bridge: ChildProcess
let bridgePort = 0
const url = (): string => server.url
const portOf = (one: Server): number => (one.address() as AddressInfo).port

async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve))
  const port = portOf(probe)
  await new Promise((resolve) => probe.close(resolve))
  return port
}

beforeAll(async () => {
  slack = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (piece: string) => (body += piece))
    request.on('end', () => {
      messages.push({ path: request.url ?? '', message: JSON.parse(body) as Message })
      response.end('ok')
    })
  })
  await new Promise<void>((resolve) => slack.listen(0, '127.0.0.1', resolve))
  bridgePort = await freePort()
  process.env['MODELREINS_ALLOW_HOSTS'] = `127.0.0.1:${bridgePort}`
  server = await startServer()
  owner = caller(url, server.ownerKey)
  const rosa = await owner<{ view_url: string }>('POST', '/api/v1/members', { body: { name: 'Rosa', role: 'reviewer' } })
  const hook = await owner<{ secret: string }>('POST', '/api/v1/webhooks', { body: { url: `http://127.0.0.1:${bridgePort}/modelreins` } })
  bridge = spawn(process.execPath, ['examples/approve-from-chat/bridge.mjs'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...process.env,
      PORT: String(bridgePort),
      MODELREINS_URL: server.url,
      WEBHOOK_SECRET: hook.body.secret,
      SLACK_WEBHOOK_URL: `http://127.0.0.1:${portOf(slack)}/channel`,
      SLACK_SIGNING_SECRET: signingSecret,
      REVIEWERS: JSON.stringify({ UROSA: (await redeemView(rosa.body.view_url)).token }),
    },
  })
  await new Promise((resolve) => bridge.stdout?.once('data', resolve))
})
afterAll(async () => {
  delete process.env['MODELREINS_ALLOW_HOSTS']
  bridge.kill()
  await server.close()
  slack.close()
})

const sent = (path: string, count: number): Promise<Message> =>
  until(
    () => messages.filter((one) => one.path === path)[count - 1]?.message,
    20_000,
    () => `messages: ${JSON.stringify(messages)}`,
  )

/** A click as Slack sends it. */
async function click(message: Message, verdict: string, user: string, secret = signingSecret): Promise<number> {
  const actions = message.blocks?.flatMap((block) => block.elements ?? []).filter((one) => one.action_id === verdict)
  const payload = { user: { id: user }, actions, response_url: `http://127.0.0.1:${portOf(slack)}/response` }
  const body = new URLSearchParams({ payload: JSON.stringify(payload) }).toString()
  const timestamp = String(Math.floor(Date.now() / 1000))
  const signature = `v0=${createHmac('sha256', secret).update(`v0:${timestamp}:${body}`).digest('hex')}`
  const headers = {
    'x-slack-request-timestamp': timestamp,
    'x-slack-signature': signature,
    'content-type': 'application/x-www-form-urlencoded',
  }
  return (await fetch(`http://127.0.0.1:${bridgePort}/slack`, { method: 'POST', headers, body })).status
}

describe('approving from a chat', () => {
  test('shows what would run, decides as the person who clicked, and says what came of it', async () => {
    await registerWorker(url, owner, 'anna', { capabilities: [{ name: 'mail.send', risk_tier: 'approve' }] })
    const body = { prompt: 'Write to the customer', capability: 'mail.send', when_offline: 'queue' }
    const job = (await owner<Job>('POST', '/dispatch', { body })).body
    const message = await sent('/channel', 1)
    expect(message.text).toBe(`Review ${job.review_id} waits for a decision: Job ${job.id}: mail.send on anna`)
    expect(JSON.stringify(message.blocks)).toContain('Write to the customer')

    // Not from Slack, and not a reviewer: nothing is decided.
    expect(await click(message, 'approve', 'UROSA', 'another-secret')).toBe(401)
    expect(await click(message, 'approve', 'USTRANGER')).toBe(200)
    expect((await sent('/response', 1)).text).toBe('You are not a reviewer here.')
    expect((await owner<Review>('GET', `/reviews/${job.review_id}`)).body.status).toBe('pending')

    expect(await click(message, 'approve', 'UROSA')).toBe(200)
    expect(await sent('/response', 2)).toEqual({ replace_original: true, text: `Review ${job.review_id} is approved.` })
    expect((await owner<Review>('GET', `/reviews/${job.review_id}`)).body).toMatchObject({
      status: 'approved',
      decisions: [{ by: 'Rosa' }],
    })
    expect((await sent('/channel', 2)).text).toBe(`Review ${job.review_id} is approved: Job ${job.id}: mail.send on anna`)
  })

  test('refuses a click on a message whose job has changed since', async () => {
    const body = { prompt: 'Write again', capability: 'mail.send', when_offline: 'queue' }
    const job = (await owner<Job>('POST', '/dispatch', { body })).body
    const message = await sent('/channel', 3)
    await owner('PATCH', `/api/v1/jobs/${job.id}`, { body: { metadata: { to: 'everybody' } } })
    await click(message, 'approve', 'UROSA')
    expect((await sent('/response', 3)).text).toMatch(/is superseded by review \d+ and cannot be decided/)
    expect((await owner<Job>('GET', `/jobs/${job.id}`)).body.hold).toBe('review')
  })
})
