/** Says whose yes it was and what it was about: nobody's earlier yes carries their own job, and another provider is another question. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Job } from '@modelreins/contract'
import { capability, noon, review, said, scene, tamper, trail, type Scene } from './approval-scene.ts'
import { frozenTime, sha256, type MemberHandle } from '../harness.ts'
import { canonicalJson } from '@modelreins/contract'

let clock: ReturnType<typeof frozenTime>
beforeEach(() => {
  clock = frozenTime(noon)
})
afterEach(() => {
  vi.useRealTimers()
})

const approve = (at: Scene, job: Pick<Job, 'review_id'>, by: Scene['olga']) =>
  at.tenant.as(by, 'reviews.decide', { review_id: job.review_id ?? 0, verdict: 'approve' })

describe('a grant', () => {
  const ask = (at: Scene, by: Scene['olga'], prompt = 'x', thread_id = 't'): Promise<Job> =>
    at.tenant.must('jobs.dispatch', { prompt, capability, thread_id }, by)

  async function granted(): Promise<{ readonly at: Scene; readonly oskar: MemberHandle }> {
    const at = await scene('session')
    const oskar = await at.tenant.member('Oskar', 'operator')
    expect((await approve(at, await ask(at, oskar.credential, 'harmless'), at.olga)).ok).toBe(true)
    return { at, oskar }
  }

  it('lets pass the jobs of others, and not those of who gave it', async () => {
    const { at, oskar } = await granted()
    expect((await ask(at, oskar.credential)).hold).toBeNull()
    const own = await ask(at, at.olga, 'DELETE EVERYTHING')
    expect(own.hold).toBe('review')
    expect(await approve(at, own, at.olga)).toMatchObject({ ok: false, failure: { code: 'forbidden' } })
    // Somebody else's yes carries it, and from then on hers.
    expect((await approve(at, own, at.rosa.credential)).ok).toBe(true)
    expect((await ask(at, at.olga, 'again')).hold).toBeNull()
  })

  it('does not carry a job that who gave it has changed, nor an action in one', async () => {
    const { at, oskar } = await granted()
    const changed = await ask(at, oskar.credential)
    expect((await at.tenant.must('jobs.update', { job_id: changed.id, metadata: { to: 'all' } }, at.olga)).hold).toBe('review')
    await at.tenant.must('jobs.abort', { job_id: changed.id })
    const offers = await at.tenant.offers(at.anna, 5)
    expect(offers.map(({ job }) => job.prompt)).toEqual(['harmless'])
    const free = await at.tenant.must('jobs.dispatch', { prompt: 'her own', thread_id: 't', target: 'anna' }, at.olga)
    const [offer] = await at.tenant.offers(at.anna, 5)
    if (offer === undefined) throw new Error('no offer')
    expect(offer.job.id).toBe(free.id)
    await at.tenant.must('claims.start', { job_id: free.id }, at.tenant.lease(offer))
    const asked = await at.tenant.must('claims.authorize', { job_id: free.id, capability, action: { to: 'all' } }, at.tenant.lease(offer))
    expect(asked.outcome).toBe('waiting')
  })

  it('carries them where the policy allows self-approval', async () => {
    const { at } = await granted()
    const policy = { self_approval: true }
    await at.tenant.must('workers.update', { worker_id: at.anna.id, capabilities: [{ name: capability, risk_tier: 'session', policy }] })
    expect((await ask(at, at.olga)).hold).toBeNull()
  })

  it('ends when its worker has another provider or model', async () => {
    const { at, oskar } = await granted()
    await at.tenant.present(at.anna, { provider: 'claude' })
    expect((await ask(at, oskar.credential)).hold).toBe('review')
    expect(await trail(at.tenant, 'grant.')).toEqual(['grant.create', 'grant.revoke'])
  })
})

describe('what a reviewer says yes to', () => {
  async function released(more: object = {}): Promise<{ readonly at: Scene; readonly job: Job }> {
    const at = await scene()
    await at.tenant.present(at.anna, { provider: 'http', model: 'm1', tags: ['x'] })
    const job = await at.tenant.must('jobs.dispatch', { prompt: 'Summarise', capability, ...more })
    return { at, job }
  }

  it('names everything that reaches the handler, and what does it', async () => {
    const { at, job } = await released({ session_id: 'HIDDEN', thread_id: 'ALSO', tags: ['x'] })
    const shown = await review(at, job)
    expect(shown.payload).toEqual({
      version: 2,
      prompt: 'Summarise',
      input: null,
      session_id: 'HIDDEN',
      thread_id: 'ALSO',
      tags: ['x'],
      provider: 'http',
      model: 'm1',
    })
    expect(shown.digest).toBe(sha256(canonicalJson({ artifacts: [], capability, payload: shown.payload })))
  })

  it.each([
    ['config.provider', (at: Scene) => at.tenant.must('workers.update', { worker_id: at.anna.id, config: { provider: 'claude' } })],
    ['config.model', (at: Scene) => at.tenant.must('workers.update', { worker_id: at.anna.id, config: { model: 'm2' } })],
    ['what the worker says of itself', (at: Scene) => at.tenant.present(at.anna, { provider: 'claude' })],
  ])('is asked about anew when %s has changed since', async (_, change) => {
    const { at, job } = await released()
    expect((await approve(at, job, at.rosa.credential)).ok).toBe(true)
    await change(at)
    expect(await at.tenant.offers(at.anna)).toEqual([])
    const held = await at.tenant.must('jobs.get', { job_id: job.id })
    expect(held).toMatchObject({ hold: 'review', review_id: (job.review_id ?? 0) + 1 })
    expect((await at.tenant.must('reviews.get', { review_id: job.review_id ?? 0 })).status).toBe('superseded')
    expect((await approve(at, held, at.rosa.credential)).ok).toBe(true)
    expect((await at.tenant.offers(at.anna)).map((offer) => offer.job.id)).toEqual([job.id])
  })

  it('is not what a reviewer reads any more when it changes before the decision', async () => {
    const { at, job } = await released()
    await at.tenant.must('workers.update', { worker_id: at.anna.id, config: { provider: 'claude' } })
    expect(await approve(at, job, at.rosa.credential)).toMatchObject({ ok: false, failure: { code: 'conflict' } })
  })

  it('may be edited as it is shown, and the surroundings stay', async () => {
    const { at, job } = await released({ session_id: 's' })
    const { payload } = await review(at, job)
    const edited = { ...(payload as object), prompt: 'better', session_id: 'mine' }
    await at.tenant.must('reviews.decide', { review_id: job.review_id ?? 0, verdict: 'edit', payload: edited }, at.rosa.credential)
    const [offer] = await at.tenant.offers(at.anna)
    expect(offer?.job).toMatchObject({ id: job.id, prompt: 'better', session_id: 's' })
    clock.pass(1)
  })

  it('is verified as it was made when it is of before', async () => {
    const { at, job } = await released({ session_id: 's' })
    const old = { prompt: 'Summarise', input: null }
    const digest = sha256(canonicalJson({ artifacts: [], capability, payload: old }))
    await tamper(
      at.tenant,
      `update reviews set asked_digest = '${digest}', doc = json_set(doc, '$.digest', '${digest}') where id = ${job.review_id}`,
    )
    await tamper(at.tenant, `update review_payloads set payload = '${JSON.stringify(old)}' where review_id = ${job.review_id}`)
    expect((await approve(at, job, at.rosa.credential)).ok).toBe(true)
    expect((await at.tenant.offers(at.anna)).map((offer) => offer.job.id)).toEqual([job.id])
  })
})

it('a decision that came without a digest says so in the trail', async () => {
  const at = await scene()
  const job = await at.tenant.must('jobs.dispatch', { prompt: 'x', capability })
  const { digest } = await review(at, job)
  await approve(at, job, at.rosa.credential)
  const second = await at.tenant.must('jobs.dispatch', { prompt: 'x', capability })
  expect((await review(at, second)).digest).toBe(digest)
  await at.tenant.must('reviews.decide', { review_id: second.review_id ?? 0, verdict: 'approve', digest }, at.rosa.credential)
  const summaries = await said(at.tenant, 'review.approve')
  expect(summaries.map((text) => text.includes('without a digest'))).toEqual([true, false])
})
