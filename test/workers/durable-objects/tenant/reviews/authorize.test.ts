import { abortAllDurableObjects, runInDurableObject } from 'cloudflare:test'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { limits } from '@modelreins/contract'
import type { Input, Offer } from '@modelreins/contract'
import { capability, noon, scene, setTier, tamper, trail } from './approval-scene.ts'
import type { Scene } from './approval-scene.ts'
import { failureOf, frozenTime } from '../harness.ts'
import type { CallCredential } from '../../../../../durable-objects/tenant/call.ts'
import { TestSocket } from '../workers/socket-client.ts'

let clock: ReturnType<typeof frozenTime>
beforeEach(() => {
  clock = frozenTime(noon)
})
afterEach(() => {
  vi.useRealTimers()
})

const action = { to: 'customer@example.com', text: 'Hello' }

interface Running {
  readonly at: Scene
  readonly job_id: number
  readonly lease: CallCredential
}

/** The next attempt of what is queued. */
async function start(at: Scene, worker = at.anna): Promise<Running> {
  const [offer]: readonly (Offer | undefined)[] = await at.tenant.offers(worker)
  if (offer === undefined) throw new Error('no offer')
  const lease = at.tenant.lease(offer)
  await at.tenant.must('claims.start', { job_id: offer.job.id }, lease)
  return { at, job_id: offer.job.id, lease }
}

async function running(tier: Parameters<typeof scene>[0], more: Partial<Input<'jobs.dispatch'>> = {}): Promise<Running> {
  const at = await scene(tier)
  await at.tenant.must('jobs.dispatch', { prompt: 'x', ...more })
  return start(at)
}

const ask = ({ at, job_id, lease }: Running, more: Partial<Input<'claims.authorize'>> = {}) =>
  at.tenant.as(lease, 'claims.authorize', { job_id, capability, action, ...more })
const asked = async (run: Running, more: Partial<Input<'claims.authorize'>> = {}) => {
  const answer = await ask(run, more)
  if (!answer.ok) throw new Error(`${answer.failure.code}: ${answer.failure.detail}`)
  return answer.value
}
const decide = ({ at }: Running, more: Partial<Input<'reviews.decide'>> = {}) =>
  at.tenant.must('reviews.decide', { review_id: 1, verdict: 'approve', ...more }, at.rosa.credential)

describe('an action under the tier', () => {
  it('auto is allowed at once and leaves no row', async () => {
    const run = await running('auto')
    const before = (await trail(run.at.tenant, '')).length
    expect(await asked(run)).toEqual({ outcome: 'allowed', review_id: null, grant_id: null, action, comment: null })
    expect((await trail(run.at.tenant, '')).length).toBe(before)
  })

  it('audit is allowed at once and goes on the list of what to look at', async () => {
    const run = await running('audit')
    expect(await asked(run, { title: 'Mail to the customer' })).toMatchObject({ outcome: 'allowed' })
    const { items } = await run.at.tenant.must('audit.to_look_at', {})
    expect(items).toMatchObject([{ action: 'action.allow', job_id: run.job_id, capability, summary: 'Mail to the customer' }])
    expect(items[0]?.digest).toMatch(/^[0-9a-f]{64}$/)
  })

  it('audit and session count a repeated call once', async () => {
    const audited = await running('audit')
    for (let call = 0; call < 2; call += 1) expect(await asked(audited, { idempotency_key: 'k' })).toMatchObject({ outcome: 'allowed' })
    expect((await audited.at.tenant.must('audit.to_look_at', {})).items).toHaveLength(1)
    await asked(audited, { idempotency_key: 'another' })
    expect((await audited.at.tenant.must('audit.to_look_at', {})).items).toHaveLength(2)

    const run = await running('session', { thread_id: 't' })
    await asked(run)
    await decide(run)
    await asked(run)
    const first = await asked(run, { idempotency_key: 'k' })
    await abortAllDurableObjects()
    await run.at.tenant.present(run.at.anna)
    expect(await asked(run, { idempotency_key: 'k' })).toEqual(first)
    expect((await run.at.tenant.must('grants.list', {})).items[0]?.uses).toBe(2)
  })

  it('session answers a repeated call as it did, when the grant has ended and the same is asked by another call too', async () => {
    const run = await running('session', { thread_id: 't' })
    await asked(run, { idempotency_key: 'k1' })
    await decide(run, { grant: { uses: 2 } })
    const first = await asked(run, { idempotency_key: 'k1' })
    expect(first).toMatchObject({ outcome: 'allowed', review_id: 1, grant_id: expect.stringMatching(/^gr/) })
    const second = await asked(run, { idempotency_key: 'k2' })
    expect(await asked(run, { idempotency_key: 'k3' })).toMatchObject({ outcome: 'waiting', review_id: 2 })
    expect(await asked(run, { idempotency_key: 'k1' })).toEqual(first)
    expect(await asked(run, { idempotency_key: 'k2' })).toEqual(second)
    expect(await trail(run.at.tenant, 'action.', 'review.consume')).toEqual(['review.consume', 'action.allow'])
  })

  it('session takes no answer from the idempotency key of a dispatch', async () => {
    const run = await running('session', { thread_id: 't' })
    await asked(run)
    await decide(run, { grant: { uses: 2 } })
    await asked(run)
    await asked(run, { idempotency_key: 'k' })
    const [key = ''] = await runInDurableObject(run.at.tenant.raw, (_, state) =>
      state.storage.sql
        .exec<{ key: string }>('delete from idempotency returning key')
        .toArray()
        .map((row) => row.key),
    )
    expect(key).not.toBe('')
    await run.at.tenant.must('jobs.dispatch', { prompt: 'y', idempotency_key: key })
    expect(await asked(run, { idempotency_key: 'k' })).toMatchObject({ outcome: 'waiting' })
  })

  it('approve waits, is allowed once, and asks again for the next one alike', async () => {
    const run = await running('approve')
    expect(await asked(run, { irreversible: true })).toEqual({ outcome: 'waiting', review_id: 1, grant_id: null, action, comment: null })
    expect(await asked(run)).toMatchObject({ outcome: 'waiting', review_id: 1 })
    expect(await run.at.tenant.must('reviews.get', { review_id: 1 })).toMatchObject({
      type: 'action',
      payload: action,
      job_id: run.job_id,
      irreversible: true,
      risk_tier: 'approve',
    })
    await decide(run, { comment: 'Fine.' })
    expect(await asked(run)).toMatchObject({ outcome: 'allowed', review_id: 1, action, comment: 'Fine.' })
    expect(await asked(run)).toMatchObject({ outcome: 'waiting', review_id: 2 })
    expect(await run.at.tenant.must('reviews.get', { review_id: 1 })).toMatchObject({ status: 'consumed' })
  })

  it('session asks once, for whatever action, and then lets all of them pass', async () => {
    const run = await running('session', { thread_id: 't1' })
    expect(await asked(run)).toMatchObject({ outcome: 'waiting', review_id: 1 })
    expect(await asked(run, { action: 'another' })).toMatchObject({ outcome: 'waiting', review_id: 1, action: 'another' })
    await decide(run)
    expect(await asked(run)).toMatchObject({ outcome: 'allowed', review_id: 1, grant_id: expect.stringMatching(/^gr/) })
    expect(await asked(run, { action: 'another' })).toMatchObject({ outcome: 'allowed', review_id: null, action: 'another' })
    expect((await run.at.tenant.must('grants.list', {})).items).toMatchObject([{ session: 'thread:t1', uses: 2 }])
  })
})

describe('ctx.authorize', () => {
  it('is refused a capability that the worker has not declared', async () => {
    const run = await running('auto')
    expect(failureOf(await ask(run, { capability: 'mail.burn' }))).toBe('capability-not-declared')
  })

  it('is for the attempt that runs, with its lease, for its job', async () => {
    const run = await running('approve')
    const other = { ...run, job_id: 99 }
    expect(failureOf(await ask(other))).toBe('forbidden')
    for (const credential of [run.at.anna.credential, run.at.olga]) {
      expect(failureOf(await run.at.tenant.as(credential, 'claims.authorize', { job_id: run.job_id, capability, action }))).toBe(
        'forbidden',
      )
    }
    await run.at.tenant.must('claims.complete', { job_id: run.job_id }, run.lease)
    expect(failureOf(await ask(run))).toBe('lease-lost')
  })

  it('waits in one call, and answers when the human has decided', async () => {
    const run = await running('approve')
    const waiting = asked(run, { wait: 20 })
    await run.at.tenant.must('presence.list', {})
    await decide(run)
    expect(await waiting).toMatchObject({ outcome: 'allowed', review_id: 1 })
  })

  it('is told over the socket that it may ask again', async () => {
    const run = await running('approve')
    const socket = await TestSocket.greet(run.at.tenant, run.at.anna, { leases: [{ job_id: run.job_id, attempt: 1 }] })
    await asked(run)
    await decide(run)
    expect(await socket.next('review')).toEqual({ type: 'review', review_id: 1, job_id: run.job_id, status: 'approved' })
  })

  it('runs the action as it was edited', async () => {
    const run = await running('approve')
    await asked(run)
    await decide(run, { verdict: 'edit', payload: { ...action, text: 'Hello, kindly' } })
    // The worker asks with its own words: the question is found by those.
    expect(await asked(run)).toMatchObject({ outcome: 'allowed', action: { text: 'Hello, kindly' } })
  })

  it.each([
    ['deny', 'Never on Sundays.'],
    ['respond', 'Ask for the order number first.'],
  ] as const)('is refused by %s, with the reviewer’s words, as often as this attempt asks', async (verdict, comment) => {
    const run = await running('approve')
    const waiting = asked(run, { wait: 20 })
    await run.at.tenant.must('presence.list', {})
    await decide(run, { verdict, comment })
    expect(await waiting).toMatchObject({ outcome: 'refused', review_id: 1, comment })
    expect(await asked(run)).toMatchObject({ outcome: 'refused', review_id: 1, comment })
  })

  it('is refused when nobody decides in time', async () => {
    const run = await running('approve', { timeout: 86_400 })
    await run.at.tenant.must('workers.update', {
      worker_id: run.at.anna.id,
      capabilities: [{ name: capability, risk_tier: 'approve', policy: { ttl: 20, on_expiry: 'deny' } }],
    })
    await asked(run)
    clock.pass(20_001)
    expect(await asked(run)).toMatchObject({ outcome: 'refused', comment: 'The review expired without a decision.' })
  })

  it('keeps its lease while a human thinks', async () => {
    const run = await running('approve')
    for (let step = 0; step < 8; step += 1) {
      expect(await asked(run)).toMatchObject({ outcome: 'waiting' })
      clock.pass(25_000)
    }
    expect((await run.at.tenant.must('jobs.get', { job_id: run.job_id })).status).toBe('running')
  })

  it('finds its question again on a new attempt, pending or approved, with the object killed between any two steps', async () => {
    for (const decided of ['before', 'after'] as const) {
      const first = await running('approve')
      const { at, job_id } = first
      await asked(first)
      await abortAllDurableObjects()
      await at.tenant.present(at.anna, { leases: [{ job_id, attempt: 1 }] })
      if (decided === 'before') await decide(first)
      await abortAllDurableObjects()
      // Woken, the object gives the attempt one fresh lease; that lapses, and the retry falls due.
      for (const ms of [60_000, 60_000, 10_000]) {
        await at.tenant.must('presence.list', {})
        clock.pass(ms)
      }
      await at.tenant.present(at.anna)
      const second = await start(at)
      expect(second.job_id).toBe(job_id)
      if (decided === 'after') {
        expect(await asked(second)).toMatchObject({ outcome: 'waiting', review_id: 1 })
        await abortAllDurableObjects()
        await decide(second)
        await abortAllDurableObjects()
      }
      expect(await asked(second)).toMatchObject({ outcome: 'allowed', review_id: 1 })
      expect(failureOf(await ask(first))).toBe('lease-lost')
      await abortAllDurableObjects()
      expect(await asked(second)).toMatchObject({ outcome: 'waiting', review_id: 2 })
    }
  })

  it('may ask anew on a later attempt what an earlier one was denied', async () => {
    const first = await running('approve')
    await asked(first)
    await decide(first, { verdict: 'deny', comment: 'No.' })
    await first.at.tenant.must('claims.fail', { job_id: first.job_id, error: { type: 'denied', message: 'no' } }, first.lease)
    await first.at.tenant.must('jobs.retry', { job_id: first.job_id })
    expect(await asked(await start(first.at))).toMatchObject({ outcome: 'waiting', review_id: 2 })
  })

  it('is answered alike when the answer was lost, and never twice for two actions', async () => {
    const run = await running('approve')
    await asked(run, { idempotency_key: 'k1' })
    await decide(run)
    const first = await asked(run, { idempotency_key: 'k1' })
    expect(first).toMatchObject({ outcome: 'allowed', review_id: 1 })
    await abortAllDurableObjects()
    expect(await asked(run, { idempotency_key: 'k1' })).toEqual(first)
    expect(await asked(run, { idempotency_key: 'k2' })).toMatchObject({ outcome: 'waiting', review_id: 2 })
    // Also now that the same is asked by another call, whose approval this one must not take.
    expect(await asked(run, { idempotency_key: 'k1' })).toEqual(first)
    expect((await trail(run.at.tenant, 'review.consume')).length).toBe(1)
  })

  it('is not allowed by an approval of a changed action, of another job, or of somebody revoked', async () => {
    const run = await running('approve')
    await asked(run)
    await decide(run)
    await tamper(run.at.tenant, `update review_payloads set payload = replace(payload, 'Hello', 'Hullo')`)
    expect(await asked(run)).toMatchObject({ outcome: 'waiting', review_id: 2 })
    expect((await run.at.tenant.must('reviews.get', { review_id: 1 })).status).toBe('superseded')

    await decide(run, { review_id: 2 })
    await run.at.tenant.must('members.revoke', { member_id: run.at.rosa.id })
    expect(await asked(run)).toMatchObject({ outcome: 'waiting', review_id: 3 })

    await run.at.tenant.must('reviews.decide', { review_id: 3, verdict: 'approve' }, run.at.ruth.credential)
    await run.at.tenant.must('jobs.dispatch', { prompt: 'another' })
    await run.at.tenant.present(run.at.anna, { slots: 2, leases: [{ job_id: run.job_id, attempt: 1 }] })
    const other = await start(run.at)
    expect(await asked(other)).toMatchObject({ outcome: 'waiting', review_id: 4 })
    expect(await asked(run)).toMatchObject({ outcome: 'allowed', review_id: 3 })
  })

  it('refuses the member who dispatched the job as the one who approves its actions', async () => {
    const run = await running('approve')
    await asked(run)
    expect(failureOf(await run.at.tenant.call('reviews.decide', { review_id: 1, verdict: 'approve' }))).toBe('forbidden')
    expect(await asked(run)).toMatchObject({ outcome: 'waiting' })
  })

  it('takes its open questions back when the job ends', async () => {
    const run = await running('approve')
    await asked(run)
    await asked(run, { action: 'another' })
    await decide(run)
    await run.at.tenant.must('claims.complete', { job_id: run.job_id }, run.lease)
    for (const review_id of [1, 2]) expect((await run.at.tenant.must('reviews.get', { review_id })).status).toBe('withdrawn')
  })

  it('can be withdrawn by its worker, and asked again', async () => {
    const run = await running('approve')
    await asked(run)
    await run.at.tenant.must('reviews.withdraw', { review_id: 1 }, run.at.anna.credential)
    expect(await asked(run)).toMatchObject({ outcome: 'waiting', review_id: 2 })
  })
})

describe('under the tier session', () => {
  /** The attempt ends as when its process is killed; the next one is started by `worker`, in a process of this name. */
  async function restarted(run: Running, instance: string, worker = run.at.anna): Promise<Running> {
    const { at, job_id, lease } = run
    await at.tenant.must('claims.fail', { job_id, error: { type: 'network', message: 'gone', retryable: true } }, lease)
    clock.pass(limits.presence_ms + 10_000)
    await at.tenant.present(worker, { instance })
    const again = await start(at, worker)
    expect(again.job_id).toBe(job_id)
    return again
  }
  const grants = async ({ at }: Running) => (await at.tenant.must('grants.list', {})).items

  it('a question is taken along into the next process, and its yes is good for that one', async () => {
    const first = await running('session')
    expect(await asked(first)).toMatchObject({ outcome: 'waiting', review_id: 1 })
    const second = await restarted(first, 'anna-2')
    expect(await asked(second)).toMatchObject({ outcome: 'waiting', review_id: 1 })
    await asked(second)
    expect(await second.at.tenant.must('reviews.get', { review_id: 1 })).toMatchObject({ session: 'process:anna-2' })
    expect(await trail(second.at.tenant, 'review.')).toEqual(['review.open', 'review.ask_again'])
    await decide(second)
    expect(await asked(second)).toMatchObject({ outcome: 'allowed', review_id: 1 })
    expect(await asked(second, { action: 'another' })).toMatchObject({ outcome: 'allowed', review_id: null })
    expect(await grants(second)).toMatchObject([{ session: 'process:anna-2', uses: 2 }])
  })

  it('a yes is spent by no other process', async () => {
    const first = await running('session')
    await asked(first)
    await decide(first)
    const second = await restarted(first, 'anna-2')
    expect(await asked(second)).toMatchObject({ outcome: 'waiting', review_id: 2 })
    expect(await second.at.tenant.must('reviews.get', { review_id: 1 })).toMatchObject({ status: 'superseded' })
  })

  it('a yes is spent by no other worker, also in the same thread', async () => {
    const first = await running('session', { thread_id: 't' })
    await asked(first)
    await decide(first)
    const bert = await first.at.tenant.worker('bert', [{ name: capability, risk_tier: 'session' }])
    const second = await restarted(first, 'bert-1', bert)
    expect(await asked(second)).toMatchObject({ outcome: 'waiting', review_id: 2 })
    expect(await grants(second)).toMatchObject([{ worker_id: first.at.anna.id, uses: 0 }])
    await decide(second, { review_id: 2 })
    expect(await asked(second)).toMatchObject({ outcome: 'allowed', review_id: 2 })
  })

  it('half a decision about one session is none about another', async () => {
    const first = await running('session')
    const policy = { quorum: { approve: 2 } }
    await first.at.tenant.must('workers.update', {
      worker_id: first.at.anna.id,
      capabilities: [{ name: capability, risk_tier: 'session', policy }],
    })
    await asked(first)
    await decide(first)
    const second = await restarted(first, 'anna-2')
    expect(await asked(second)).toMatchObject({ outcome: 'waiting', review_id: 2 })
    expect(await second.at.tenant.must('reviews.get', { review_id: 1 })).toMatchObject({ status: 'superseded' })
  })

  it('a question asked under approve stays one about a single action', async () => {
    const run = await running('approve', { thread_id: 't' })
    await asked(run)
    await setTier(run.at, 'session')
    await asked(run, { irreversible: true })
    expect((await run.at.tenant.must('reviews.get', { review_id: 1 })).session).toBeNull()
    await decide(run)
    expect(await grants(run)).toEqual([])
    expect(await asked(run)).toMatchObject({ outcome: 'allowed', review_id: 1, grant_id: null })
    expect(await asked(run)).toMatchObject({ outcome: 'waiting', review_id: 2 })
  })

  it('a yes has ended with its grant', async () => {
    const run = await running('session', { thread_id: 't' })
    await asked(run)
    await decide(run)
    const [grant] = await grants(run)
    await run.at.tenant.must('grants.revoke', { grant_id: grant?.grant_id ?? '' })
    expect(await asked(run)).toMatchObject({ outcome: 'waiting', review_id: 2 })
  })
})
