import { runInDurableObject } from 'cloudflare:test'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { limits, parseLeaseToken } from '@modelreins/contract'
import type { AuditRow, LeaseToken, Offer, ServerFrame } from '@modelreins/contract'
import { frozenTime, TestTenant, type WorkerHandle } from '../harness.ts'
import { TestSocket } from './socket-client.ts'

let clock: ReturnType<typeof frozenTime>
let tenant: TestTenant
let anna: WorkerHandle
let socket: TestSocket
beforeEach(async () => {
  clock = frozenTime()
  tenant = await TestTenant.create()
  anna = await tenant.worker('anna')
  socket = await TestSocket.greet(tenant, anna)
})
afterEach(() => {
  vi.useRealTimers()
})

let ref = 0
/** What the server answers to this frame. */
async function answer(frame: 'start' | 'hand_back', { lease }: Offer, by = socket): Promise<ServerFrame> {
  ref += 1
  by.send({ type: frame, ref, token: lease.token })
  for (;;) {
    const found = by.received.findIndex((one) => 'ref' in one && one.ref === ref)
    if (found >= 0) return by.received.splice(found, 1)[0] as ServerFrame
    by.send({ type: 'presence' })
    await by.next('welcome')
  }
}

async function started(more: object = {}): Promise<Offer> {
  await tenant.must('jobs.dispatch', { prompt: 'x', when_offline: 'queue', ...more })
  socket.send({ type: 'credit', slots: 1 })
  const offer = await socket.next('offer')
  expect(await answer('start', offer)).toMatchObject({ type: 'started' })
  return offer
}

const job = (id = 1) => tenant.must('jobs.get', { job_id: id })

const trailOf = (id: number): Promise<readonly AuditRow[]> =>
  runInDurableObject(tenant.raw, (_, state) =>
    state.storage.sql
      .exec<{ row: string }>('select row from audit order by seq')
      .toArray()
      .map((row): AuditRow => JSON.parse(row.row))
      .filter((row) => row.job_id === id),
  )

describe('a worker that gives back what it has not begun', () => {
  it('is told with its welcome that the server takes it', async () => {
    socket.send({ type: 'presence' })
    expect(await socket.next('welcome')).toMatchObject({ takes: ['hand_back'] })
  })

  it('leaves the job as if nothing had been, and one row that says that nothing ran', async () => {
    const offer = await started()
    expect(await answer('hand_back', offer)).toMatchObject({ type: 'settled', job_id: 1, status: 'pending' })
    expect(await job()).toMatchObject({
      status: 'pending',
      hold: null,
      attempt: 1,
      max_attempts: 4,
      error: null,
      started_at: null,
      retry_at: null,
    })
    const trail = await trailOf(1)
    expect(trail.map(({ action }) => action)).toEqual(['job.dispatch', 'job.start', 'job.hand_back'])
    expect(trail.at(-1)).toMatchObject({ worker_id: anna.id, summary: 'attempt 1: anna had not begun it, nothing ran' })
    expect(await tenant.must('workers.get', { worker_id: anna.id })).toMatchObject({ running: 0, breaker: null })
  })

  it('wakes somebody else who has room, at once', async () => {
    const offer = await started()
    const bert = await tenant.worker('bert')
    const other = await TestSocket.greet(tenant, bert)
    other.send({ type: 'credit', slots: 1 })
    await tenant.must('presence.list', {})
    await answer('hand_back', offer)
    const again = await other.next('offer')
    expect(again).toMatchObject({ job: { id: 1 }, lease: { attempt: 2 } })
    expect(await answer('start', again, other)).toMatchObject({ type: 'started', attempt: 2 })
  })

  it('keeps the place of the job in the queue', async () => {
    const offer = await started()
    clock.pass(1_000)
    await tenant.must('jobs.dispatch', { prompt: 'later', when_offline: 'queue' })
    clock.pass(1_000)
    await answer('hand_back', offer)
    expect((await tenant.offers(await tenant.worker('bert'), 2)).map(({ job: { id } }) => id)[0]).toBe(1)
  })

  it('may say it again, and can neither start nor end the attempt after it', async () => {
    const offer = await started()
    await answer('hand_back', offer)
    expect(await answer('hand_back', offer)).toMatchObject({ type: 'settled', status: 'pending' })
    expect(await answer('start', offer)).toMatchObject({ type: 'problem', problem: { code: 'lease-lost' } })
    const lease = tenant.lease(offer)
    expect(await tenant.as(lease, 'claims.complete', { job_id: 1, result: 'late' })).toMatchObject({ ok: false })
    expect((await trailOf(1)).length).toBe(3)
  })

  it("is refused once a newer attempt has started, the job has ended, or the lease is another worker's", async () => {
    const offer = await started()
    const bert = await tenant.worker('bert')
    const other = await TestSocket.greet(tenant, bert)
    expect(await answer('hand_back', offer, other)).toMatchObject({ problem: { code: 'lease-lost' } })
    await answer('hand_back', offer)
    await tenant.start(bert)
    expect(await answer('hand_back', offer)).toMatchObject({ problem: { code: 'lease-lost' } })
    const next = await started({ prompt: 'y' })
    await tenant.must('jobs.abort', { job_id: next.job.id })
    expect(await answer('hand_back', next)).toMatchObject({ problem: { code: 'lease-lost' } })
  })

  it.each([
    ['waits to be retried', 31_000, 'retry'],
    ['is in the queue again', 91_000, 'pending'],
  ])('gives back a lost attempt too while its job %s, and a report that still names it does not continue it', async (_, ms, status) => {
    const offer = await started()
    clock.pass(31_000)
    expect(await job()).toMatchObject({ status: 'retry', error: { type: 'worker_lost' } })
    clock.pass(ms - 31_000)
    expect(await job()).toMatchObject({ status })
    expect(await answer('hand_back', offer)).toMatchObject({ type: 'settled', status: 'pending' })
    socket.send({ type: 'presence', leases: [{ job_id: 1, attempt: 1 }] })
    expect(await socket.next('welcome')).toMatchObject({ aborts: [{ job_id: 1, attempt: 1 }] })
    expect(await job()).toMatchObject({ status: 'pending', attempt: 1, max_attempts: 4, error: null })
    expect((await trailOf(1)).at(-1)).toMatchObject({ action: 'job.hand_back' })
    expect((await tenant.offers(await tenant.worker('bert'), 1))[0]).toMatchObject({ lease: { attempt: 2 } })
  })

  it('is refused for an attempt that has sent output', async () => {
    const offer = await started()
    const { nonce } = parseLeaseToken(offer.lease.token) as LeaseToken
    await tenant.stub.noteStream({ job_id: 1, attempt: 1, nonce })
    expect(await answer('hand_back', offer)).toMatchObject({ problem: { code: 'wrong-state' } })
    expect(await job()).toMatchObject({ status: 'running', attempt: 1 })
  })

  it('loses no job to its expiry by that', async () => {
    const offer = await started({ expires_in: 60 })
    clock.pass(29_000)
    socket.send({ type: 'presence', leases: [{ job_id: 1, attempt: 1 }] })
    clock.pass(29_000)
    socket.send({ type: 'presence', leases: [{ job_id: 1, attempt: 1 }] })
    await socket.next('welcome')
    clock.pass(29_000)
    await answer('hand_back', offer)
    clock.pass(59_000)
    expect(await job()).toMatchObject({ status: 'pending' })
    clock.pass(2_000)
    expect(await job()).toMatchObject({ status: 'failed', error: { type: 'expired' } })
  })

  it('may do so a thousand times in a minute', async () => {
    const jobs = Array.from({ length: limits.claim_max }, () => ({ prompt: 'x', when_offline: 'queue' as const, max_attempts: 1 }))
    await tenant.must('jobs.dispatch_batch', { jobs })
    const round = async (): Promise<readonly ServerFrame[]> => {
      socket.send({ type: 'credit', slots: limits.claim_max })
      const offers: Offer[] = []
      while (offers.length < limits.claim_max) offers.push(await socket.next('offer'))
      const frames = offers.flatMap(({ lease: { token } }) => [
        { type: 'start' as const, ref: 0, token },
        { type: 'hand_back' as const, ref: 1, token },
      ])
      socket.send(...frames, { type: 'presence' })
      await socket.next('welcome')
      return socket.received.splice(0).filter((frame) => 'ref' in frame && frame.ref === 1)
    }
    for (let given = 0; given < limits.hand_backs_per_minute; given += limits.claim_max)
      expect(new Set((await round()).map(({ type }) => type))).toEqual(new Set(['settled']))
    const [more] = await round()
    expect(more).toMatchObject({ type: 'problem', problem: { code: 'rate-limited', retryable: true } })
    expect(await job()).toMatchObject({ status: 'running', attempt: 11, max_attempts: 11 })
  })
})

describe('an attempt that has spent a decision', () => {
  it('does not give it back: the job is asked about anew', async () => {
    const gated = await tenant.worker('gated', [{ name: 'mail.send', risk_tier: 'approve' }])
    const line = await TestSocket.greet(tenant, gated)
    const rita = await tenant.member('Rita', 'reviewer')
    const { id } = await tenant.must('jobs.dispatch', { prompt: 'x', capability: 'mail.send', when_offline: 'queue' })
    const first = (await job(id)).review_id ?? 0
    await tenant.must('reviews.decide', { review_id: first, verdict: 'approve' }, rita.credential)
    line.send({ type: 'credit', slots: 1 })
    const offer = await line.next('offer')
    await answer('start', offer, line)
    expect(await answer('hand_back', offer, line)).toMatchObject({ type: 'settled', status: 'pending' })
    const after = await job(id)
    expect(after).toMatchObject({ status: 'pending', hold: 'review', review_id: expect.any(Number) })
    expect(after.review_id).not.toBe(first)
    line.send({ type: 'credit', slots: 1 })
    await tenant.must('presence.list', {})
    expect(line.received.filter(({ type }) => type === 'offer')).toEqual([])
    await tenant.must('reviews.decide', { review_id: after.review_id ?? 0, verdict: 'approve' }, rita.credential)
    expect(await line.next('offer')).toMatchObject({ job: { id }, lease: { attempt: 2 } })
  })

  it('does give back its concurrency key', async () => {
    const concurrency = { key: 'one', limit: 1 }
    const offer = await started({ concurrency })
    await tenant.must('jobs.dispatch', { prompt: 'y', when_offline: 'queue', concurrency })
    expect(await job(2)).toMatchObject({ hold: 'key' })
    await answer('hand_back', offer)
    const found = [await job(1), await job(2)].filter(({ hold }) => hold === null)
    expect(found).toHaveLength(1)
  })
})
