/** Attacks on examples/approve-from-chat: reviews that do not fit, words that Slack would obey, requests that nobody signed, messages that come twice. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { fromShown } from '../../contract/src/shown.ts'
import { until } from '../support/until.ts'

interface Block {
  readonly type: string
  readonly text?: { readonly text: string }
  readonly elements?: readonly { action_id: string; value: string }[]
}
interface Message {
  readonly text: string
  readonly blocks?: readonly Block[]
}

const secret = Buffer.alloc(32, 7)
const review = {
  id: 7,
  status: 'pending',
  title: 'Job 3: mail.send on anna',
  type: 'dispatch',
  risk_tier: 'approve',
  irreversible: false,
  capability: 'mail.send',
  target: 'anna',
  created_by: 'Olga',
  artifacts: [] as string[],
  content: 'Write',
  preview: null as string | null,
  payload: { prompt: 'Write' } as unknown,
  digest: 'a'.repeat(64),
}

let current: unknown = review
const decisions: unknown[] = []
const messages: Message[] = []
let slackStatus = 200
const servers: Server[] = []
let bridge: ChildProcess
let port = 0
let slackUrl = ''

/** One server for both ends of the bridge: ModelReins under /api, Slack under everything else. */
beforeAll(async () => {
  const ends = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (piece: string) => (body += piece))
    request.on('end', () => {
      if (request.url?.startsWith('/api/') === true) {
        if (request.method === 'POST') decisions.push(JSON.parse(body))
        response.end(JSON.stringify(request.method === 'POST' ? { status: 'approved' } : current))
        return
      }
      if (slackStatus === 200) messages.push(JSON.parse(body))
      response.writeHead(slackStatus).end('ok')
    })
  })
  servers.push(ends)
  await new Promise<void>((resolve) => ends.listen(0, '127.0.0.1', resolve))
  const { port: endsPort } = ends.address() as AddressInfo // a TCP server's address is never a path
  const url = `http://127.0.0.1:${endsPort}`
  slackUrl = `${url}/response`
  bridge = spawn(process.execPath, ['examples/approve-from-chat/bridge.mjs'], {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: {
      PATH: process.env['PATH'],
      PORT: '0',
      MODELREINS_URL: url,
      WEBHOOK_SECRET: `whsec_${secret.toString('base64')}`,
      SLACK_WEBHOOK_URL: `${url}/channel`,
      SLACK_SIGNING_SECRET: 'ss',
      REVIEWERS: '{"U1": "mrk_rosa"}',
    },
  })
  port = await new Promise<number>((resolve) =>
    bridge.stdout?.once('data', (line: Buffer) => resolve(Number(/\d+/.exec(line.toString())?.[0]))),
  )
})
afterAll(() => {
  bridge.kill()
  for (const server of servers) server.close()
})
beforeEach(() => {
  current = review
  slackStatus = 200
  messages.length = 0
  decisions.length = 0
})

let count = 0
const event = (text = 'Review 7 waits'): string => JSON.stringify({ type: 'review.created', text, data: { path: '/api/v1/reviews/7' } })

async function announce(body = event(), id = `m${(count += 1)}`): Promise<number> {
  const at = String(Math.floor(Date.now() / 1000))
  const signature = `v1,${createHmac('sha256', secret).update(`${id}.${at}.${body}`).digest('base64')}`
  const headers = { 'webhook-id': id, 'webhook-timestamp': at, 'webhook-signature': signature }
  return (await fetch(`http://127.0.0.1:${port}/modelreins`, { method: 'POST', headers, body })).status
}

/** What one message shows, as Slack displays it. */
const displayed = (message: Message | undefined): string =>
  (message?.blocks ?? [])
    .flatMap((block) => (block.text === undefined ? [] : [block.text.text]))
    .map((text) => text.replace(/^```\n/, '').replace(/\n```$/, ''))
    .join('')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
const buttons = (message: Message | undefined): readonly string[] =>
  (message?.blocks ?? []).flatMap((block) => (block.elements ?? []).map((one) => one.action_id))

/** Sends bytes as they are, and answers the first line that comes back. */
const raw = (bytes: string | Buffer): Promise<string> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes))
    let text = ''
    socket.on('data', (piece: Buffer) => (text += piece.toString('latin1')))
    socket.once('close', () => resolve(text.split('\r\n', 1)[0] ?? ''))
    socket.once('error', () => resolve(''))
    setTimeout(() => socket.destroy(), 3_000)
  })

describe('a review in a chat', () => {
  test('is shown to the last character, over several sections, with both buttons', async () => {
    const prompt = `${'Tidy the folder. '.repeat(500)} rm -rf ~ ${'🧹'.repeat(50)}`
    current = {
      ...review,
      preview: 'a preview',
      artifacts: ['ar1'],
      payload: { prompt, input: { cmd: 'evil' }, metadata: { to: 'everybody' } },
    }
    expect(await announce()).toBe(204)
    const shown = fromShown(displayed(messages[0]))
    expect(shown).toContain(JSON.stringify((current as { payload: unknown }).payload, undefined, 2))
    for (const word of ['a preview', 'ar1', 'anna', 'Olga', review.digest]) expect(shown).toContain(word)
    expect(buttons(messages[0])).toEqual(['approve', 'deny'])
    for (const block of messages[0]?.blocks ?? []) expect(block.text?.text.length ?? 0).toBeLessThanOrEqual(3_000)
    expect(messages[0]?.blocks?.length).toBeLessThanOrEqual(50)
  })

  test('that does not fit says how much of it is not shown, and has nothing to approve with', async () => {
    for (const filler of ['x', '&', '`', '\u200b', '🧹']) {
      messages.length = 0
      current = { ...review, payload: { prompt: `${filler.repeat(100_000)} rm -rf ~` } }
      expect(await announce()).toBe(204)
      expect(displayed(messages[0])).toMatch(/[1-9]\d* characters are not shown here/)
      expect(buttons(messages[0])).toEqual(['deny'])
      expect(messages[0]?.blocks?.length).toBeLessThanOrEqual(50)
      for (const block of messages[0]?.blocks ?? []) expect(block.text?.text.length ?? 0).toBeLessThanOrEqual(3_000)
    }
  })

  const hostile = [
    '<!channel>',
    '<https://evil.example|https://good.example>',
    '``` *out* ```',
    'a\u009d. hidden\u009c',
    '\u202egnp',
    '\u{e0041}\u{e0042}',
    '&lt;',
    '<U+202E>',
  ]
  test.each(hostile)('says %j as it is: nothing is obeyed, hidden or left out', async (words) => {
    current = { ...review, title: words, content: words, preview: words, created_by: words, target: words, payload: { prompt: words } }
    expect(await announce(event(`Review 7 waits: ${words}`))).toBe(204)
    const [message] = messages
    expect(JSON.stringify(message)).not.toMatch(/[<>\u009c\u009d\u202e]|\udb40/)
    for (const block of message?.blocks ?? [])
      expect((block.text?.text ?? '').replace(/^```\n/, '').replace(/\n```$/, '')).not.toContain('```')
    const back = fromShown(displayed(message))
    expect(back.split(words).length - 1).toBeGreaterThanOrEqual(5)
  })
})

describe('requests', () => {
  test('that nobody signed do not end the bridge, whatever their headers are', async () => {
    const at = String(Math.floor(Date.now() / 1000))
    const signatures = [
      Buffer.alloc(44, 0xe9).toString('latin1'),
      '',
      ' ',
      'x'.repeat(47),
      '\u00e9'.repeat(47),
      'v1',
      `v1,${'='.repeat(44)}`,
    ]
    for (const signature of signatures) {
      const head = `POST /modelreins HTTP/1.1\r\nHost: x\r\nwebhook-id: a\r\nwebhook-timestamp: ${at}\r\nwebhook-signature: v1,${signature}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`
      expect(await raw(Buffer.from(head, 'latin1'))).toContain(' 401 ')
      const slack = `POST /slack HTTP/1.1\r\nHost: x\r\nx-slack-request-timestamp: ${at}\r\nx-slack-signature: ${signature}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`
      expect(await raw(Buffer.from(slack, 'latin1'))).toContain(' 401 ')
    }
    for (const path of ['/', '/__proto__', '/constructor', '/toString', '/modelreins/'])
      expect(await raw(`POST ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)).toContain(' 404 ')
    expect(await raw('POST /modelreins HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')).toContain(' 401 ')
    expect(await announce()).toBe(204)
    expect(bridge.exitCode).toBeNull()
  })

  test('may not be larger than anybody needs', async () => {
    const answer = await fetch(`http://127.0.0.1:${port}/slack`, { method: 'POST', body: 'x'.repeat(3 * 1024 * 1024) }).then(
      ({ status }) => status,
      () => 413,
    )
    expect(answer).toBe(413)
    expect(await announce()).toBe(204)
  })

  test('that are signed and make no sense are answered, and the bridge goes on', async () => {
    for (const body of ['', 'null', '[]', '{"type":"review.created"}', '{"type":"review.created","data":null}'])
      expect(await announce(body)).toBe(502)
    expect(await announce()).toBe(204)
  })

  test('that come twice are handled once, and again only when the first one failed', async () => {
    slackStatus = 500
    expect(await announce(event(), 'again')).toBe(502)
    slackStatus = 200
    expect([await announce(event(), 'again'), await announce(event(), 'again')]).toEqual([204, 204])
    expect(messages).toHaveLength(1)

    const value = JSON.stringify({ id: 7, digest: review.digest })
    const click = { user: { id: 'U1' }, actions: [{ action_id: 'approve', value }], response_url: slackUrl }
    const body = new URLSearchParams({ payload: JSON.stringify(click) }).toString()
    const at = String(Math.floor(Date.now() / 1000))
    const signature = `v0=${createHmac('sha256', 'ss').update(`v0:${at}:${body}`).digest('hex')}`
    const headers = { 'x-slack-request-timestamp': at, 'x-slack-signature': signature }
    for (let times = 0; times < 2; times += 1) await fetch(`http://127.0.0.1:${port}/slack`, { method: 'POST', headers, body })
    await until(() => (decisions.length > 0 ? true : undefined), 10_000)
    expect(decisions).toHaveLength(1)
  })
})
