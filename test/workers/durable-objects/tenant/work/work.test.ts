/** Says what a member does as a person: take jobs, start, finish, give back; and what holds for them as for every worker. */
import { abortAllDurableObjects } from 'cloudflare:test'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Input, Job, WorkItem } from '@modelreins/contract'
import { failureOf, frozenTime, sha256, TestTenant } from '../harness.ts'
import type { MemberHandle } from '../harness.ts'

const hour = 3_600_000
let clock: ReturnType<typeof frozenTime>
let tenant: TestTenant
let rosa: MemberHandle
beforeEach(async () => {
  clock = frozenTime()
  tenant = await TestTenant.create()
  rosa = await tenant.member('Rosa', 'reviewer')
  await tenant.must('work.join', {}, rosa.credential)
})
afterEach(() => {
  vi.useRealTimers()
})

const dispatch = (more: Partial<Input<'jobs.dispatch'>> = {}): Promise<Job> =>
  tenant.must('jobs.dispatch', { prompt: 'Sign the contract\nwith care', target: 'Rosa', ...more })
const inbox = (who = rosa.credential) => tenant.must('work.list', {}, who)
const ids = (items: readonly WorkItem[]): readonly number[] => items.map((item) => item.job_id)
const start = (job_id: number, who = rosa.credential) => tenant.as(who, 'work.start', { job_id })
const begun = async (more = {}) => {
  const { id } = await dispatch(more)
  return tenant.must('work.start', { job_id: id }, rosa.credential)
}
const failureText = (answer: Awaited<ReturnType<typeof start>>): string => (answer.ok ? 'ok' : answer.failure.detail)
describe('taking jobs', () => {
  it('makes a worker of kind carbon with the name of the member and no token, once', async () => {
    const again = await tenant.must('work.join', {}, rosa.credential)
    expect(again).toMatchObject({ name: 'Rosa', taking: true, paused: false, capabilities: [], slots: 5 })
    const worker = await tenant.must('workers.get', { worker_id: again.worker_id })
    expect(worker).toMatchObject({ kind: 'carbon', member_id: rosa.id, state: 'idle' })
    expect(failureOf(await tenant.call('workers.rotate', { worker_id: again.worker_id }))).toBe('wrong-state')
    // By no operation that is made for workers, whoever calls it.
    expect(failureOf(await tenant.call('claims.inbox', { worker: 'Rosa' }))).toBe('forbidden')
    expect(failureOf(await tenant.call('presence.report', { instance: 'Rosa' }))).toBe('name-taken')
  })

  it('takes capabilities from members who manage workers alone, and a name that is free', async () => {
    const ben = await tenant.member('Ben', 'reviewer')
    const capabilities = [{ name: 'contract.sign', risk_tier: 'auto' as const }]
    expect(failureOf(await tenant.as(ben.credential, 'work.join', { capabilities }))).toBe('forbidden')
    expect(failureOf(await tenant.as(ben.credential, 'work.join', { name: 'Rosa' }))).toBe('name-taken')
    const other = await tenant.member('rosa', 'operator')
    expect(await tenant.must('work.join', { capabilities }, other.credential)).toMatchObject({ name: 'rosa', capabilities })
    const viewer = await tenant.member('Vera', 'viewer')
    expect(failureOf(await tenant.as(viewer.credential, 'work.join', {}))).toBe('forbidden')
    expect(failureOf(await tenant.as(viewer.credential, 'work.list', {}))).toBe('forbidden')
  })

  it('ends with leave: nothing is on offer, dispatches are told, and what is in hand stays', async () => {
    const { job } = await begun()
    await dispatch()
    expect(await tenant.must('work.leave', {}, rosa.credential)).toMatchObject({ taking: false })
    expect(await inbox()).toMatchObject({ offered: [], claimed: [{ job_id: job.id }] })
    await tenant.must('work.done', { job_id: job.id, attempt: 1, result: 'x' }, rosa.credential)
    expect(failureOf(await tenant.call('jobs.dispatch', { prompt: 'p', target: 'Rosa' }))).toBe('no-live-worker')
    await tenant.must('work.join', {}, rosa.credential)
    expect((await inbox()).offered).toHaveLength(1)
  })
})

describe('an inbox', () => {
  it('shows what names a person, with why, and nothing else', async () => {
    await tenant.worker('robot', [{ name: 'docs.report', risk_tier: 'auto' }])
    const target = await dispatch()
    const person = await tenant.must('jobs.create', { prompt: 'p', substrate: 'carbon' })
    await tenant.must('jobs.create', { prompt: 'anybody' })
    const { offered, person: me } = await inbox()
    expect(ids(offered).toSorted()).toEqual([target.id, person.id])
    expect(offered.find((item) => item.job_id === target.id)).toMatchObject({
      title: 'Sign the contract',
      why: 'It names you as its target.',
      created_by: 'member:Olga',
      claim: null,
    })
    expect(offered.find((item) => item.job_id === person.id)?.why).toBe('It asks for a person.')
    expect(me?.name).toBe('Rosa')
    expect(await inbox(tenant.owner)).toMatchObject({ person: null, offered: [] })
  })

  it('offers what is for any person to all of them: whoever starts it first has it', async () => {
    await tenant.must('work.join', { name: 'olga' })
    const { id } = await tenant.must('jobs.dispatch', { prompt: 'p', substrate: 'carbon' })
    expect(ids((await inbox()).offered)).toEqual([id])
    expect(ids((await inbox(tenant.owner)).offered)).toEqual([id])
    expect(failureOf(await start(id))).toBe('ok')
    expect((await inbox(tenant.owner)).offered).toEqual([])
    const late = await start(id, tenant.owner)
    expect([failureOf(late), failureText(late)]).toEqual(['already-claimed', expect.stringContaining('Rosa has started job')])
    // The same person in two windows.
    const twice = await start(id)
    expect([failureOf(twice), failureText(twice)]).toEqual(['already-claimed', expect.stringContaining('You have started job')])
  })

  it('carries the thread of a job and its files to whoever may have it', async () => {
    const first = await begun({ thread_id: 'th1' })
    await tenant.must('work.done', { job_id: first.job.id, attempt: 1, result: 'first answer' }, rosa.credential)
    const { id } = await dispatch({ thread_id: 'th1', context: 'thread' })
    const shown = await tenant.must('work.get', { job_id: id }, rosa.credential)
    expect(shown.context).toContain('Assistant: first answer')
    expect(shown.files).toEqual([])
    const foreign = await tenant.must('jobs.create', { prompt: 'anybody' })
    expect(failureOf(await tenant.as(rosa.credential, 'work.get', { job_id: foreign.id }))).toBe('not-found')
  })
})

describe('a job in hand', () => {
  it('ends with a result, under the name of the member', async () => {
    const { job, item } = await begun()
    expect(job).toMatchObject({ status: 'running', attempt: 1, assigned_to: 'Rosa' })
    expect(item.claim).toMatchObject({ attempt: 1, reminded: false })
    const done = await tenant.must('work.done', { job_id: job.id, attempt: 1, result: '**Signed**' }, rosa.credential)
    expect(done.job).toMatchObject({ status: 'done', result: '**Signed**' })
    // Said again it changes nothing; other words are refused, so that nobody takes them for kept.
    expect(failureOf(await tenant.as(rosa.credential, 'work.done', { job_id: job.id, attempt: 1, result: '**Signed**' }))).toBe('ok')
    expect(failureOf(await tenant.as(rosa.credential, 'work.done', { job_id: job.id, attempt: 1, result: 'other' }))).toBe('wrong-state')
    expect(await inbox()).toMatchObject({ claimed: [], offered: [], ended: [{ job_id: job.id, status: 'done' }] })
  })

  it('fails for good with a reason', async () => {
    const { job } = await begun()
    const failed = await tenant.must('work.failed', { job_id: job.id, attempt: 1, reason: 'withdrawn' }, rosa.credential)
    expect(failed.job).toMatchObject({ status: 'failed', error: { type: 'worker_error', message: 'withdrawn', retryable: false } })
  })

  it('goes back to the queue with a reason, and costs no attempt', async () => {
    const { id } = await dispatch({ max_attempts: 1 })
    for (const attempt of [1, 2, 3]) {
      await tenant.must('work.start', { job_id: id }, rosa.credential)
      const { job } = await tenant.must('work.hand_back', { job_id: id, attempt, reason: 'away' }, rosa.credential)
      expect(job).toMatchObject({ status: 'pending', error: { type: 'handed_back', message: 'Rosa handed it back: away' } })
      expect(job.attempt).toBeLessThanOrEqual(job.max_attempts)
    }
    expect(failureOf(await tenant.as(rosa.credential, 'work.done', { job_id: id, attempt: 3, result: 'late' }))).toBe('lease-lost')
  })

  it('knows one attempt from another: an old window settles nothing', async () => {
    const { job } = await begun()
    await tenant.must('work.hand_back', { job_id: job.id, attempt: 1 }, rosa.credential)
    await tenant.must('work.start', { job_id: job.id }, rosa.credential)
    for (const [operation, more] of [
      ['work.done', { result: 'x' }],
      ['work.failed', { reason: 'x' }],
      ['work.hand_back', {}],
      ['work.escalate', { reason: 'x' }],
    ] as const)
      expect(failureOf(await tenant.as(rosa.credential, operation, { job_id: job.id, attempt: 1, ...more } as never))).toBe('lease-lost')
    expect((await tenant.must('work.get', { job_id: job.id }, rosa.credential)).item.claim?.attempt).toBe(2)
  })

  it('is nobody else’s to settle, and a person has only so many', async () => {
    await tenant.must('work.join', { name: 'olga' })
    const { job } = await begun()
    expect(failureOf(await tenant.call('work.done', { job_id: job.id, attempt: 1, result: 'mine' }))).toBe('not-found')
    for (let more = 0; more < 4; more += 1) await begun()
    const { id } = await dispatch()
    expect(failureOf(await start(id))).toBe('conflict')
  })

  it('takes notes, which say who wrote them, and lets them into its stream', async () => {
    const { job } = await begun()
    const note = { job_id: job.id, attempt: 1, text: 'called them', credential: rosa.credential, request_id: 'test' }
    const fence = await tenant.stub.noteWork(note)
    expect(fence.ok ? fence.value : fence).toMatchObject({ tenant: tenant.name, attempt: 1 })
    const other = await tenant.stub.noteWork({ ...note, credential: tenant.owner })
    expect(other.ok).toBe(false)
    await tenant.must('work.done', { job_id: job.id, attempt: 1 }, rosa.credential)
    const late = await tenant.stub.noteWork(note)
    expect(late.ok ? 'ok' : late.failure.code).toBe('wrong-state')
  })

  it('takes files of whoever has it in hand, whatever their role', async () => {
    const { job } = await begun()
    const upload = (job_id: number, slug: string) =>
      tenant.stub.reserveArtifact({
        credential: rosa.credential,
        slug: `${tenant.name}${slug}`,
        place: { job_id },
        idempotency_key: null,
        request_id: 'test',
      })
    expect((await upload(job.id, 'a')).ok).toBe(true)
    const kept = await tenant.stub.keepArtifact({
      credential: rosa.credential,
      slug: `${tenant.name}a`,
      request_id: 'test',
      upload: {
        job_id: job.id,
        filename: 'c.pdf',
        content_type: 'application/pdf',
        size_bytes: 1,
        sha256: sha256('x'),
        share: false,
        expires_at: null,
      },
    })
    expect(kept.ok ? kept.value : kept).toMatchObject({ job_id: job.id, created_by: 'member:Rosa' })
    expect((await tenant.must('work.get', { job_id: job.id }, rosa.credential)).files).toMatchObject([{ filename: 'c.pdf' }])
    const { id } = await dispatch()
    expect((await upload(id, 'b')).ok).toBe(false)
    await tenant.must('work.done', { job_id: job.id, attempt: 1 }, rosa.credential)
    expect((await upload(job.id, 'c')).ok).toBe(false)
  })
})

describe('the reins', () => {
  it('end what is in hand from level 3 on, and the inbox says so', async () => {
    const { job } = await begun()
    await tenant.must('killswitch.raise', { level: 3, reason: 'drill' })
    expect(await inbox()).toMatchObject({
      claimed: [],
      killswitch: { level: 3, reason: 'drill' },
      person: { paused: true },
      ended: [{ job_id: job.id, status: 'failed', error: { type: 'aborted' } }],
    })
    expect(failureOf(await tenant.as(rosa.credential, 'work.done', { job_id: job.id, attempt: 1, result: 'x' }))).toBe('wrong-state')
    // Nobody waits for a word from a person.
    expect((await tenant.must('killswitch.get', {})).stragglers).toEqual([])
    await tenant.must('killswitch.clear', { resume_all: true })
    expect((await inbox()).person?.paused).toBe(false)
  })

  it('keep a paused person from starting, not from finishing', async () => {
    const { job } = await begun()
    const { id } = await dispatch()
    const worker_id = (await inbox()).person?.worker_id ?? ''
    await tenant.must('workers.pause', { worker_id })
    expect((await inbox()).offered).toEqual([])
    expect(failureOf(await start(id))).toBe('wrong-state')
    expect(failureOf(await tenant.as(rosa.credential, 'work.done', { job_id: job.id, attempt: 1 }))).toBe('ok')
  })

  it('end with a revoked worker, and with a revoked member', async () => {
    const { job } = await begun({ max_attempts: 1 })
    const worker_id = (await inbox()).person?.worker_id ?? ''
    await tenant.must('workers.revoke', { worker_id })
    expect((await tenant.must('jobs.list', {})).items.find((one) => one.id === job.id)).toMatchObject({ status: 'failed' })
    expect((await inbox()).person).toBeNull()
    expect(failureOf(await tenant.as(rosa.credential, 'work.done', { job_id: job.id, attempt: 1 }))).toBe('not-found')
    await tenant.must('work.join', {}, rosa.credential)
    await begun()
    await tenant.must('members.revoke', { member_id: rosa.id })
    expect(failureOf(await tenant.as(rosa.credential, 'work.list', {}))).toBe('unauthorized')
    expect((await tenant.must('workers.list', {})).items).toEqual([])
  })
})

describe('absence', () => {
  it('brings a reminder, then the job goes back; any sign of the person begins it anew', async () => {
    const { job } = await begun()
    clock.pass(3 * hour)
    expect(await tenant.must('work.here', {}, rosa.credential)).toEqual({ taking: true, claimed: 1 })
    clock.pass(4 * hour - 1)
    expect((await inbox()).claimed[0]?.claim?.reminded).toBe(false)
    clock.pass(1)
    expect((await inbox()).claimed[0]?.claim?.reminded).toBe(true)
    await tenant.must('work.here', {}, rosa.credential)
    expect((await inbox()).claimed[0]?.claim?.reminded).toBe(false)
    clock.pass(4 * hour)
    await inbox()
    clock.pass(20 * hour - 1)
    expect((await inbox()).claimed).toHaveLength(1)
    clock.pass(1)
    const back = await inbox()
    expect(back.claimed).toEqual([])
    expect(back.offered).toMatchObject([{ job_id: job.id, error: { type: 'handed_back', message: 'Rosa was not heard of for 24 h' } }])
  })

  it('is counted across cold starts, neither shorter nor longer', async () => {
    await begun()
    for (let passed = 0; passed < 23; passed += 1) {
      clock.pass(hour)
      await abortAllDurableObjects()
      expect((await inbox()).claimed).toHaveLength(1)
    }
    clock.pass(hour)
    await abortAllDurableObjects()
    expect((await inbox()).claimed).toEqual([])
  })

  it('of a server is no absence of the person: a late reminder leaves an hour', async () => {
    await begun()
    clock.pass(72 * hour)
    await abortAllDurableObjects()
    expect((await inbox()).claimed).toMatchObject([{ claim: { reminded: true } }])
    clock.pass(hour)
    expect((await inbox()).claimed).toEqual([])
  })

  it('is all that ends a claim: no timeout for machines, no silence; one that the job names does', async () => {
    await begun({ silence_timeout: 60 })
    const named = await begun({ timeout: 7_200, max_attempts: 1 })
    clock.pass(2 * hour)
    await tenant.must('work.here', {}, rosa.credential)
    clock.pass(3 * hour)
    const { claimed, ended } = await inbox()
    expect(claimed).toHaveLength(1)
    expect(ended).toMatchObject([{ job_id: named.job.id, error: { type: 'timeout', message: 'The attempt took longer than 7200 s' } }])
  })
})

describe('decisions', () => {
  const signing = [{ name: 'contract.sign', risk_tier: 'approve' as const }]
  const asSigner = async () => {
    const worker_id = (await inbox()).person?.worker_id ?? ''
    await tenant.must('workers.update', { worker_id, capabilities: signing })
  }

  it('come before work of the tier approve, and not from whoever does it', async () => {
    await asSigner()
    const job = await tenant.must('jobs.dispatch', { prompt: 'p', capability: 'contract.sign' })
    expect(job).toMatchObject({ hold: 'review', assigned_to: 'Rosa' })
    expect((await inbox()).offered).toEqual([])
    expect(failureOf(await start(job.id))).toBe('wrong-state')
    const review_id = job.review_id ?? 0
    const own = await tenant.as(rosa.credential, 'reviews.decide', { review_id, verdict: 'approve' })
    expect(own.ok ? '' : own.failure.detail).toContain('are to do job')
    const ada = await tenant.member('Ada', 'reviewer')
    await tenant.must('reviews.decide', { review_id, verdict: 'approve' }, ada.credential)
    expect(ids((await inbox()).offered)).toEqual([job.id])
    expect(failureOf(await start(job.id))).toBe('ok')
    expect((await tenant.must('reviews.get', { review_id })).status).toBe('consumed')
    // Each start spends its decision: back in the queue, it is asked for again.
    const back = await tenant.must('work.hand_back', { job_id: job.id, attempt: 1 }, rosa.credential)
    expect(back.job).toMatchObject({ status: 'pending', hold: 'review' })
    expect(back.job.review_id).not.toBe(review_id)
  })

  it('of a job for anybody are not given by one of those who may take it, before or after they could', async () => {
    const ada = await tenant.member('Ada', 'reviewer')
    await asSigner()
    const job = await tenant.must('jobs.create', { prompt: 'p', capability: 'contract.sign' })
    const own = await tenant.as(rosa.credential, 'reviews.decide', { review_id: job.review_id ?? 0, verdict: 'approve' })
    expect(failureOf(own)).toBe('forbidden')
    await tenant.must('reviews.decide', { review_id: job.review_id ?? 0, verdict: 'approve' }, ada.credential)
    const { worker_id } = await tenant.must('work.join', {}, ada.credential)
    await tenant.must('workers.update', { worker_id, capabilities: signing })
    expect(failureOf(await start(job.id, ada.credential))).toBe('wrong-state')
  })

  it('settle what a person escalates, by another member', async () => {
    const { job } = await begun()
    const given = await tenant.must('work.escalate', { job_id: job.id, attempt: 1, reason: 'too large', result: 'so far' }, rosa.credential)
    const review_id = given.job.review_id ?? 0
    expect(given.job).toMatchObject({ status: 'pending', hold: 'review' })
    const review = await tenant.must('reviews.get', { review_id })
    expect(review).toMatchObject({
      type: 'escalation',
      created_by: 'member:Rosa',
      content: 'too large\n\nso far',
      payload: { result: 'so far' },
    })
    expect(failureOf(await tenant.as(rosa.credential, 'reviews.decide', { review_id, verdict: 'approve' }))).toBe('forbidden')
    await tenant.must('reviews.decide', { review_id, verdict: 'respond', comment: 'I signed it' })
    expect((await inbox()).ended).toMatchObject([{ job_id: job.id, status: 'done' }])
  })
})
