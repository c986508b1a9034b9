import { createHash } from 'node:crypto'
import type { Input } from '@modelreins/contract'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { canonicalJson } from '@modelreins/contract'
import { capability, noon, runOffered, scene } from './approval-scene.ts'
import type { Scene } from './approval-scene.ts'
import { failureOf, frozenTime, TestTenant } from '../harness.ts'
import { TestSocket } from '../workers/socket-client.ts'

let clock: ReturnType<typeof frozenTime>
beforeEach(() => {
  clock = frozenTime(noon)
})
afterEach(() => {
  vi.useRealTimers()
})

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

/** An artifact that joins a review: its digest is another one then. */
const upload = async (at: Scene, review_id: number, slug: string) => {
  const { credential } = at.anna
  const about = { credential, slug, request_id: 'test' }
  const reserved = await at.tenant.stub.reserveArtifact({ ...about, place: { review_id }, idempotency_key: null })
  if (!reserved.ok) return reserved
  const upload = {
    review_id,
    filename: 'a',
    content_type: 'text/plain',
    size_bytes: 1,
    sha256: sha256(slug),
    share: false,
    expires_at: null,
  }
  return at.tenant.stub.keepArtifact({ ...about, upload })
}

it('shows a worker nothing of a job that waits for its release', async () => {
  const at = await scene('approve')
  const job = await at.tenant.must('jobs.dispatch', { prompt: 'top secret', capability, target: at.anna.name })
  expect((await at.tenant.must('reviews.list', {}, at.anna.credential)).items).toEqual([])
  expect(failureOf(await at.tenant.as(at.anna.credential, 'reviews.get', { review_id: job.review_id ?? 0 }))).toBe('not-found')
})

describe('a review that a worker submits', () => {
  it('is what the seeds’ workers send, and says whose it is whatever label they send', async () => {
    const at = await scene()
    const seeds = { type: 'post', title: 'Draft', content: 'Hello', preview: '<b>Hello</b>', target: 'blog', created_by: 'worker:box-4711' }
    const review = await at.tenant.must('reviews.submit', seeds, at.anna.credential)
    expect(review).toMatchObject({
      id: 1,
      status: 'pending',
      type: 'post',
      title: 'Draft',
      content: 'Hello',
      preview: '<b>Hello</b>',
      target: 'blog',
      worker_id: at.anna.id,
      created_by: 'worker:anna',
      irreversible: false,
      quorum: { approve: 1, deny: 1 },
      expires_at: new Date(noon + 7 * 86_400_000).toISOString(),
    })
    const payload = { content: 'Hello', preview: '<b>Hello</b>', target: 'blog', title: 'Draft' }
    expect(review.digest).toBe(sha256(canonicalJson({ artifacts: [], capability: null, payload })))
  })

  it('can be waited for, and the answer comes with the decision', async () => {
    const at = await scene()
    const { id } = await at.tenant.must('reviews.submit', { title: 'Draft' }, at.anna.credential)
    const waiting = at.tenant.must('reviews.get', { review_id: id, wait: 20 }, at.anna.credential)
    await at.tenant.must('reviews.decide', { review_id: id, verdict: 'respond', comment: 'Shorter, please.' }, at.rosa.credential)
    expect(await waiting).toMatchObject({ status: 'denied', decisions: [{ verdict: 'respond', comment: 'Shorter, please.', by: 'Rosa' }] })
  })

  it('reaches its worker over the socket, decided or expired', async () => {
    const at = await scene()
    const socket = await TestSocket.greet(at.tenant, at.anna)
    for (const title of ['one', 'two']) await at.tenant.must('reviews.submit', { title }, at.anna.credential)
    await at.tenant.must('reviews.decide', { review_id: 1, verdict: 'approve' }, at.rosa.credential)
    expect(await socket.next('review')).toEqual({ type: 'review', review_id: 1, job_id: null, status: 'approved' })
    clock.pass(7 * 86_400_000)
    await at.tenant.must('presence.list', {})
    expect(await socket.next('review')).toEqual({ type: 'review', review_id: 2, job_id: null, status: 'expired' })
  })

  it('is seen by its worker and by members, and by no other worker', async () => {
    const at = await scene()
    const bert = await at.tenant.worker('bert')
    const { id } = await at.tenant.must('reviews.submit', { title: 'Draft' }, at.anna.credential)
    expect(failureOf(await at.tenant.as(bert.credential, 'reviews.get', { review_id: id }))).toBe('not-found')
    expect(failureOf(await at.tenant.as(bert.credential, 'reviews.withdraw', { review_id: id }))).toBe('not-found')
    expect((await at.tenant.must('reviews.list', {}, bert.credential)).items).toEqual([])
    expect((await at.tenant.must('reviews.list', {}, at.anna.credential)).items.map((one) => one.id)).toEqual([id])
    const vera = await at.tenant.member('Vera', 'viewer')
    expect((await at.tenant.must('reviews.list', { status: 'pending' }, vera.credential)).items.map((one) => one.id)).toEqual([id])
  })

  it('may be about a job of its own only, and a capability of its own only', async () => {
    const at = await scene('auto')
    const bert = await at.tenant.worker('bert')
    await at.tenant.must('jobs.dispatch', { prompt: 'x', capability })
    const job = await runOffered(at)
    expect((await at.tenant.must('reviews.submit', { title: 'a', job_id: job.id }, at.anna.credential)).job_id).toBe(job.id)
    expect(failureOf(await at.tenant.as(bert.credential, 'reviews.submit', { title: 'a', job_id: job.id }))).toBe('not-found')
    expect(failureOf(await at.tenant.as(bert.credential, 'reviews.submit', { title: 'a', job_id: 99 }))).toBe('not-found')
    expect(failureOf(await at.tenant.as(bert.credential, 'reviews.submit', { title: 'a', capability }))).toBe('capability-not-declared')
  })

  it('may not pass for one that the service opens', async () => {
    const at = await scene()
    for (const type of ['dispatch', 'action', 'escalation']) {
      expect(failureOf(await at.tenant.as(at.anna.credential, 'reviews.submit', { title: 'a', type }))).toBe('invalid-request')
    }
  })

  it('outlives its job when that is done, and is taken back when that is aborted', async () => {
    const at = await scene('auto')
    for (const ending of ['done', 'aborted']) {
      const { id } = await at.tenant.must('jobs.dispatch', { prompt: 'x', capability })
      await at.tenant.must('claims.claim', { job_id: id }, at.anna.credential)
      const review = await at.tenant.must('reviews.submit', { title: ending, job_id: id }, at.anna.credential)
      if (ending === 'done') await at.tenant.must('claims.close', { job_id: id, status: 'done' }, at.anna.credential)
      else await at.tenant.must('jobs.abort', { job_id: id })
      const after = await at.tenant.must('reviews.get', { review_id: review.id })
      expect([ending, after.status]).toEqual([ending, ending === 'done' ? 'pending' : 'withdrawn'])
    }
  })

  it('from a member is not approved by that member', async () => {
    const at = await scene()
    const { id } = await at.tenant.must('reviews.submit', { title: 'My draft' })
    expect(failureOf(await at.tenant.call('reviews.decide', { review_id: id, verdict: 'approve' }))).toBe('forbidden')
    await at.tenant.must('reviews.decide', { review_id: id, verdict: 'approve' }, at.rosa.credential)
    // Decided for good: there is nothing to take back any more.
    expect(failureOf(await at.tenant.call('reviews.withdraw', { review_id: id }))).toBe('wrong-state')
  })

  it('is submitted once with an idempotency key, of each worker’s own', async () => {
    const at = await scene()
    const submit = (title: string, who = at.anna) => at.tenant.as(who.credential, 'reviews.submit', { title, idempotency_key: 'k' })
    expect(await submit('Draft')).toMatchObject({ ok: true, value: { id: 1 } })
    expect(await submit('Draft')).toMatchObject({ ok: true, replayed: true, value: { id: 1 } })
    expect(failureOf(await submit('Another'))).toBe('idempotency-conflict')
    expect(await submit('Draft', await at.tenant.worker('bert'))).toMatchObject({ ok: true, value: { id: 2 } })
  })

  it('from a companion under a member’s key is the companion’s', async () => {
    const at = await scene()
    await at.tenant.must('presence.report', { instance: 'laptop', status: 'active' })
    const review = await at.tenant.must('reviews.submit', { title: 'a', created_by: 'worker:laptop' })
    expect(review).toMatchObject({ created_by: 'worker:laptop', worker_id: expect.stringMatching(/^wk/) })
  })
})

describe('a page of reviews', () => {
  it('goes from the newest to the oldest, by status and job, and ends early when it grows large', async () => {
    const at = await scene()
    for (let index = 1; index <= 30; index += 1) {
      await at.tenant.must('reviews.submit', { title: `n${index}`, content: 'x'.repeat(200_000) }, at.anna.credential)
    }
    const seen: number[] = []
    let cursor: string | null = null
    let pages = 0
    do {
      const page: Awaited<ReturnType<typeof next>> = await next(at, cursor)
      seen.push(...page.items.map((one) => one.id))
      cursor = page.next_cursor
      pages += 1
    } while (cursor !== null)
    expect(seen).toEqual(Array.from({ length: 30 }, (_, index) => 30 - index))
    expect(pages).toBeGreaterThan(1)
    expect(failureOf(await at.tenant.call('reviews.list', { cursor: 'nonsense' }))).toBe('invalid-request')
  })
  const next = (at: Scene, cursor: string | null) => at.tenant.must('reviews.list', { limit: 200, ...(cursor === null ? {} : { cursor }) })
})

describe('deciding many', () => {
  it('decides each by itself, leaves out what is irreversible, and says why of each that it leaves out', async () => {
    const at = await scene()
    const submit = async (title: string, irreversible: boolean) =>
      (await at.tenant.must('reviews.submit', { title, irreversible }, at.anna.credential)).id
    const ids = [await submit('a', false), await submit('b', true), await submit('c', false)]
    await at.tenant.must('reviews.withdraw', { review_id: ids[2] ?? 0 }, at.anna.credential)
    const own = (await at.tenant.must('jobs.dispatch', { prompt: 'x', capability })).review_id ?? 0
    const answer = await at.tenant.must('reviews.decide_many', { review_ids: [...ids, own, 99, ...ids], verdict: 'approve' })
    expect(answer.decided).toEqual([ids[0]])
    expect(answer.left_out).toEqual([
      { review_id: ids[1], reason: expect.stringContaining('irreversible') },
      { review_id: ids[2], reason: expect.stringContaining('withdrawn') },
      { review_id: own, reason: expect.stringContaining('another member must approve') },
      { review_id: 99, reason: 'There is no review 99.' },
    ])
    const denied = await at.tenant.must('reviews.decide_many', { review_ids: [own], verdict: 'deny' }, at.rosa.credential)
    expect(denied.left_out).toMatchObject([{ review_id: own, reason: expect.stringContaining('A denial needs a `comment`') }])
  })

  it('leaves out what has changed since it was read, whether it is named once or also by its plain id', async () => {
    const at = await scene()
    const read = []
    for (const title of ['a', 'b', 'c']) {
      const { id, digest } = await at.tenant.must('reviews.submit', { title }, at.anna.credential)
      read.push({ review_id: id, digest })
    }
    for (const { review_id } of read.slice(1)) expect(await upload(at, review_id, `arpicture${review_id}`)).toMatchObject({ ok: true })
    const [, moved, other] = read
    const now = await at.tenant.must('reviews.get', { review_id: moved?.review_id ?? 0 })
    const decide = (review_ids: Input<'reviews.decide_many'>['review_ids']) =>
      at.tenant.must('reviews.decide_many', { review_ids, verdict: 'approve' }, at.rosa.credential)
    expect(await decide([...read.slice(0, 2), moved?.review_id ?? 0])).toEqual({
      decided: [read[0]?.review_id],
      left_out: [{ review_id: moved?.review_id, reason: expect.stringContaining(`its current digest is ${now.digest}`) }],
    })
    expect((await at.tenant.must('reviews.get', { review_id: now.id })).status).toBe('pending')
    // What is read again is decided; a plain id is whatever it is now.
    expect(await decide([{ review_id: now.id, digest: now.digest }, other?.review_id ?? 0])).toEqual({
      decided: [now.id, other?.review_id],
      left_out: [],
    })
  })

  it('leaves out jobs whose capability is irreversible by policy', async () => {
    const tenant = await TestTenant.create()
    const rosa = await tenant.member('Rosa', 'reviewer')
    await tenant.worker('anna', [{ name: capability, risk_tier: 'approve', policy: { irreversible: true } }])
    const { review_id } = await tenant.must('jobs.dispatch', { prompt: 'x', capability })
    const answer = await tenant.must('reviews.decide_many', { review_ids: [review_id ?? 0], verdict: 'approve' }, rosa.credential)
    expect(answer.decided).toEqual([])
    expect((await tenant.must('reviews.decide', { review_id: review_id ?? 0, verdict: 'approve' }, rosa.credential)).status).toBe(
      'approved',
    )
  })
})
