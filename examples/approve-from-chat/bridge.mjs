/**
 * Responsible for bringing reviews into a Slack channel and decisions back: it receives the tenant's webhook, posts a message with two
 * buttons, and decides with the key of whoever clicks. It keeps nothing; it runs wherever Slack and ModelReins can reach it.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { createServer } from 'node:http'

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

const hmac = (key, text, encoding) => createHmac('sha256', key).update(text).digest(encoding)
const same = (left, right) => left.length === right.length && timingSafeEqual(Buffer.from(left), Buffer.from(right))
const isFresh = (seconds) => Math.abs(Date.now() / 1000 - Number(seconds)) < 300

/** Standard Webhooks: `v1,<base64>` over id, timestamp and body. */
const fromModelReins = (headers, body) =>
  isFresh(headers['webhook-timestamp']) &&
  String(headers['webhook-signature'])
    .split(' ')
    .some((one) => same(one, `v1,${hmac(webhookSecret, `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`, 'base64')}`))

/** Slack's own: `v0=<hex>` over timestamp and body. */
const fromSlack = (headers, body) =>
  isFresh(headers['x-slack-request-timestamp']) &&
  same(String(headers['x-slack-signature']), `v0=${hmac(slackSecret, `v0:${headers['x-slack-request-timestamp']}:${body}`, 'hex')}`)

async function call(key, method, path, body) {
  const response = await fetch(modelreins + path, {
    method,
    headers: { authorization: `Bearer ${key}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(10_000),
  })
  return { ok: response.ok, answer: await response.json() }
}

const post = (url, message) =>
  fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(message),
    signal: AbortSignal.timeout(10_000),
  })

const section = (text) => ({ type: 'section', text: { type: 'mrkdwn', text: text.slice(0, 2_900) } })
/** In a code block, where nothing that a prompt says looks like a message of ours. */
const code = (value) => `\`\`\`${(typeof value === 'string' ? value : JSON.stringify(value, null, 2)).replaceAll('```', "'''")}\`\`\``

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
          text: { type: 'plain_text', text: review.title.slice(0, 300) },
          confirm: { type: 'plain_text', text: 'Approve' },
          deny: { type: 'plain_text', text: 'Back' },
        },
      }
    : {}),
})

/** What the webhook leaves out (prompt, payload) is read with a reviewer's key, and shown to the channel. */
async function announce(event) {
  if (event.type !== 'review.created') return post(slackWebhook, { text: event.text })
  const { ok, answer: review } = await call(readingKey, 'GET', event.data.path)
  if (!ok || review.status !== 'pending') return undefined
  return post(slackWebhook, {
    text: event.text,
    blocks: [
      section(`*${event.text}*\n${review.content}`),
      section(code(review.payload)),
      { type: 'actions', elements: [button(review, 'approve', 'primary'), button(review, 'deny', 'danger')] },
    ],
  })
}

async function decide(click) {
  const key = reviewers.get(click.user.id)
  const [action] = click.actions
  const { id, digest } = JSON.parse(action.value)
  const verdict = action.action_id === 'approve' ? 'approve' : 'deny'
  if (key === undefined) return post(click.response_url, { replace_original: false, text: 'You are not a reviewer here.' })
  const comment = `${verdict === 'approve' ? 'Approved' : 'Denied'} in Slack.`
  const { ok, answer } = await call(key, 'POST', `/api/v1/reviews/${id}/decide`, { verdict, digest, comment })
  const said = ok ? `Review ${id} is ${answer.status}.` : answer.detail
  return post(click.response_url, { replace_original: ok, text: said })
}

const routes = {
  '/modelreins': { verify: fromModelReins, handle: (body) => announce(JSON.parse(body)) },
  '/slack': { verify: fromSlack, handle: (body) => decide(JSON.parse(new URLSearchParams(body).get('payload') ?? '')) },
}

const server = createServer((request, response) => {
  const chunks = []
  request.on('data', (chunk) => chunks.push(chunk))
  request.on('end', async () => {
    const body = Buffer.concat(chunks).toString('utf8')
    const route = request.method === 'POST' ? routes[request.url] : undefined
    if (route === undefined) return response.writeHead(404).end()
    if (!route.verify(request.headers, body)) return response.writeHead(401).end()
    // Slack gives three seconds. ModelReins tries again when it hears no 2xx, so it hears the truth.
    if (request.url === '/slack') response.writeHead(200).end()
    try {
      await route.handle(body)
      if (!response.writableEnded) response.writeHead(204).end()
    } catch (error) {
      console.error(error instanceof Error ? error.message : error)
      if (!response.writableEnded) response.writeHead(502).end()
    }
  })
})
server.listen(Number(process.env.PORT ?? 8080), () => console.log(`listening on ${server.address().port}`))
