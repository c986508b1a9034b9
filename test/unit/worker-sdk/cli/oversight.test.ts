/** `reviews withdraw`, several reviews at once, `audit look`, `audit seen` and `webhooks`: what is asked of the server, what is said, and what is refused before. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { httpServer, type HttpServer } from '../support/http-server.ts'
import { Stage, type StageOptions, type Told } from './stage.ts'

const at = '2026-01-01T00:00:00.000Z'
const row = {
  seq: 41,
  at,
  action: 'job.start',
  job_id: 12,
  worker_id: 'wk1',
  worker: 'anna',
  capability: 'mail.send',
  digest: null,
  summary: 'attempt 1',
  seen_at: null,
  seen_by: null,
}
const hook = {
  webhook_id: 'wh4k2m9x7q',
  url: 'https://bridge.example.com/in',
  events: ['review.created', 'killswitch.raised'],
  created_by: 'Olga',
  created_at: at,
  disabled_at: null,
}

let server: HttpServer
beforeEach(async () => {
  server = await httpServer()
})
afterEach(() => server.close())

const run = (words: readonly string[], options?: StageOptions): Promise<Told> =>
  new Stage().run([...words, '--server', server.url, '--token', 'mrk_x'], options)
const answer = (...values: readonly unknown[]): void => {
  const left = [...values]
  server.handle = (_, response) =>
    response.setHeader('content-type', 'application/json').end(JSON.stringify(left.length > 1 ? left.shift() : left[0]))
}
const refuse = (status: number, code: string, detail: string): void => {
  server.handle = (_, response) => {
    response.statusCode = status
    response.setHeader('content-type', 'application/problem+json').end(JSON.stringify({ status, code, detail, title: 'No' }))
  }
}
const last = () => {
  const { method, path, body } = server.requests.at(-1) ?? { method: '', path: '', body: '' }
  return { method, path, body: body === '' ? undefined : (JSON.parse(body) as unknown) }
}

describe('reviews withdraw', () => {
  it('takes a review back and says why', async () => {
    answer({ id: 7, status: 'withdrawn' })
    expect(await run(['reviews', 'withdraw', '#7', '--reason', 'sent by hand'])).toEqual({ code: 0, out: 'review 7 withdrawn\n', err: '' })
    expect(last()).toEqual({ method: 'POST', path: '/api/v1/reviews/7/withdraw', body: { comment: 'sent by hand' } })
    expect(JSON.parse((await run(['reviews', 'withdraw', '7', '--json'])).out)).toEqual({ id: 7, status: 'withdrawn' })
  })

  it('says what to do about a number that is none, and one that nothing has', async () => {
    expect(await run(['reviews', 'withdraw', 'seven'])).toMatchObject({ code: 64, out: '' })
    refuse(404, 'not-found', 'There is no review 9.')
    const told = await run(['reviews', 'withdraw', '9'])
    expect(told).toMatchObject({ code: 66, out: '' })
    expect(told.err).toContain('There is no review 9.\n  `modelreins-worker reviews` lists what there is.')
  })
})

describe('several reviews', () => {
  const fields = { content: '', preview: null, target: null, created_by: 'Olga', job_id: 3, session: null, expires_at: null, artifacts: [] }
  const kinds = {
    capability: 'mail.send',
    type: 'dispatch',
    risk_tier: 'approve',
    irreversible: false,
    quorum: { approve: 1 },
    decisions: [],
  }
  const shown = { ...fields, ...kinds, status: 'pending', title: 'Write', created_at: at }
  const digest = (id: string) => id.repeat(64)
  const reviewsAndReply = (reply: unknown): void => {
    server.handle = ({ method, path }, response) => {
      const id = path.split('/').at(-1) ?? ''
      const value =
        method === 'POST' ? reply : { ...shown, id: Number(id), digest: digest(id), payload: { prompt: `Number ${id}\u009d hidden\u009c` } }
      response.setHeader('content-type', 'application/json').end(JSON.stringify(value))
    }
  }

  it('are decided about what was shown, and what changed in between is left out', async () => {
    reviewsAndReply({ decided: [7], left_out: [{ review_id: 8, reason: 'Review 8 has changed.' }] })
    const told = await run(['reviews', 'approve', '7', '8'], { terminal: true, answers: ['y'] })
    expect(told).toMatchObject({ code: 1, out: '7\tapproved\n8\tleft out\tReview 8 has changed.\n' })
    for (const id of ['7', '8']) {
      expect(told.err).toContain(`"prompt": "Number ${id}<U+009D> hidden<U+009C>"`)
      expect(told.err).toContain(digest(id))
    }
    expect(last()).toEqual({
      method: 'POST',
      path: '/api/v1/reviews/decide',
      body: {
        review_ids: [
          { review_id: 7, digest: digest('7') },
          { review_id: 8, digest: digest('8') },
        ],
        verdict: 'approve',
      },
    })
  })

  it('are decided as they are at this moment with --yes, and not as they become in between', async () => {
    reviewsAndReply({ decided: [7, 8], left_out: [] })
    expect(await run(['reviews', 'deny', '7', '8', '--comment', 'no', '--yes'])).toEqual({
      code: 0,
      out: '7\tdenied\n8\tdenied\n',
      err: '',
    })
    const review_ids = ['7', '8'].map((id) => ({ review_id: Number(id), digest: digest(id) }))
    expect(last().body).toEqual({ review_ids, verdict: 'deny', comment: 'no' })
  })
})

describe('a decision that its policy wants signed', () => {
  it('is refused on the command line, which says where to sign', async () => {
    const read = { id: 7, status: 'pending', digest: 'd'.repeat(64), decisions: [], artifacts: [], title: 'Deploy', payload: {} }
    refuse(403, 'signature-required', 'Open /reviews/7 in the dashboard, signed in as Rosa, and decide there with your passkey.')
    const refused = server.handle
    server.handle = (request, response, socket) =>
      request.method === 'GET'
        ? response.setHeader('content-type', 'application/json').end(JSON.stringify(read))
        : refused(request, response, socket)
    const told = await run(['reviews', 'approve', '7', '--yes'])
    expect(told).toMatchObject({ code: 77, err: expect.stringContaining('Open /reviews/7 in the dashboard') })
  })
})

describe('audit look', () => {
  it('lists what nobody has looked at, for programs, for eyes and as JSON', async () => {
    answer({ items: [row], next_cursor: null })
    const told = await run(['audit', 'look', '--limit', '5'])
    expect(told).toEqual({ code: 0, out: `41\t${at}\tanna\tmail.send\t12\tjob.start\tattempt 1\n`, err: '' })
    expect(last().path).toBe('/api/v1/audit/to-look-at?limit=5')
    expect(JSON.parse((await run(['audit', 'look', '--json'])).out)).toEqual({ items: [row], next_cursor: null })
    const seen = await run(['audit', 'look'], { terminal: true })
    expect(seen.out).toContain('SUMMARY')
    expect(seen.err).toContain('audit seen SEQ')
  })

  it('lists with --all what somebody has looked at as well, and by whom', async () => {
    answer({ items: [{ ...row, seen_at: at, seen_by: 'Rosa' }], next_cursor: '41' })
    const told = await run(['audit', 'look', '--all'], { terminal: true })
    expect(last().path).toBe('/api/v1/audit/to-look-at?include_seen=true')
    expect(told.out).toContain('by Rosa')
    expect(told.err).toContain('more: --cursor 41')
  })

  it('says so when there is nothing', async () => {
    answer({ items: [], next_cursor: null })
    expect(await run(['audit', 'look'])).toEqual({ code: 0, out: '', err: '' })
    expect((await run(['audit', 'look'], { terminal: true })).err).toBe('No unreviewed actions\n')
  })
})

describe('audit seen', () => {
  it('marks rows by number, and names those that were left out', async () => {
    answer({ seen: [41] })
    expect(await run(['audit', 'seen', '41', '41', '57'])).toEqual({
      code: 1,
      out: '41\tseen\n57\tleft out\talready reviewed, or not on the list\n',
      err: '',
    })
    expect(last()).toEqual({ method: 'POST', path: '/api/v1/audit/seen', body: { seqs: [41, 57] } })
  })

  it('marks all that are on the list, page by page', async () => {
    answer({ items: [row], next_cursor: '41' }, { items: [{ ...row, seq: 57 }], next_cursor: null }, { seen: [41, 57] })
    expect(await run(['audit', 'seen', '--all'])).toEqual({ code: 0, out: '41\tseen\n57\tseen\n', err: '' })
    expect(last().body).toEqual({ seqs: [41, 57] })
    answer({ items: [], next_cursor: null })
    expect(await run(['audit', 'seen', '--all', '--json'])).toEqual({ code: 0, out: '{"seen":[],"left_out":[]}\n', err: '' })
  })

  it('asks nothing of the server before it knows which', async () => {
    for (const words of [[], ['41', '--all'], ['first']]) {
      const told = await run(['audit', 'seen', ...words])
      expect(told.code).toBe(64)
      expect(told.err).toContain('audit look')
    }
    expect(server.requests).toEqual([])
  })
})

describe('webhooks', () => {
  it('are listed', async () => {
    answer({ items: [hook], next_cursor: null })
    expect((await run(['webhooks'])).out).toBe(
      `wh4k2m9x7q\tactive\t${at}\treview.created,killswitch.raised\thttps://bridge.example.com/in\n`,
    )
    expect(JSON.parse((await run(['webhooks', '--json'])).out)).toEqual({ items: [hook] })
    answer({ items: [], next_cursor: null })
    expect((await run(['webhooks'], { terminal: true })).err).toBe('No webhooks\n')
  })

  it('are created, and the secret is printed once', async () => {
    answer({ ...hook, secret: 'whsec_c2VjcmV0' })
    const words = ['webhooks', 'create', hook.url, '--events', 'review.created,killswitch.raised']
    expect(await run(words)).toEqual({ code: 0, out: 'wh4k2m9x7q\twhsec_c2VjcmV0\n', err: '' })
    expect(last()).toEqual({ method: 'POST', path: '/api/v1/webhooks', body: { url: hook.url, events: hook.events } })
    const seen = await run(['webhooks', 'create', hook.url], { terminal: true })
    expect(seen.out.match(/whsec_c2VjcmV0/g)).toHaveLength(1)
    expect(last().body).toEqual({ url: hook.url })
    expect(JSON.parse((await run([...words, '--json'])).out)).toEqual({ ...hook, secret: 'whsec_c2VjcmV0' })
  })

  it('are not created from what is no address or no event', async () => {
    const told = await run(['webhooks', 'create', 'bridge'])
    expect(told).toMatchObject({ code: 64, out: '' })
    expect(told.err).toMatch(/URL: .*\n {2}an address such as https:/)
    expect((await run(['webhooks', 'create', hook.url, '--events', 'review.create'])).err).toContain('did you mean review.created?')
    expect(server.requests).toEqual([])
  })

  it('are deleted when somebody says so', async () => {
    answer({ ok: true })
    expect((await run(['webhooks', 'delete', hook.webhook_id])).err).toContain('--yes')
    expect(await run(['webhooks', 'delete', hook.webhook_id], { terminal: true, answers: ['n'] })).toMatchObject({ code: 1 })
    expect(server.requests).toEqual([])
    expect(await run(['webhooks', 'delete', hook.webhook_id, '--yes'])).toEqual({ code: 0, out: '', err: '' })
    expect(last()).toEqual({ method: 'DELETE', path: '/api/v1/webhooks/wh4k2m9x7q', body: undefined })
    refuse(404, 'not-found', 'There is no webhook wh4k2m9x7q.')
    expect((await run(['webhooks', 'delete', hook.webhook_id, '--yes'])).err).toContain('`modelreins-worker webhooks` lists')
  })

  it('say what was sent and what was answered', async () => {
    const attempts = [
      { at, status: null, error: 'timeout', took_ms: 10_000 },
      { at, status: 503, error: null, took_ms: 3 },
    ]
    const delivery = { delivery_id: 3, message_id: 'msg_3', event: 'review.created', state: 'pending', created_at: at, next_attempt_at: at }
    answer({
      items: [
        { ...delivery, attempts },
        { ...delivery, delivery_id: 2, attempts: attempts.slice(0, 1) },
      ],
      next_cursor: null,
    })
    expect((await run(['webhooks', 'deliveries', hook.webhook_id])).out).toBe(
      `3\treview.created\tpending\t${at}\t2\t${at}\t503\n2\treview.created\tpending\t${at}\t1\t${at}\ttimeout\n`,
    )
    expect(last().path).toBe('/api/v1/webhooks/wh4k2m9x7q/deliveries')
    expect((await run(['webhooks', 'deliveries', 'W'])).err).toContain('"W": must be an id such as')
  })

  it('send a delivery again by its number', async () => {
    const delivery = {
      delivery_id: 3,
      message_id: 'msg_3',
      event: 'review.created',
      state: 'pending',
      created_at: at,
      next_attempt_at: at,
      attempts: [],
    }
    answer(delivery)
    expect(await run(['webhooks', 'resend', hook.webhook_id, '3'], { terminal: true })).toMatchObject({
      code: 0,
      err: expect.stringContaining('Delivery 3 (review.created) is sent again'),
    })
    expect(last()).toEqual({ method: 'POST', path: '/api/v1/webhooks/wh4k2m9x7q/deliveries/3/resend', body: {} })
    expect(JSON.parse((await run(['webhooks', 'resend', hook.webhook_id, '3', '--json'])).out)).toEqual(delivery)
    const told = await run(['webhooks', 'resend', hook.webhook_id, 'x'])
    expect(told).toMatchObject({ code: 64, err: expect.stringContaining('lists them with their numbers') })
  })
})
