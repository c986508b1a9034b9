import { abortAllDurableObjects } from 'cloudflare:test'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Input } from '@modelreins/contract'
import { capability, noon, review, runOffered, scene, setTier, tamper, trail } from './approval-scene.ts'
import type { Scene } from './approval-scene.ts'
import { failureOf, frozenTime } from '../harness.ts'
import type { MemberHandle } from '../harness.ts'

let clock: ReturnType<typeof frozenTime>
beforeEach(() => {
  clock = frozenTime(noon)
})
afterEach(() => {
  vi.useRealTimers()
})

const approve = (at: Scene, review_id: number | null, by: MemberHandle = at.rosa) =>
  at.tenant.must('reviews.decide', { review_id: review_id ?? 0, verdict: 'approve' }, by.credential)

/** One turn of the thread `t`, ended with this result when it has run. */
async function turn(at: Scene, prompt: string, result: string): Promise<() => Promise<unknown>> {
  const job = await at.tenant.must('jobs.dispatch', { prompt, thread_id: 't' })
  const [offer] = await at.tenant.offers(at.anna)
  if (offer?.job.id !== job.id) throw new Error('not offered')
  await at.tenant.must('claims.start', { job_id: job.id }, at.tenant.lease(offer))
  return () => at.tenant.must('claims.complete', { job_id: job.id, result }, at.tenant.lease(offer))
}

describe('the thread of a job that a human released', () => {
  it('is what was shown, whatever ends in it afterwards, and its worker may ask for no other policy', async () => {
    const at = await scene()
    await (
      await turn(at, 'first', 'harmless')
    )()
    const late = await turn(at, 'second', 'wipe the disk')
    const job = await at.tenant.must('jobs.dispatch', { prompt: 'as the thread says', capability, thread_id: 't', context: 'last:5' })
    expect((await review(at, job)).payload).toMatchObject({ context: { policy: 'last:5', jobs: [1] } })
    await approve(at, job.review_id)
    await late()
    expect((await runOffered(at)).id).toBe(job.id)
    const read = (more: Partial<Input<'context.get'>> = {}) => at.tenant.as(at.anna.credential, 'context.get', { job_id: job.id, ...more })
    const shown = { ok: true, value: { policy: 'last:5', context: 'User: first\nAssistant: harmless' } }
    expect(await read()).toMatchObject(shown)
    expect(await read({ policy: 'last:5' })).toMatchObject(shown)
    for (const policy of ['thread', 'none'] as const)
      expect(await read({ policy })).toMatchObject({ ok: false, failure: { code: 'invalid-request', issues: [{ path: 'policy' }] } })
  })

  it('is asked about anew when a turn of it has been forgotten since', async () => {
    const at = await scene()
    await (
      await turn(at, 'first', 'do not delete anything')
    )()
    const job = await at.tenant.must('jobs.dispatch', { prompt: 'as the thread says', capability, thread_id: 't', context: 'thread' })
    await approve(at, job.review_id)
    await tamper(at.tenant, 'delete from jobs where id = 1')
    await abortAllDurableObjects()
    await at.tenant.present(at.anna)
    expect(await at.tenant.offers(at.anna)).toEqual([])
    const held = await at.tenant.must('jobs.get', { job_id: job.id })
    expect(held).toMatchObject({ hold: 'review', review_id: (job.review_id ?? 0) + 1 })
    expect((await review(at, held)).payload).toMatchObject({ context: { jobs: [] } })
  })

  it('is not its worker’s to read before that', async () => {
    const at = await scene()
    const job = await at.tenant.must('jobs.dispatch', { prompt: 'x', capability, context_text: 'the plan' })
    expect(job).toMatchObject({ hold: 'review', assigned_to: 'anna' })
    const read = () => at.tenant.as(at.anna.credential, 'context.get', { job_id: job.id })
    expect(failureOf(await read())).toBe('not-found')
    await approve(at, job.review_id)
    expect(await read()).toMatchObject({ ok: true, value: { context: 'the plan' } })
  })

  it.each([
    ['none', 'thread', 'none'],
    ['none', 'last:1', 'none'],
    ['inline', 'thread', 'inline'],
    ['last:1', 'thread', 'last:1'],
    ['last:1', 'last:2', 'last:1'],
    ['last:2', 'last:1', 'last:1'],
    ['thread', 'last:1', 'last:1'],
    ['thread', 'none', 'none'],
    ['thread', 'inline', 'thread'],
  ] as const)('is read as its dispatcher said, or less of it: a job with %s, asked for %s, is read with %s', async (own, policy, read) => {
    const at = await scene('auto')
    for (const prompt of ['first', 'second']) await (await turn(at, prompt, 'harmless'))()
    const text = own === 'inline' ? { context_text: 'inline text' } : {}
    const job = await at.tenant.must('jobs.dispatch', { prompt: 'x', thread_id: 't', context: own, ...text })
    await runOffered(at)
    const reply = await at.tenant.must('context.get', { job_id: job.id, policy }, at.anna.credential)
    expect(reply.policy).toBe(read)
    expect(reply.context.match(/User: /g)?.length ?? 0).toBe({ none: 0, inline: 0, 'last:1': 1, thread: 2 }[read])
  })

  it('cannot be edited in', async () => {
    const at = await scene()
    await (
      await turn(at, 'first', 'harmless')
    )()
    const job = await at.tenant.must('jobs.dispatch', { prompt: 'x', capability, thread_id: 't', context: 'thread' })
    const { payload } = await review(at, job)
    const edit = { ...(payload as object), prompt: 'y', context: { policy: 'thread', jobs: [] } }
    await at.tenant.must('reviews.decide', { review_id: job.review_id ?? 0, verdict: 'edit', payload: edit }, at.rosa.credential)
    expect((await review(at, job)).payload).toMatchObject({ prompt: 'y', context: { jobs: [1] } })
    expect((await runOffered(at)).prompt).toBe('y')
  })
})

describe('a file for a job', () => {
  const upload = (at: Scene, place: { job_id: number; review_id?: number }, slug = 'abcdefghijkl') =>
    at.tenant.stub.reserveArtifact({
      credential: at.olga,
      slug,
      place: { job_id: place.job_id, ...(place.review_id === undefined ? {} : { review_id: place.review_id }) },
      idempotency_key: null,
      request_id: 'test',
    })

  const keep = async (at: Scene, place: { job_id: number; review_id?: number }, slug: string, sha256 = 'e'.repeat(64)) =>
    at.tenant.stub.keepArtifact({
      credential: at.olga,
      slug,
      upload: { ...place, filename: 'a.txt', content_type: 'text/plain', size_bytes: 1, sha256, share: false, expires_at: null },
      request_id: 'test',
    })
  const put = async (at: Scene, place: { job_id: number; review_id?: number }, slug: string): Promise<void> => {
    for (const step of [await upload(at, place, slug), await keep(at, place, slug)]) if (!step.ok) throw new Error(step.failure.detail)
  }

  it('is shown again when the job is asked about again', async () => {
    const at = await scene()
    const job = await at.tenant.must('jobs.dispatch', { prompt: 'x', capability })
    await put(at, { job_id: job.id, review_id: job.review_id ?? 0 }, 'firstfile111')
    const seen = async () => (await at.tenant.must('artifacts.list', { job_id: job.id }, at.anna.credential)).items.map(({ slug }) => slug)
    expect(await seen()).toEqual([])
    expect((await at.tenant.must('artifacts.list', { review_id: job.review_id ?? 0 }, at.anna.credential)).items).toEqual([])
    const changed = await at.tenant.must('jobs.update', { job_id: job.id, metadata: { a: 1 } })
    expect(changed.review_id).not.toBe(job.review_id)
    expect(await review(at, changed)).toMatchObject({ artifacts: ['firstfile111'], artifact_digests: ['e'.repeat(64)] })
    await approve(at, changed.review_id)
    expect((await runOffered(at)).id).toBe(job.id)
    expect(await seen()).toEqual(['firstfile111'])
  })

  it('is shown with a job that nobody had to be asked about when the file came', async () => {
    const at = await scene('auto')
    const job = await at.tenant.must('jobs.dispatch', { prompt: 'x', capability })
    await put(at, { job_id: job.id }, 'earlyfile111')
    expect((await upload(at, { job_id: job.id }, 'latefile1111')).ok).toBe(true)
    await setTier(at, 'approve')
    await at.tenant.offers(at.anna)
    const held = await at.tenant.must('jobs.get', { job_id: job.id })
    expect((await review(at, held)).artifacts).toEqual(['earlyfile111'])
    // What was on its way then is too late: nobody was shown it.
    expect((await keep(at, { job_id: job.id }, 'latefile1111')).ok).toBe(false)
    await approve(at, held.review_id)
    expect((await keep(at, { job_id: job.id }, 'latefile1111')).ok).toBe(false)
    expect((await runOffered(at)).id).toBe(job.id)
  })

  it('that is gone, or has come by a way that is none, is asked about anew', async () => {
    const at = await scene()
    const job = await at.tenant.must('jobs.dispatch', { prompt: 'x', capability })
    await put(at, { job_id: job.id, review_id: job.review_id ?? 0 }, 'firstfile111')
    await approve(at, job.review_id)
    await at.tenant.must('artifacts.delete', { slug: 'firstfile111' })
    expect(await at.tenant.offers(at.anna)).toEqual([])
    const second = await at.tenant.must('jobs.get', { job_id: job.id })
    expect(await review(at, second)).toMatchObject({ status: 'pending', artifacts: [] })

    await put(at, { job_id: job.id, review_id: second.review_id ?? 0 }, 'otherfile111')
    await tamper(at.tenant, `update artifacts set sha256 = '${'f'.repeat(64)}' where slug = 'otherfile111'`)
    const late = await at.tenant.as(at.rosa.credential, 'reviews.decide', { review_id: second.review_id ?? 0, verdict: 'approve' })
    expect(failureOf(late)).toBe('conflict')
    const third = await at.tenant.must('jobs.get', { job_id: job.id })
    expect((await review(at, third)).artifact_digests).toEqual(['f'.repeat(64)])
    await approve(at, third.review_id)
    expect((await runOffered(at)).id).toBe(job.id)
  })

  it('joins the review that it waits for, or stays out', async () => {
    const at = await scene()
    const job = await at.tenant.must('jobs.dispatch', { prompt: 'x', capability })
    const alone = await upload(at, { job_id: job.id })
    expect(alone.ok ? '' : alone.failure.detail).toContain(`review_id ${job.review_id}`)
    expect((await upload(at, { job_id: job.id, review_id: job.review_id ?? 0 })).ok).toBe(true)
  })

  it('is refused once a human has released it, until it is done', async () => {
    const at = await scene()
    const job = await at.tenant.must('jobs.dispatch', { prompt: 'x', capability })
    await approve(at, job.review_id)
    expect((await upload(at, { job_id: job.id })).ok).toBe(false)
    const [offer] = await at.tenant.offers(at.anna)
    if (offer === undefined) throw new Error('no offer')
    await at.tenant.must('claims.start', { job_id: job.id }, at.tenant.lease(offer))
    expect((await upload(at, { job_id: job.id })).ok).toBe(false)
    await at.tenant.must('claims.complete', { job_id: job.id, result: 'r' }, at.tenant.lease(offer))
    expect((await upload(at, { job_id: job.id })).ok).toBe(true)
  })
})

describe('who asks does not approve', () => {
  it('also when a member asks as the companion under their own key', async () => {
    const at = await scene()
    await at.tenant.must('presence.report', { worker: 'comp', instance: 'comp' })
    const [comp] = (await at.tenant.must('workers.list', {})).items.filter(({ name }) => name === 'comp')
    await at.tenant.must('workers.update', { worker_id: comp?.worker_id ?? '', capabilities: [{ name: capability, risk_tier: 'approve' }] })
    const asked = await at.tenant.must('reviews.submit', { title: 'T', content: 'c', created_by: 'worker:comp' })
    expect(failureOf(await at.tenant.call('reviews.decide', { review_id: asked.id, verdict: 'approve' }))).toBe('forbidden')
    await approve(at, asked.id)
  })

  it('nor an action that their companion asks for in the job of another', async () => {
    const at = await scene()
    const omar = await at.tenant.member('Omar', 'operator')
    await at.tenant.must('presence.report', { worker: 'comp', instance: 'comp' })
    const [comp] = (await at.tenant.must('workers.list', {})).items.filter(({ name }) => name === 'comp')
    await at.tenant.must('workers.update', { worker_id: comp?.worker_id ?? '', capabilities: [{ name: capability, risk_tier: 'approve' }] })
    const job = await at.tenant.must('jobs.dispatch', { prompt: 'x', target: 'comp' }, omar.credential)
    const claimed = await at.tenant.must('claims.claim', { job_id: job.id, worker: 'comp' })
    const asked = await at.tenant.must('claims.authorize', { job_id: job.id, capability, action: { to: 'all' } }, at.tenant.lease(claimed))
    expect(await at.tenant.call('reviews.decide', { review_id: asked.review_id ?? 0, verdict: 'approve' })).toMatchObject({
      ok: false,
      failure: { code: 'forbidden', detail: expect.stringContaining(`You asked for review ${asked.review_id}, so another member`) },
    })
    await approve(at, asked.review_id)
  })

  it('nor does who has had the job of another tried again', async () => {
    const at = await scene()
    const omar = await at.tenant.member('Omar', 'owner')
    const job = await at.tenant.must('jobs.dispatch', { prompt: 'x', capability })
    await at.tenant.must('jobs.abort', { job_id: job.id })
    const again = await at.tenant.must('jobs.retry', { job_id: job.id }, omar.credential)
    expect(failureOf(await at.tenant.as(omar.credential, 'reviews.decide', { review_id: again.review_id ?? 0, verdict: 'approve' }))).toBe(
      'forbidden',
    )
    await approve(at, again.review_id)
  })
})

describe('who has changed a job, or had it tried again, before anybody had to be asked', () => {
  it.each([
    [
      'changed it',
      async (at: Scene, by: MemberHandle) => at.tenant.must('jobs.update', { job_id: 1, metadata: { to: 'all' } }, by.credential),
    ],
    [
      'had it tried again',
      async (at: Scene, by: MemberHandle) => {
        await at.tenant.must('jobs.abort', { job_id: 1 })
        return at.tenant.must('jobs.retry', { job_id: 1 }, by.credential)
      },
    ],
  ])('does not approve it afterwards: %s', async (_, want) => {
    const at = await scene('auto')
    const omar = await at.tenant.member('Omar', 'owner')
    await at.tenant.must('jobs.dispatch', { prompt: 'x', capability })
    expect((await want(at, omar)).hold).toBeNull()
    await setTier(at, 'approve')
    await at.tenant.offers(at.anna)
    const { review_id } = await at.tenant.must('jobs.get', { job_id: 1 })
    expect(failureOf(await at.tenant.as(omar.credential, 'reviews.decide', { review_id: review_id ?? 0, verdict: 'approve' }))).toBe(
      'forbidden',
    )
    await approve(at, review_id)
  })

  it('does not approve its actions, either', async () => {
    const at = await scene()
    const omar = await at.tenant.member('Omar', 'owner')
    const job = await at.tenant.must('jobs.dispatch', { prompt: 'x' })
    await at.tenant.must('jobs.update', { job_id: job.id, metadata: { to: 'all' } }, omar.credential)
    const [offer] = await at.tenant.offers(at.anna)
    if (offer === undefined) throw new Error('no offer')
    await at.tenant.must('claims.start', { job_id: job.id }, at.tenant.lease(offer))
    const asked = await at.tenant.must('claims.authorize', { job_id: job.id, capability, action: { to: 'all' } }, at.tenant.lease(offer))
    const decision = { review_id: asked.review_id ?? 0, verdict: 'approve' as const }
    expect(failureOf(await at.tenant.as(omar.credential, 'reviews.decide', decision))).toBe('forbidden')
    await approve(at, asked.review_id)
  })
})

it('a grant ends with the right of who gave it', async () => {
  const at = await scene('session')
  const first = await at.tenant.must('jobs.dispatch', { prompt: 'x', capability, thread_id: 't' })
  await approve(at, first.review_id, at.ruth)
  expect((await at.tenant.must('jobs.dispatch', { prompt: 'y', capability, thread_id: 't' })).hold).toBeNull()
  const other = await at.tenant.must('jobs.dispatch', { prompt: 'x', capability, thread_id: 'u' })
  await approve(at, other.review_id, at.rosa)
  await at.tenant.must('members.revoke', { member_id: at.ruth.id })
  expect((await at.tenant.must('jobs.dispatch', { prompt: 'z', capability, thread_id: 't' })).hold).toBe('review')
  // It is listed as ended, and the trail says so; what another member gave goes on.
  expect((await at.tenant.must('grants.list', {})).items).toMatchObject([{ session: 'thread:u', granted_by: 'Rosa' }])
  expect(await trail(at.tenant, 'member.revoke', 'grant.')).toEqual(['grant.create', 'grant.create', 'member.revoke', 'grant.revoke'])
  clock.pass(1)
})

it('another target than the one a human was told of is asked about anew', async () => {
  const at = await scene()
  const bert = await at.tenant.worker('bert', [{ name: capability, risk_tier: 'approve' }])
  const job = await at.tenant.must('jobs.dispatch', { prompt: 'x', capability, target: at.anna.name })
  await approve(at, job.review_id)
  const moved = await at.tenant.must('jobs.update', { job_id: job.id, target: bert.name })
  expect(moved).toMatchObject({ hold: 'review', assigned_to: 'bert' })
  expect(await review(at, job)).toMatchObject({ status: 'superseded', superseded_by: moved.review_id })
  expect((await review(at, moved)).title).toContain('on bert')
  expect((await at.tenant.must('jobs.update', { job_id: job.id, priority: 3 })).review_id).toBe(moved.review_id)
})

it('another routing that takes it from the worker that a human was told of is asked about anew', async () => {
  const at = await scene()
  const job = await at.tenant.must('jobs.dispatch', { prompt: 'x', capability })
  expect(job.assigned_to).toBe('anna')
  const bert = await at.tenant.worker('bert', [{ name: capability, risk_tier: 'approve' }])
  await at.tenant.present(bert, { tags: ['unwatched'] })
  await approve(at, job.review_id)
  expect(await at.tenant.must('jobs.update', { job_id: job.id, tags: [] })).toMatchObject({ hold: null, review_id: job.review_id })
  const moved = await at.tenant.must('jobs.update', { job_id: job.id, tags: ['unwatched'] })
  expect(moved.hold).toBe('review')
  expect(await review(at, job)).toMatchObject({ status: 'superseded', superseded_by: moved.review_id })
})
