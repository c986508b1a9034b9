import { abortAllDurableObjects, runDurableObjectAlarm } from 'cloudflare:test'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Input, WebhookBody } from '@modelreins/contract'
import { noon, scene, trail } from '../reviews/approval-scene.ts'
import type { Scene } from '../reviews/approval-scene.ts'
import { failureOf, frozenTime } from '../harness.ts'

/** The network ends here: a real receiver, sockets and all, is in test/e2e/webhooks.test.ts. */
const sent: { url: string; init: RequestInit }[] = []
let answer: () => Promise<Response>
let clock: ReturnType<typeof frozenTime>
beforeEach(() => {
  clock = frozenTime(noon)
  sent.length = 0
  answer = async () => new Response('fine')
  vi.stubGlobal('fetch', async (url: string, init: RequestInit) => {
    sent.push({ url, init })
    return answer()
  })
})
afterEach(() => {
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

const hook = (at: Scene, more: Partial<Input<'webhooks.create'>> = {}) =>
  at.tenant.must('webhooks.create', { url: 'https://chat.example.com/hook/secret-path', ...more })
const submit = (at: Scene) => at.tenant.must('reviews.submit', { title: 'Draft' }, at.anna.credential)
const ring = (at: Scene) => runDurableObjectAlarm(at.tenant.raw)
const log = async (at: Scene, webhook_id: string) => (await at.tenant.must('webhooks.deliveries', { webhook_id })).items
const bodyOf = (index: number): WebhookBody => JSON.parse(String(sent[index]?.init.body))

describe('the delivery of a webhook', () => {
  it('tells of what was asked for, and of nothing else', async () => {
    const at = await scene('auto')
    await hook(at, { events: ['review.settled', 'killswitch.raised'] })
    const { id } = await submit(at)
    await at.tenant.must('reviews.decide', { review_id: id, verdict: 'deny', comment: 'A secret reason.' }, at.rosa.credential)
    await at.tenant.must('killswitch.raise', { level: 2, reason: 'smoke' })
    await ring(at)
    expect([bodyOf(0).type, bodyOf(1).type, sent.length]).toEqual(['review.settled', 'killswitch.raised', 2])
    expect(bodyOf(0).data).toMatchObject({ review_id: id, status: 'denied', verdict: 'deny', decided_by: 'Rosa' })
    expect(JSON.stringify(bodyOf(0))).not.toContain('secret')
    expect(bodyOf(1)).toMatchObject({ text: 'The killswitch is at level 2, raised by Olga', data: { level: 2, reason: 'smoke' } })
  })

  it('says words from elsewhere so that whoever shows them as they are shows no link, no mention and nothing unseen', async () => {
    const at = await scene('auto')
    await hook(at, { events: ['review.created'] })
    await at.tenant.must('reviews.submit', { title: '<!channel> <https://evil.example|good>\u202e' }, at.anna.credential)
    await ring(at)
    expect(bodyOf(0).text).toMatch(/‹!channel› ‹https:\/\/evil\.example\|good›‹U\+202E›$/)
  })

  it('tells of reminders and escalations', async () => {
    const at = await scene('auto')
    await hook(at)
    await submit(at)
    clock.pass(86_400_000)
    await ring(at)
    expect(sent.map((_, index) => bodyOf(index).type)).toEqual(['review.created', 'review.reminded'])
  })

  it('is tried nine times with growing pauses over a day and a half, the object killed between any two, and then given up', async () => {
    const at = await scene('auto')
    const { webhook_id } = await hook(at, { events: ['review.created'] })
    answer = async () => new Response('no', { status: 500 })
    await submit(at)
    const pauses: number[] = []
    for (let index = 0; index < 20; index += 1) {
      await ring(at)
      await abortAllDurableObjects()
      const [delivery] = await log(at, webhook_id)
      if (delivery?.next_attempt_at == null) break
      const wait = Date.parse(delivery.next_attempt_at) - clock.now
      pauses.push(wait)
      clock.pass(wait)
    }
    const [delivery] = await log(at, webhook_id)
    expect(delivery).toMatchObject({ state: 'failed', next_attempt_at: null })
    expect(delivery?.attempts.map((one) => one.status)).toEqual(Array.from({ length: 9 }, () => 500))
    expect(new Set(sent.map((one) => new Headers(one.init.headers).get('webhook-id'))).size).toBe(1)
    const timestamps = sent.map((one) => Number(new Headers(one.init.headers).get('webhook-timestamp')))
    expect(timestamps.toSorted((left, right) => left - right)).toEqual(timestamps)
    for (const [index, pause] of pauses.entries()) if (index > 0) expect(pause).toBeGreaterThan(pauses[index - 1] ?? 0)
    const total = pauses.reduce((sum, pause) => sum + pause, 0) / 3_600_000
    expect([total > 24, total < 40]).toEqual([true, true])
  })

  it('says what went wrong when there was no answer, without telling more than it knows', async () => {
    const at = await scene('auto')
    const { webhook_id } = await hook(at)
    answer = async () => Promise.reject(Object.assign(new Error('refused by 10.0.0.7'), { name: 'TypeError' }))
    await submit(at)
    await ring(at)
    answer = async () => Promise.reject(Object.assign(new Error('too slow'), { name: 'TimeoutError' }))
    clock.pass(10_000)
    await ring(at)
    const [delivery] = await log(at, webhook_id)
    expect(delivery?.attempts).toMatchObject([
      { status: null, error: 'the receiver could not be reached' },
      { status: null, error: 'no answer within 10 s' },
    ])
  })

  it('ends for good when the receiver says 410', async () => {
    const at = await scene('auto')
    const { webhook_id } = await hook(at)
    answer = async () => new Response(null, { status: 410 })
    await submit(at)
    await ring(at)
    expect((await at.tenant.must('webhooks.list', {})).items).toMatchObject([{ webhook_id, disabled_at: new Date(noon).toISOString() }])
    await submit(at)
    await ring(at)
    expect(sent.length).toBe(1)
    expect(await trail(at.tenant, 'webhook.')).toEqual(['webhook.create', 'webhook.disable'])
  })

  it('is sent again when its owner says so: the same message, signed anew, once more or on its schedule', async () => {
    const at = await scene('auto')
    const { webhook_id } = await hook(at)
    await submit(at)
    await ring(at)
    const [arrived] = await log(at, webhook_id)
    expect(arrived?.state).toBe('delivered')
    answer = async () => new Response(null, { status: 500 })
    clock.pass(60_000)
    const again = await at.tenant.must('webhooks.resend', { webhook_id, delivery_id: arrived?.delivery_id ?? 0 })
    expect(again).toMatchObject({ state: 'pending', message_id: arrived?.message_id })
    await ring(at)
    expect(sent.map(({ init }) => [new Headers(init.headers).get('webhook-id'), init.body])).toEqual(
      Array.from({ length: 2 }, () => [arrived?.message_id, sent[0]?.init.body]),
    )
    expect(new Headers(sent[0]?.init.headers).get('webhook-signature')).not.toBe(
      new Headers(sent[1]?.init.headers).get('webhook-signature'),
    )
    expect((await log(at, webhook_id))[0]).toMatchObject({ state: 'pending', attempts: [{ status: 200 }, { status: 500 }] })
    // Each time again; what was given up gets one try, and the log keeps the newest of them.
    for (let round = 0; round < 35; round += 1) {
      await at.tenant.must('webhooks.resend', { webhook_id, delivery_id: arrived?.delivery_id ?? 0 })
      await ring(at)
    }
    expect((await log(at, webhook_id))[0]).toMatchObject({ state: 'failed', next_attempt_at: null, attempts: { length: 30 } })
    expect((await trail(at.tenant, 'webhook.')).filter((action) => action === 'webhook.resend')).toHaveLength(36)
  })

  it('is not sent again to a receiver that wants no more, and not by whoever owns nothing', async () => {
    const at = await scene('auto')
    const { webhook_id } = await hook(at)
    answer = async () => new Response(null, { status: 410 })
    await submit(at)
    await ring(at)
    const delivery_id = (await log(at, webhook_id))[0]?.delivery_id ?? 0
    expect(failureOf(await at.tenant.call('webhooks.resend', { webhook_id, delivery_id }))).toBe('wrong-state')
    expect(failureOf(await at.tenant.call('webhooks.resend', { webhook_id, delivery_id: 99 }))).toBe('not-found')
    expect(failureOf(await at.tenant.as(at.rosa.credential, 'webhooks.resend', { webhook_id, delivery_id }))).toBe('forbidden')
    expect(sent).toHaveLength(1)
  })

  it('holds up no command and fails none', async () => {
    const at = await scene('auto')
    const { webhook_id } = await hook(at)
    let answered = 0
    let release = false
    // Asked again and again: what one request waits for, another one cannot bring about.
    answer = async () => {
      await vi.waitFor(() => expect(release).toBe(true), 30_000)
      answered += 1
      return new Response('late')
    }
    const { id } = await submit(at)
    await at.tenant.must('reviews.decide', { review_id: id, verdict: 'approve' }, at.rosa.credential)
    expect((await at.tenant.must('reviews.get', { review_id: id })).status).toBe('approved')
    // Deleted while it is called: the answer finds nothing to write to.
    await vi.waitFor(() => expect(sent.length).toBeGreaterThan(0), 20_000)
    await at.tenant.must('webhooks.delete', { webhook_id })
    expect(answered).toBe(0)
    release = true
    await vi.waitFor(() => expect(answered).toBe(sent.length), 20_000)
    expect((await at.tenant.must('webhooks.list', {})).items).toEqual([])
  })
})

describe('a webhook', () => {
  it('shows its secret once, stores none, and is in the audit trail by host, not by path', async () => {
    const at = await scene('auto')
    const made = await hook(at)
    expect(made.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/)
    const other = await hook(at)
    expect(other.secret).not.toBe(made.secret)
    expect(JSON.stringify((await at.tenant.must('webhooks.list', {})).items)).not.toContain('whsec')
    expect(await trail(at.tenant, 'webhook.')).toEqual(['webhook.create', 'webhook.create'])
    const rows = await at.tenant.must('webhooks.list', { limit: 1 })
    expect(rows.items).toHaveLength(1)
    expect((await at.tenant.must('webhooks.list', { cursor: rows.next_cursor ?? '' })).items).toHaveLength(1)
  })

  it('is refused an address that is not public, and more than twenty of them', async () => {
    const at = await scene('auto')
    for (const url of ['https://10.0.0.1/', 'http://chat.example.com/', 'https://user:pass@chat.example.com/', 'https://vault.internal/']) {
      expect([url, failureOf(await at.tenant.call('webhooks.create', { url }))]).toEqual([url, 'invalid-request'])
    }
    for (let index = 0; index < 20; index += 1) await hook(at)
    expect(failureOf(await at.tenant.call('webhooks.create', { url: 'https://chat.example.com/' }))).toBe('conflict')
  })

  it('is the owner’s', async () => {
    const at = await scene('auto')
    const otto = await at.tenant.member('Otto', 'operator')
    for (const who of [otto.credential, at.rosa.credential, at.anna.credential]) {
      expect(failureOf(await at.tenant.as(who, 'webhooks.create', { url: 'https://chat.example.com/' }))).toBe('forbidden')
      expect(failureOf(await at.tenant.as(who, 'webhooks.list', {}))).toBe('forbidden')
    }
    expect(failureOf(await at.tenant.call('webhooks.deliveries', { webhook_id: 'whnothing12' }))).toBe('not-found')
    expect(failureOf(await at.tenant.call('webhooks.delete', { webhook_id: 'whnothing12' }))).toBe('not-found')
  })
})
