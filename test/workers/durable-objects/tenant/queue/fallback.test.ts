/** Says how a job goes along its fallback chain: by which causes, once each, with attempts of its own, and never past a human. */
import { limits } from '@modelreins/contract'
import type { Input, Job, Offer } from '@modelreins/contract'
import { abortAllDurableObjects } from 'cloudflare:test'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { failureOf, frozenTime, TestTenant } from '../harness.ts'
import type { WorkerHandle } from '../harness.ts'

const minute = 60_000
let clock: ReturnType<typeof frozenTime>
let tenant: TestTenant
let anna: WorkerHandle
let bert: WorkerHandle
beforeEach(async () => {
  clock = frozenTime()
  tenant = await TestTenant.create()
  anna = await tenant.worker('anna', [], { provider: 'claude', model: 'opus' })
  bert = await tenant.worker('bert', [], { provider: 'codex', model: 'gpt-5' })
})
afterEach(() => {
  vi.useRealTimers()
})

const here = async (...workers: readonly WorkerHandle[]): Promise<void> => {
  for (const worker of workers) await tenant.present(worker)
}
/** Those who are there, and half a minute later, when waiting jobs have been looked at again. */
const lookedAt = async (...workers: readonly WorkerHandle[]): Promise<void> => {
  await here(...workers)
  clock.pass(limits.presence_ms)
}
const dispatch = (more: Partial<Input<'jobs.dispatch'>>): Promise<Job> => tenant.must('jobs.dispatch', { prompt: 'x', ...more })
const get = (job: Pick<Job, 'id'>): Promise<Job> => tenant.must('jobs.get', { job_id: job.id })
async function start(worker: WorkerHandle): Promise<Offer> {
  const [offer] = await tenant.offers(worker)
  if (offer === undefined) throw new Error(`${worker.name} was offered nothing`)
  await tenant.must('claims.start', { job_id: offer.job.id }, tenant.lease(offer))
  return offer
}

async function fail(worker: WorkerHandle, error: Input<'claims.fail'>['error'], more: Partial<Input<'claims.fail'>> = {}): Promise<Offer> {
  const offer = await start(worker)
  await tenant.must('claims.fail', { job_id: offer.job.id, error, ...more }, tenant.lease(offer))
  return offer
}
const broken = { type: 'exit_error', message: 'It broke', retryable: false }
const limit = { type: 'rate_limited', message: 'Limit', retryable: true }

describe('a fallback chain after an attempt', () => {
  it('goes on at once when the job has failed for good: with attempts of its own, audited, and seen in the job, why and the preview', async () => {
    const job = await dispatch({ provider: 'claude', max_attempts: 2, fallback: [{ provider: 'codex', after: 'failed' }] })
    expect(job.fallback).toEqual({
      step: 0,
      after: null,
      asked: { target: null, provider: 'claude', model: null },
      steps: [{ target: null, provider: 'codex', model: null, after: 'failed' }],
    })
    const why = await tenant.must('jobs.why', { job_id: job.id })
    expect(why.fallback).toEqual([{ step: 1, after: 'failed', target: null, provider: 'codex', model: null, worker: 'bert' }])
    await fail(anna, broken)
    await abortAllDurableObjects()
    await here(anna, bert)
    expect(await get(job)).toMatchObject({
      status: 'pending',
      provider: 'codex',
      attempt: 1,
      max_attempts: 3,
      fallback: { step: 1, after: 'failed' },
    })
    expect((await tenant.must('jobs.why', { job_id: job.id })).answer).toContain('It is at step 1 of 1 after failed: provider codex.')
    expect(await tenant.offers(anna)).toEqual([])
    await fail(bert, { ...broken, retryable: true })
    clock.pass(10 * minute)
    await here(anna, bert)
    await fail(bert, broken)
    expect(await get(job)).toMatchObject({ status: 'failed', attempt: 3, fallback: { step: 1 } })
  })

  it('fails where no registered worker may ever take a step, and passes such steps over for one that is only away or paused', async () => {
    await tenant.must('settings.update', { fallback: { standard: [{ target: 'bert', after: 'failed' }] } })
    const avoiding = await dispatch({ avoid: ['bert'], max_attempts: 1 })
    await fail(anna, broken)
    expect(await get(avoiding)).toMatchObject({ status: 'failed', error: broken, fallback: { step: 0 } })
    const steps = [{ provider: 'aider' }, { target: 'bert' }].map((step) => ({ ...step, after: 'failed' as const }))
    const patient = await dispatch({ target: 'anna', fallback: steps })
    await tenant.must('workers.pause', { worker_id: bert.id })
    await fail(anna, broken)
    expect(await get(patient)).toMatchObject({ target: 'bert', fallback: { step: 2 } })
  })

  it('is told the same failure twice and takes one step', async () => {
    const job = await dispatch({
      target: 'anna',
      fallback: [
        { target: 'bert', after: 'failed' },
        { target: 'anna', after: 'failed' },
      ],
    })
    const offer = await fail(anna, broken)
    await tenant.must('claims.fail', { job_id: job.id, error: broken }, tenant.lease(offer))
    await tenant.must('claims.fail', { job_id: job.id, error: broken }, tenant.lease(offer))
    expect(await get(job)).toMatchObject({ target: 'bert', fallback: { step: 1 } })
    expect(failureOf(await tenant.as(tenant.lease(offer), 'claims.complete', { job_id: job.id }))).toBe('lease-lost')
  })

  it('meets a limit: others of the same step with quota first, then the step after rate_limited, past steps of another cause', async () => {
    const carl = await tenant.worker('carl', [], { provider: 'claude', model: 'opus' })
    const job = await dispatch({
      provider: 'claude',
      prefer: ['anna'],
      fallback: [
        { model: 'sonnet', after: 'failed' },
        { provider: 'codex', after: 'rate_limited' },
      ],
    })
    const until = new Date(clock.now + 30 * minute).toISOString()
    await fail(anna, limit, { parked_until: until })
    expect(await get(job)).toMatchObject({ provider: 'claude', fallback: { step: 0 } })
    await fail(carl, limit, { parked_until: until })
    expect(await get(job)).toMatchObject({
      status: 'pending',
      provider: 'codex',
      model: null,
      fallback: { step: 2, after: 'rate_limited' },
    })
    expect((await tenant.offers(bert)).map((offer) => offer.job.id)).toEqual([job.id])
  })

  it('waits for the limit where nobody is there for the step, and goes on when somebody comes', async () => {
    const job = await dispatch({ target: 'anna', fallback: [{ target: 'bert', after: 'rate_limited' }] })
    clock.pass(2 * minute)
    await here(anna)
    const until = new Date(clock.now + 60 * minute).toISOString()
    await fail(anna, { ...limit, retry_at: until }, { parked_until: until })
    expect(await get(job)).toMatchObject({ status: 'retry', target: 'anna', fallback: { step: 0 } })
    await abortAllDurableObjects()
    await here(bert)
    clock.pass(minute)
    await lookedAt(bert)
    expect(await get(job)).toMatchObject({ status: 'pending', target: 'bert', fallback: { step: 1, after: 'rate_limited' } })
  })

  it.each(['denied', 'aborted'])('does not go on after an end that a human decided: %s', async (type) => {
    const job = await dispatch({ target: 'anna', fallback: [{ target: 'bert', after: 'failed' }] })
    await fail(anna, { type, message: 'No', retryable: false })
    expect(await get(job)).toMatchObject({ status: 'failed', fallback: { step: 0 } })
  })

  it('does not take up a lost attempt again once it has gone on', async () => {
    const job = await dispatch({ target: 'anna', max_attempts: 1, fallback: [{ target: 'bert', after: 'failed' }] })
    const offer = await start(anna)
    clock.pass(10 * minute)
    await here(bert)
    expect(await get(job)).toMatchObject({ status: 'pending', target: 'bert', fallback: { step: 1 } })
    await tenant.present(anna, { leases: [{ job_id: job.id, attempt: offer.lease.attempt }] })
    expect(await get(job)).toMatchObject({ status: 'pending', target: 'bert' })
  })
})

describe('a fallback chain of a job that nobody can begin', () => {
  it('begins at a step that somebody is there for, and is refused when nobody is anywhere', async () => {
    clock.pass(10 * minute)
    await here(bert)
    const fallback = [{ target: 'bert', after: 'offline' as const }]
    const preview = await tenant.must('jobs.preview', { prompt: 'x', target: 'anna', fallback })
    expect(preview.answer).toBe('It would be queued for bert. It would begin at step 1 of 1 after offline: bert.')
    expect(await dispatch({ target: 'anna', fallback })).toMatchObject({
      assigned_to: 'bert',
      target: 'bert',
      fallback: { step: 1, after: 'offline', asked: { target: 'anna' } },
    })
    clock.pass(10 * minute)
    const refused = await tenant.call('jobs.dispatch', { prompt: 'x', target: 'anna', fallback })
    expect(failureOf(refused)).toBe('no-live-worker')
    expect(refused.ok ? '' : refused.failure.detail).toContain('No worker is available for the steps of its fallback chain either.')
    expect(await dispatch({ target: 'anna', fallback, when_offline: 'queue' })).toMatchObject({ target: 'anna', fallback: { step: 0 } })
  })

  it('is looked at while it waits: its worker goes away, is paused, or runs out of quota', async () => {
    const gone = await dispatch({ target: 'anna', fallback: [{ target: 'bert', after: 'offline' }] })
    clock.pass(minute)
    await lookedAt(bert)
    expect(await get(gone)).toMatchObject({ assigned_to: 'bert', fallback: { step: 1, after: 'offline' } })
    await here(anna, bert)
    const paused = await dispatch({ target: 'anna', fallback: [{ target: 'bert', after: 'offline' }] })
    await tenant.must('workers.pause', { worker_id: anna.id })
    clock.pass(1)
    expect(await get(paused)).toMatchObject({ target: 'bert' })
    await tenant.must('workers.resume', { worker_id: anna.id })
    const limited = await dispatch({ target: 'anna', fallback: [{ target: 'bert', after: 'rate_limited' }] })
    await tenant.present(anna, { parked_until: new Date(clock.now + 30 * minute).toISOString() })
    clock.pass(1)
    expect(await get(limited)).toMatchObject({ target: 'bert', fallback: { after: 'rate_limited' } })
  })

  it('stays where it is while the reins are pulled', async () => {
    const job = await dispatch({ target: 'anna', fallback: [{ target: 'bert', after: 'offline' }] })
    await tenant.must('killswitch.raise', { level: 2, reason: 'look' })
    clock.pass(10 * minute)
    await here(bert)
    expect(await get(job)).toMatchObject({ target: 'anna', fallback: { step: 0 } })
    await tenant.must('killswitch.clear', { resume_all: true })
    clock.pass(minute)
    await lookedAt(bert)
    expect(await get(job)).toMatchObject({ target: 'bert' })
  })
})

describe('a fallback chain and a human', () => {
  it('asks again at a step to a worker that asks nobody, and never goes on after a no', async () => {
    const olga2 = await tenant.member('Rita', 'reviewer')
    const strict = await tenant.worker('strict', [{ name: 'mail.send', risk_tier: 'approve' }])
    const loose = await tenant.worker('loose', [{ name: 'mail.send', risk_tier: 'auto' }])
    const chain = { capability: 'mail.send', target: 'strict', fallback: [{ target: 'loose', after: 'failed' as const }] }
    const approve = async (job: Job): Promise<void> => {
      const { review_id } = await get(job)
      if (review_id === null) throw new Error('no review')
      const { digest } = await tenant.must('reviews.get', { review_id })
      await tenant.must('reviews.decide', { review_id, verdict: 'approve', digest }, olga2.credential)
    }
    const job = await dispatch(chain)
    expect(job.hold).toBe('review')
    await approve(job)
    await fail(strict, broken)
    const held = await get(job)
    expect(held).toMatchObject({ status: 'pending', hold: 'review', target: 'loose', fallback: { step: 1 } })
    expect(held.review_id).not.toBe(job.review_id)
    expect(await tenant.offers(loose)).toEqual([])
    await approve(job)
    // Each attempt there is asked about, too.
    await fail(loose, { ...broken, retryable: true })
    clock.pass(10 * minute)
    await here(loose, strict)
    expect(await get(job)).toMatchObject({ hold: 'review', attempt: 2 })
    const denied = await dispatch(chain)
    await tenant.must('reviews.decide', { review_id: denied.review_id ?? 0, verdict: 'deny', comment: 'No' }, olga2.credential)
    expect(await get(denied)).toMatchObject({ status: 'failed', fallback: { step: 0 }, error: { type: 'denied' } })
  })

  it('leaves a job that waits for a decision where it is, and asks anew when it then goes on', async () => {
    const rita = await tenant.member('Rita', 'reviewer')
    const strict = await tenant.worker('strict', [{ name: 'mail.send', risk_tier: 'approve' }])
    const loose = await tenant.worker('loose', [{ name: 'mail.send', risk_tier: 'auto' }])
    const job = await dispatch({ capability: 'mail.send', target: 'strict', fallback: [{ target: 'loose', after: 'offline' }] })
    clock.pass(2 * minute)
    await here(loose)
    expect(await get(job)).toMatchObject({ hold: 'review', target: 'strict', fallback: { step: 0 } })
    const review_id = job.review_id ?? 0
    const { digest } = await tenant.must('reviews.get', { review_id })
    await tenant.must('reviews.decide', { review_id, verdict: 'approve', digest }, rita.credential)
    clock.pass(minute)
    await lookedAt(loose)
    expect(await get(job)).toMatchObject({ hold: 'review', target: 'loose', fallback: { step: 1 } })
    expect(await tenant.offers(loose)).toEqual([])
    expect(await tenant.offers(strict)).toEqual([])
  })
})

describe('a chain that says nothing', () => {
  it.each([
    [[{ after: 'failed' }], 'invalid'],
    [[{ target: 'nobody', after: 'failed' }], 'invalid-request'],
    [Array.from({ length: 9 }, () => ({ model: 'x', after: 'failed' })), 'invalid'],
  ])('is refused: %j', async (fallback, code) => {
    const answer = await tenant
      .call('jobs.dispatch', { prompt: 'x', fallback } as Input<'jobs.dispatch'>)
      .then(failureOf)
      .catch(() => 'invalid')
    expect(answer).toBe(code)
  })

  it('is refused in the settings, too, when it leads to nobody', async () => {
    const change = { fallback: { quick: [{ target: 'nobody', after: 'failed' as const }] } }
    const refused = await tenant.call('settings.update', change)
    expect(refused.ok ? '' : refused.failure.detail).toBe('`fallback.quick.0.target` names no worker: nobody.')
  })
})
