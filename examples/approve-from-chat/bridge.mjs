/**
 * Responsible for bringing reviews into a Slack channel and decisions back: it receives the tenant's webhook, posts a message with two
 * buttons, and decides with the key of whoever clicks. It keeps nothing on disk; it runs wherever Slack and ModelReins can reach it.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { createServer } from 'node:http'
import { shown, shownLines, shownValue } from 'modelreins-worker'

const env = (name) => {
  const value = process.env[name]
  if (value === undefined || value === '') throw new Error(`${name} is not set`)
  return value
}
const modelreins = env('MODELREINS_URL').replace(/\/$/, '')
/** `whsec_...`, shown when the webhook was created. */
const webhookSecret = Buffer.from(env('WEBHOOK_SECRET').replace(/^whsec_/, ''), 'base64')
const slackWebhook = env('SLACK_WEBHOOK_URL')
const slackSecret = env('SLACK_SIGNING_SECRET')
/** Slack user id -> that person's own key with the role reviewer: the audit trail names the person, not this program. */
const reviewers = new Map(Object.entries(JSON.parse(env('REVIEWERS'))))
const readingKey = [...reviewers.values()][0]

/** A click carries the message it was on; nothing that is sent here is larger. */
const bodyLimitBytes = 1024 * 1024
/** Signatures older or newer than this are refused, so a message need not be remembered longer than twice this. */
const freshSeconds = 300
const remembered = 10_000
/** What Slack takes in one section, and how much of a review is shown in one message. */
const sectionChars = 2_900
const shownChars = 24_000

const hmac = (key, text, encoding) => createHmac('sha256', key).update(text).digest(encoding)
/** Bytes are compared, not characters: a signature of another length in bytes is another one. */
const same = (left, right) => {
  const [one, other] = [Buffer.from(left), Buffer.from(right)]
  return one.length === other.length && timingSafeEqual(one, other)
}
const isFresh = (seconds) => /^\d{1,12}$/.test(seconds ?? '') && Math.abs(Date.now() / 1000 - Number(seconds)) < freshSeconds

/** Standard Webhooks: `v1,<base64>` over id, timestamp and body. */
const fromModelReins = (headers, body) => {
  const { 'webhook-id': id, 'webhook-timestamp': at, 'webhook-signature': signatures } = headers
  if (!isFresh(at) || id === undefined || signatures === undefined) return undefined
  const expected = `v1,${hmac(webhookSecret, Buffer.concat([Buffer.from(`${id}.${at}.`), body]), 'base64')}`
  return signatures.split(' ').some((one) => same(one, expected)) ? `modelreins ${id}` : undefined
}

/** Slack's own: `v0=<hex>` over timestamp and body. It sends no id, so that a click is known by its signature. */
const fromSlack = (headers, body) => {
  const { 'x-slack-request-timestamp': at, 'x-slack-signature': signature } = headers
  if (!isFresh(at) || signature === undefined) return undefined
  const expected = `v0=${hmac(slackSecret, Buffer.concat([Buffer.from(`v0:${at}:`), body]), 'hex')}`
  return same(signature, expected) ? `slack ${signature}` : undefined
}

async function call(key, method, path, body) {
  const response = await fetch(modelreins + path, {
    method,
    headers: { authorization: `Bearer ${key}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(10_000),
  })
  return { ok: response.ok, answer: await response.json() }
}

async function post(url, message) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(message),
    signal: AbortSignal.timeout(10_000),
  })
  if (!response.ok) throw new Error(`Slack answers ${response.status}: ${shown((await response.text()).slice(0, 200))}`)
}

/** Slack reads `&`, `<` and `>` as its own, in code blocks too: links, mentions and addresses are made of them. */
const escaped = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
/** A sentence of ours around words from elsewhere: what marks text up (`*`, `~` and backticks) is spelled as any other character is. */
const sentence = (text) => escaped(shown(text).replaceAll(/[*~`]/g, (mark) => `<U+00${mark.codePointAt(0).toString(16).toUpperCase()}>`))

const section = (text) => ({ type: 'section', text: { type: 'mrkdwn', text } })

/** Code blocks of what Slack takes each, cut between characters and never inside an escape. */
function codeBlocks(text) {
  const blocks = []
  let block = ''
  for (const part of escaped(text).match(/&\w+;|[^]/gu) ?? []) {
    if (block.length + part.length > sectionChars) {
      blocks.push(block)
      block = ''
    }
    block += part
  }
  return [...blocks, block].map((one) => section(`\`\`\`\n${one}\n\`\`\``))
}

/** Everything that a decision is about, with nothing left out and nothing unseen. */
function everything(review) {
  const facts = [
    ['title', review.title],
    [
      'type',
      review.risk_tier === null ? review.type : `${review.type} (tier ${review.risk_tier})${review.irreversible ? ', irreversible' : ''}`,
    ],
    ['capability', review.capability],
    ['target', review.target],
    ['asked for by', review.created_by],
    ['artifacts', review.artifacts.length === 0 ? null : review.artifacts.join(', ')],
    ['digest', review.digest],
  ]
  const lines = facts.flatMap(([name, value]) => (value === null || value === undefined ? [] : [`${name}: ${shown(value)}`]))
  const parts = [
    ['content', review.content === null ? '' : shownLines(review.content)],
    ['preview', review.preview === null ? '' : shownLines(review.preview)],
    ['payload', review.payload === null ? '' : shownValue(review.payload)],
  ]
  const whole = [...lines, ...parts.flatMap(([name, text]) => (text === '' ? [] : ['', `${name}:`, text]))].join('\n')
  // Three of them would end a code block.
  return whole.replaceAll(/`{3,}/g, (ticks) => '<U+0060>'.repeat(ticks.length))
}

const button = (review, verdict, style) => ({
  type: 'button',
  action_id: verdict,
  style,
  text: { type: 'plain_text', text: verdict === 'approve' ? 'Approve' : 'Deny' },
  // What is shown here is what is decided on: when it has changed since, the decision is refused.
  value: JSON.stringify({ id: review.id, digest: review.digest }),
  ...(review.irreversible && verdict === 'approve'
    ? {
        confirm: {
          title: { type: 'plain_text', text: 'This cannot be undone' },
          text: { type: 'plain_text', text: shown(review.title).slice(0, 300) },
          confirm: { type: 'plain_text', text: 'Approve' },
          deny: { type: 'plain_text', text: 'Back' },
        },
      }
    : {}),
})

/** What the webhook leaves out (prompt, payload) is read with a reviewer's key, and shown to the channel: all of it, or there is nothing to approve with. */
async function announce(event) {
  if (typeof event?.text !== 'string') throw new Error('a signed message that is no event')
  const text = sentence(event.text)
  if (event.type !== 'review.created') return post(slackWebhook, { text })
  const { ok, answer: review } = await call(readingKey, 'GET', event.data.path)
  if (!ok || review.status !== 'pending') return undefined
  const whole = everything(review)
  const fits = whole.slice(0, shownChars).replace(/[\uD800-\uDBFF]$/, '')
  const left = whole.length - fits.length
  const heading = text.length <= sectionChars ? text : `Review ${Number(review.id)} waits for a decision`
  const blocks = [section(`*${heading}*`), ...codeBlocks(fits)]
  if (left > 0) {
    const how = `\`modelreins-worker reviews approve ${Number(review.id)}\` shows all of it and asks.`
    blocks.push(section(`*${left} characters are not shown here*, so it cannot be approved here. ${how}`))
  }
  const buttons = left > 0 ? [button(review, 'deny', 'danger')] : [button(review, 'approve', 'primary'), button(review, 'deny', 'danger')]
  return post(slackWebhook, { text: heading, blocks: [...blocks, { type: 'actions', elements: buttons }] })
}

async function decide(click) {
  const key = reviewers.get(click.user.id)
  const [action] = click.actions
  const { id, digest } = JSON.parse(action.value)
  const verdict = action.action_id === 'approve' ? 'approve' : 'deny'
  if (key === undefined) return post(click.response_url, { replace_original: false, text: 'You are not a reviewer here.' })
  const comment = `${verdict === 'approve' ? 'Approved' : 'Denied'} in Slack.`
  const { ok, answer } = await call(key, 'POST', `/api/v1/reviews/${Number(id)}/decide`, { verdict, digest, comment })
  const said = ok ? `Review ${id} is ${answer.status}.` : answer.detail
  return post(click.response_url, { replace_original: ok, text: sentence(String(said)) })
}

const routes = {
  '/modelreins': { verify: fromModelReins, handle: (body) => announce(JSON.parse(body)) },
  '/slack': { verify: fromSlack, handle: (body) => decide(JSON.parse(new URLSearchParams(body).get('payload') ?? '')) },
}

/** Messages that are being handled or were, by id: one that comes twice is handled once. Forgotten when it failed, so that it may come again. */
const handled = new Map()

async function once(id, work) {
  const known = handled.get(id)
  if (known !== undefined) return known.result
  const now = Date.now()
  for (const [old, { at }] of handled) {
    if (handled.size < remembered && now - at < 2 * freshSeconds * 1_000) break
    handled.delete(old)
  }
  const result = work()
  handled.set(id, { at: now, result })
  try {
    return await result
  } catch (error) {
    handled.delete(id)
    throw error
  }
}

/** The body as it came, or undefined when there is more than anybody has to send. */
async function read(request) {
  const chunks = []
  let size = 0
  for await (const chunk of request) {
    size += chunk.length
    if (size > bodyLimitBytes) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

async function answer(request, response) {
  const route = request.method === 'POST' && Object.hasOwn(routes, request.url) ? routes[request.url] : undefined
  if (route === undefined) return response.writeHead(404, { connection: 'close' }).end()
  const body = await read(request)
  if (body === undefined) return response.writeHead(413, { connection: 'close' }).end()
  const id = route.verify(request.headers, body)
  if (id === undefined) return response.writeHead(401).end()
  // Slack gives three seconds. ModelReins tries again when it hears no 2xx, so it hears the truth.
  if (request.url === '/slack') response.writeHead(200).end()
  await once(id, () => route.handle(body.toString('utf8')))
  if (!response.writableEnded) response.writeHead(204).end()
}

/** Whatever a request is made of, it ends with an answer and not with this program. */
const server = createServer((request, response) => {
  answer(request, response).catch((error) => {
    console.error(error instanceof Error ? error.message : error)
    if (!response.writableEnded) response.writeHead(502, { connection: 'close' }).end()
  })
})
server.headersTimeout = 10_000
server.requestTimeout = 20_000
server.listen(Number(process.env.PORT ?? 8080), () => console.log(`listening on ${server.address().port}`))
