import { abortAllDurableObjects } from 'cloudflare:test'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { capability, noon, runOffered, scene, setTier, tamper, trail } from './approval-scene.ts'
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

const jobOf = ({ tenant }: Scene, job_id: number) => tenant.must('jobs.get', { job_id })

describe('an approved job', () => {
  const approved = async (): Promise<{ at: Scene; job_id: number; review_id: number }> => {
    const at = await scene()
    const job = await at.tenant.must('jobs.dispatch', { prompt: 'Write to the customer', capability })
    await at.tenant.must('reviews.decide', { review_id: job.review_id ?? 0, verdict: 'approve' }, at.rosa.credential)
    return { at, job_id: job.id, review_id: job.review_id ?? 0 }
  }
  const consumed = async (at: Scene, review_id: number): Promise<void> =>
    expect(await at.tenant.must('reviews.get', { review_id })).toMatchObject({ status: 'consumed' })

  it('starts by an offer over the socket, and leaves one audit row per step', async () => {
    const at = await scene()
    const socket = await TestSocket.greet(at.tenant, at.anna)
    socket.send({ type: 'credit', slots: 1 })
    const job = await at.tenant.must('jobs.dispatch', { prompt: 'Write', capability })
    const review_id = job.review_id ?? 0
    expect(socket.received).toEqual([])
    await at.tenant.must('reviews.decide', { review_id, verdict: 'approve' }, at.rosa.credential)
    const offer = await socket.next('offer')
    socket.send({ type: 'start', ref: 1, token: offer.lease.token })
    expect(await socket.next('started')).toMatchObject({ attempt: 1 })
    await consumed(at, review_id)
    expect(await trail(at.tenant, 'job.', 'review.')).toEqual([
      'review.open',
      'job.dispatch',
      'review.approve',
      'job.release',
      'review.consume',
      'job.start',
    ])
  })

  it('does not start over the socket when its approval broke, and the socket is offered it again once it is approved anew', async () => {
    const { at, job_id, review_id } = await approved()
    const socket = await TestSocket.greet(at.tenant, at.anna)
    socket.send({ type: 'credit', slots: 1 })
    const offer = await socket.next('offer')
    await tamper(at.tenant, `update jobs set spec = replace(spec, 'customer', 'custOmer') where id = ${job_id}`)
    socket.send({ type: 'start', ref: 1, token: offer.lease.token })
    expect((await socket.next('problem')).problem.code).toBe('lease-lost')
    expect(await jobOf(at, job_id)).toMatchObject({ hold: 'review', review_id: review_id + 1 })
    socket.send({ type: 'credit', slots: 1 })
    await at.tenant.must('reviews.decide', { review_id: review_id + 1, verdict: 'approve' }, at.rosa.credential)
    expect((await socket.next('offer')).job.id).toBe(job_id)
  })

  it('is claimed by id, by a worker of the seeds’ time', async () => {
    const { at, job_id, review_id } = await approved()
    expect((await at.tenant.must('claims.inbox', {}, at.anna.credential)).jobs.map((job) => job.id)).toEqual([job_id])
    const claim = await at.tenant.must('claims.claim', { job_id }, at.anna.credential)
    expect(claim.job.status).toBe('running')
    await consumed(at, review_id)
    // Repeated, since the answer was lost: the same claim, nothing is spent again.
    expect((await at.tenant.must('claims.claim', { job_id }, at.anna.credential)).job.attempt).toBe(1)
  })

  it('may be taken by another worker under the same tier, and not by one under a stricter policy', async () => {
    const { at, job_id, review_id } = await approved()
    const strict = await at.tenant.worker('carl', [{ name: capability, risk_tier: 'approve', policy: { quorum: { approve: 2 } } }])
    const bert = await at.tenant.worker('bert', [{ name: capability, risk_tier: 'approve' }])
    clock.pass(4 * 60_000)
    await at.tenant.present(strict)
    await at.tenant.present(bert)
    const [offer] = await at.tenant.offers(bert)
    expect(offer?.job.id).toBe(job_id)
    clock.pass(6_000)
    expect(await at.tenant.offers(strict)).toEqual([])
    expect(await jobOf(at, job_id)).toMatchObject({ hold: 'review', review_id: review_id + 1 })
    expect(await at.tenant.must('reviews.get', { review_id: review_id + 1 })).toMatchObject({ quorum: { approve: 2, deny: 1 } })
  })

  it('is left to a worker that needs no decision, while that one is there', async () => {
    const at = await scene()
    const bert = await at.tenant.worker('bert', [{ name: capability, risk_tier: 'auto' }])
    const job = await at.tenant.must('jobs.dispatch', { prompt: 'x', capability, target: 'bert' })
    await at.tenant.must('jobs.update', { job_id: job.id, target: null })
    const unpinned = await jobOf(at, job.id)
    expect(unpinned).toMatchObject({ hold: null, worker_id: null })
    expect(await at.tenant.offers(at.anna)).toEqual([])
    expect(failureOf(await at.tenant.as(at.anna.credential, 'claims.claim', { job_id: job.id }))).toBe('wrong-state')
    expect(await jobOf(at, job.id)).toMatchObject({ hold: null })
    const why = await at.tenant.must('jobs.why', { job_id: job.id })
    expect(why.workers.find((worker) => worker.name === 'anna')?.reasons.join()).toContain('needs a decision first')
    expect((await at.tenant.offers(bert))[0]?.job.id).toBe(job.id)
  })

  it('is spent also by a worker that would have needed none', async () => {
    const { at, job_id, review_id } = await approved()
    const bert = await at.tenant.worker('bert', [{ name: capability, risk_tier: 'auto' }])
    clock.pass(4 * 60_000)
    await at.tenant.present(bert)
    const [offer] = await at.tenant.offers(bert)
    if (offer === undefined) throw new Error('no offer')
    await at.tenant.must('claims.start', { job_id }, at.tenant.lease(offer))
    await consumed(at, review_id)
  })

  it('is asked about anew when what its handler reads is changed, and by another than who changed it', async () => {
    const { at, job_id, review_id } = await approved()
    const otto = await at.tenant.member('Otto', 'owner')
    await at.tenant.must('jobs.update', { job_id, priority: 5 })
    expect(await jobOf(at, job_id)).toMatchObject({ hold: null, review_id })
    await at.tenant.must('jobs.update', { job_id, metadata: { to: 'everybody' } }, otto.credential)
    expect(await at.tenant.must('reviews.get', { review_id })).toMatchObject({ status: 'superseded', superseded_by: review_id + 1 })
    expect(await jobOf(at, job_id)).toMatchObject({ hold: 'review', review_id: review_id + 1 })
    expect(failureOf(await at.tenant.as(otto.credential, 'reviews.decide', { review_id: review_id + 1, verdict: 'approve' }))).toBe(
      'forbidden',
    )
    await at.tenant.must('reviews.decide', { review_id: review_id + 1, verdict: 'approve' }, at.ruth.credential)
    expect((await runOffered(at)).metadata).toEqual({ to: 'everybody' })
  })

  it('is not what another job may run on', async () => {
    const { at, job_id } = await approved()
    const twin = await at.tenant.must('jobs.dispatch', { prompt: 'Write to the customer', capability })
    expect(twin).toMatchObject({ hold: 'review' })
    await tamper(
      at.tenant,
      `update jobs set hold = null, review_id = 1, pool = (select pool from jobs where id = ${job_id}) where id = ${twin.id}`,
    )
    await abortAllDurableObjects()
    await at.tenant.present(at.anna)
    const offered = await at.tenant.offers(at.anna, 10)
    expect(offered.map((offer) => offer.job.id)).toEqual([job_id])
    expect(failureOf(await at.tenant.as(at.anna.credential, 'claims.claim', { job_id: twin.id }))).toBe('wrong-state')
    expect((await jobOf(at, twin.id)).hold).toBe('review')
  })

  it('keeps an approval for its schedule', async () => {
    const at = await scene()
    const job = await at.tenant.must('jobs.dispatch', { prompt: 'x', capability, not_before: new Date(noon + 3_600_000).toISOString() })
    expect(job.hold).toBe('review')
    await at.tenant.must('reviews.decide', { review_id: job.review_id ?? 0, verdict: 'approve' }, at.rosa.credential)
    expect((await jobOf(at, job.id)).hold).toBe('schedule')
    clock.pass(3_600_001)
    await at.tenant.present(at.anna)
    expect((await runOffered(at)).id).toBe(job.id)
  })

  it('is not stopped by a tier that has become looser since', async () => {
    const { at, job_id, review_id } = await approved()
    await setTier(at, 'auto')
    expect((await runOffered(at)).id).toBe(job_id)
    await consumed(at, review_id)
  })
})

describe('self-approval', () => {
  it('is refused to the only member who may decide, with what to do about it, and allowed by the policy', async () => {
    const tenant = await TestTenant.create()
    const anna = await tenant.worker('anna', [{ name: capability, risk_tier: 'approve' }])
    const job = await tenant.must('jobs.dispatch', { prompt: 'x', capability })
    const review_id = job.review_id ?? 0
    const answer = await tenant.call('reviews.decide', { review_id, verdict: 'approve' })
    const capabilities = [{ name: capability, risk_tier: 'approve' as const, policy: { self_approval: true } }]
    expect(answer).toMatchObject({
      ok: false,
      failure: {
        code: 'forbidden',
        detail:
          `You dispatched or changed job ${job.id}, and no other member can approve it. ` +
          'Add a reviewer: POST /api/v1/members {"name": "NAME", "role": "reviewer"}, and open the view_url of the answer. ' +
          `Or allow self-approval: PATCH /api/v1/workers/${anna.id} {"capabilities": ${JSON.stringify(capabilities)}}. You may deny it.`,
      },
    })
    await tenant.must('workers.update', { worker_id: anna.id, capabilities })
    await tenant.must('reviews.decide', { review_id, verdict: 'approve' })
    expect((await tenant.offers(anna))[0]?.job.id).toBe(job.id)
  })

  it('names nobody whose key is still in its one-time view, first or rotated', async () => {
    const tenant = await TestTenant.create()
    await tenant.worker('anna', [
      { name: capability, risk_tier: 'approve', policy: { quorum: { approve: 1 } } },
      { name: 'mail.read', risk_tier: 'auto' },
    ])
    const link = await tenant.member('owner-by-link', 'owner')
    const { review_id } = await tenant.must('jobs.dispatch', { prompt: 'x', capability })
    const refusal = async (): Promise<string> => {
      const answer = await tenant.call('reviews.decide', { review_id: review_id ?? 0, verdict: 'approve' })
      return answer.ok ? '' : answer.failure.detail
    }
    const unopened = 'no other member can approve it (the one-time view with the key is still unopened for owner-by-link). Add a reviewer'
    expect(await refusal()).toContain(unopened)
    expect(await refusal()).toContain('"policy":{"quorum":{"approve":1},"self_approval":true}}, and its other capabilities as they are]}')
    await tenant.openView(link)
    expect(await refusal()).toContain('so another member must approve it: owner-by-link.')
    clock.pass(1)
    await tenant.must('members.rotate', { member_id: link.id })
    expect(await refusal()).toContain(unopened)
  })

  it('is not offered where no policy speaks: a draft of a member’s own', async () => {
    const tenant = await TestTenant.create()
    const { id } = await tenant.must('reviews.submit', { title: 'Draft' })
    const answer = await tenant.call('reviews.decide', { review_id: id, verdict: 'approve' })
    expect(answer).toMatchObject({
      ok: false,
      failure: { detail: expect.stringMatching(/no other member .* view_url of the answer\. You may/) },
    })
  })

  it('does not survive a policy that forbids it again', async () => {
    const tenant = await TestTenant.create()
    const open = [{ name: capability, risk_tier: 'approve' as const, policy: { self_approval: true } }]
    const anna = await tenant.worker('anna', open)
    const job = await tenant.must('jobs.dispatch', { prompt: 'x', capability })
    await tenant.must('reviews.decide', { review_id: job.review_id ?? 0, verdict: 'approve' })
    await tenant.must('workers.update', { worker_id: anna.id, capabilities: [{ name: capability, risk_tier: 'approve' }] })
    expect(await tenant.offers(anna)).toEqual([])
    expect(await tenant.must('jobs.get', { job_id: job.id })).toMatchObject({ hold: 'review', review_id: 2 })
  })
})

describe('a capability that nobody has declared', () => {
  it('is refused at dispatch, naming who has it', async () => {
    const at = await scene()
    await at.tenant.worker('bert')
    const pinned = await at.tenant.call('jobs.dispatch', { prompt: 'x', capability, target: 'bert' })
    expect(pinned).toMatchObject({
      ok: false,
      failure: { code: 'capability-not-declared', detail: expect.stringContaining('Declared by: anna') },
    })
    expect(failureOf(await at.tenant.call('jobs.create', { prompt: 'x', capability, target: 'bert' }))).toBe('capability-not-declared')
    expect(failureOf(await at.tenant.call('jobs.dispatch', { prompt: 'x', capability: 'mail.burn' }))).toBe('capability-not-declared')
  })

  it('is refused at the start, when it was taken away behind the offer', async () => {
    const at = await scene('auto')
    await at.tenant.must('jobs.dispatch', { prompt: 'x', capability })
    const [offer] = await at.tenant.offers(at.anna)
    if (offer === undefined) throw new Error('no offer')
    await at.tenant.must('workers.update', { worker_id: at.anna.id, capabilities: [] })
    expect(failureOf(await at.tenant.as(at.tenant.lease(offer), 'claims.start', { job_id: 1 }))).toBe('capability-not-declared')
    expect(await jobOf(at, 1)).toMatchObject({ status: 'pending', attempt: 0 })
  })
})

describe('the tier audit', () => {
  it('lets the job run, and puts its start on the list of what to look at until somebody has', async () => {
    const at = await scene('audit')
    await at.tenant.must('jobs.dispatch', { prompt: 'x', capability })
    await runOffered(at)
    const { items } = await at.tenant.must('audit.to_look_at', {}, at.rosa.credential)
    expect(items).toMatchObject([{ action: 'job.start', job_id: 1, worker: 'anna', capability, seen_at: null }])
    const seqs = items.map((item) => item.seq)
    const otto = await at.tenant.member('Otto', 'operator')
    expect(failureOf(await at.tenant.as(otto.credential, 'audit.seen', { seqs }))).toBe('forbidden')
    expect(await at.tenant.must('audit.seen', { seqs: [...seqs, 9_999] }, at.rosa.credential)).toEqual({ seen: seqs })
    expect(await at.tenant.must('audit.seen', { seqs }, at.ruth.credential)).toEqual({ seen: [] })
    expect((await at.tenant.must('audit.to_look_at', {})).items).toEqual([])
    expect((await at.tenant.must('audit.to_look_at', { include_seen: true })).items).toMatchObject([{ seen_by: 'Rosa' }])
    expect(await trail(at.tenant, 'audit.')).toEqual(['audit.seen'])
  })
})
