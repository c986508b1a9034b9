/** Says what becomes of jobs for one worker once that worker is revoked: they go on along their chain, or fail at once and say what to do. */
import type { Input, Job } from '@modelreins/contract'
import { abortAllDurableObjects, runInDurableObject } from 'cloudflare:test'
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
  anna = await tenant.worker('anna')
  bert = await tenant.worker('bert')
})
afterEach(() => {
  vi.useRealTimers()
})

const dispatch = (more: Partial<Input<'jobs.dispatch'>> = {}): Promise<Job> =>
  tenant.must('jobs.dispatch', { prompt: 'x', target: 'bert', ...more })
const get = ({ id }: Pick<Job, 'id'>): Promise<Job> => tenant.must('jobs.get', { job_id: id })
const revoke = ({ id }: WorkerHandle) => tenant.must('workers.revoke', { worker_id: id })
const retry = (job: Job, more: { readonly target?: string | null } = {}) => tenant.call('jobs.retry', { job_id: job.id, ...more })
const detailOf = (answer: Awaited<ReturnType<typeof retry>>): string => (answer.ok ? 'ok' : answer.failure.detail)
async function start(worker: WorkerHandle) {
  await tenant.present(worker)
  const [offer] = await tenant.offers(worker)
  if (offer === undefined) throw new Error(`${worker.name} was offered nothing`)
  await tenant.must('claims.start', { job_id: offer.job.id }, tenant.lease(offer))
  return offer
}
const alarm = (): Promise<void> => runInDurableObject(tenant.raw, (instance) => (instance as unknown as { alarm(): Promise<void> }).alarm())

describe('a job whose target is revoked', () => {
  it('fails at once, and says what to do', async () => {
    const job = await dispatch()
    const unpinned = await tenant.must('jobs.dispatch', { prompt: 'x', prefer: ['bert'] })
    await revoke(bert)
    expect(await get(job)).toMatchObject({
      status: 'failed',
      error: {
        type: 'target_revoked',
        message: `bert, its target, was revoked before it started. Retry it with another target: POST /api/v1/jobs/${job.id}/retry with \`target\`, a worker or null for any.`,
        retryable: false,
      },
    })
    expect((await get(unpinned)).status).toBe('pending')
    expect((await tenant.must('jobs.why', { job_id: job.id })).answer).toContain('target_revoked')
  })

  it('fails when an attempt of it ran, although it has attempts left', async () => {
    const job = await dispatch({ max_attempts: 3 })
    await start(bert)
    await revoke(bert)
    expect(await get(job)).toMatchObject({
      status: 'failed',
      error: { type: 'target_revoked', message: expect.stringContaining('after attempt 1 began') },
    })
  })

  it('fails also while it waits for its next attempt, for its time, or for its key', async () => {
    const tried = await dispatch({ max_attempts: 2 })
    const offer = await start(bert)
    const error = { type: 'network', message: 'It broke', retryable: true }
    await tenant.must('claims.fail', { job_id: tried.id, error }, tenant.lease(offer))
    const later = await dispatch({ not_before: new Date(clock.now + 60 * minute).toISOString() })
    await dispatch({ target: 'anna', concurrency: { key: 'k' } })
    const behind = await dispatch({ concurrency: { key: 'k' } })
    expect([await get(tried), await get(later), await get(behind)].map(({ status, hold }) => [status, hold])).toEqual([
      ['retry', null],
      ['pending', 'schedule'],
      ['pending', 'key'],
    ])
    await revoke(bert)
    for (const job of [tried, later, behind]) expect(await get(job)).toMatchObject({ status: 'failed', error: { type: 'target_revoked' } })
  })

  it('withdraws the review that it waited for', async () => {
    const strict = await tenant.worker('strict', [{ name: 'mail.send', risk_tier: 'approve' }])
    const job = await dispatch({ target: 'strict', capability: 'mail.send' })
    await revoke(strict)
    expect((await get(job)).error?.type).toBe('target_revoked')
    expect((await tenant.must('reviews.get', { review_id: job.review_id ?? 0 })).status).toBe('withdrawn')
  })

  it('takes many of them in portions, also past a cold start', async () => {
    for (let round = 0; round < 3; round += 1)
      await tenant.must('jobs.dispatch_batch', {
        jobs: Array.from({ length: 400 }, () => ({ prompt: 'x', target: 'bert', effort: 'trivial' as const })),
      })
    await revoke(bert)
    await abortAllDurableObjects()
    for (let ring = 0; ring < 3; ring += 1) {
      clock.pass(1_000)
      await alarm()
    }
    for (const job_id of [1, 600, 1_200]) expect((await tenant.must('jobs.get', { job_id })).error?.type).toBe('target_revoked')
    const left = await tenant.must('jobs.abort_many', { status: ['pending'], dry_run: true })
    expect(left.count).toBe(0)
  })
})

describe('its fallback chain', () => {
  const fallback = [
    { target: 'anna', after: 'rate_limited' as const },
    { target: 'anna', after: 'offline' as const },
  ]

  it('goes on at the step for somebody who is not there, or has failed', async () => {
    const waiting = await dispatch({ fallback })
    const later = await dispatch({ fallback, not_before: new Date(clock.now + 60 * minute).toISOString() })
    await revoke(bert)
    expect(await get(waiting)).toMatchObject({ status: 'pending', assigned_to: 'anna', fallback: { step: 2, after: 'offline' } })
    expect(await get(later)).toMatchObject({ status: 'pending', hold: 'schedule', target: 'anna', not_before: later.not_before })
    expect((await start(anna)).job.id).toBe(waiting.id)
  })

  it('waits at a step for a worker that may come back, and fails where no registered one fits', async () => {
    await tenant.must('workers.pause', { worker_id: anna.id })
    const kept = await dispatch({ fallback: [{ target: 'anna', after: 'failed' }] })
    const lost = await dispatch({ fallback: [{ provider: 'codex', after: 'failed' }] })
    await revoke(bert)
    expect(await get(kept)).toMatchObject({ status: 'pending', target: 'anna', fallback: { step: 1, after: 'failed' } })
    expect(await get(lost)).toMatchObject({ status: 'failed', error: { type: 'target_revoked' } })
  })

  it('takes a running job on, and one that waits for a decision by a review of its own', async () => {
    const running = await dispatch({ fallback })
    await start(bert)
    const strict = await tenant.worker('strict', [{ name: 'mail.send', risk_tier: 'approve' }])
    await tenant.worker('loose', [{ name: 'mail.send', risk_tier: 'auto' }])
    const held = await dispatch({ target: 'strict', capability: 'mail.send', fallback: [{ target: 'loose', after: 'offline' }] })
    await revoke(bert)
    await revoke(strict)
    expect(await get(running)).toMatchObject({ status: 'pending', target: 'anna', attempt: 1, fallback: { step: 2 } })
    const asked = await get(held)
    expect(asked).toMatchObject({ status: 'pending', hold: 'review', target: 'loose', fallback: { step: 1 } })
    expect(asked.review_id).not.toBe(held.review_id)
    expect((await tenant.must('reviews.get', { review_id: held.review_id ?? 0 })).status).toBe('superseded')
  })
})

describe('a retry of it', () => {
  it('names another target, or none', async () => {
    const [first, second] = [await dispatch(), await dispatch()]
    await revoke(bert)
    expect(detailOf(await retry(first))).toBe(
      `bert, the target of job ${first.id}, was revoked: retry it with another \`target\`, or with null for any worker.`,
    )
    expect(detailOf(await retry(first, { target: 'bert' }))).toBe('bert was revoked at 2036-06-01T12:00:00.000Z.')
    // The same call will not succeed later.
    expect(await retry(first, { target: 'nobody' })).toMatchObject({
      failure: { detail: 'There is no worker named nobody: GET /api/v1/workers lists them.', retryable: false },
    })
    expect(await retry(first, { target: 'anna' })).toMatchObject({
      ok: true,
      value: { status: 'pending', target: 'anna', worker_id: anna.id },
    })
    expect(await retry(second, { target: null })).toMatchObject({ ok: true, value: { status: 'pending', target: null } })
    await tenant.present(anna)
    expect((await tenant.offers(anna, 2)).map((offer) => offer.job.id)).toEqual([first.id, second.id])
  })

  it('goes to whoever has the name by now, unless the target was one worker by its id', async () => {
    const [named, exact] = [await dispatch(), await dispatch({ target: bert.id })]
    await revoke(bert)
    const namesake = await tenant.worker('bert')
    for (const job of [named, exact]) expect((await get(job)).status).toBe('failed')
    expect(await retry(named)).toMatchObject({ ok: true, value: { status: 'pending', worker_id: namesake.id } })
    expect(failureOf(await retry(exact))).toBe('wrong-state')
  })

  it('is refused where the new target may not do it', async () => {
    await tenant.worker('able', [{ name: 'mail.send', risk_tier: 'auto' }])
    const able = await tenant.worker('able2', [{ name: 'mail.send', risk_tier: 'auto' }])
    const job = await dispatch({ target: 'able2', capability: 'mail.send' })
    await revoke(able)
    expect(failureOf(await retry(job, { target: 'anna' }))).toBe('capability-not-declared')
    expect(failureOf(await retry(job, { target: 'able' }))).toBe('ok')
  })
})

describe('what names a revoked worker later', () => {
  it('is refused, and says when it was revoked and where the name comes from', async () => {
    await dispatch({ thread_id: 't' })
    await tenant.must('threads.update', { thread_id: 't', defaults: { target: 'bert' } })
    await tenant.must('schedules.create', {
      name: 'hourly',
      cron: '0 * * * *',
      job: { prompt: 'x', target: 'bert', when_offline: 'queue' },
    })
    await revoke(bert)
    const gone = 'bert was revoked at 2036-06-01T12:00:00.000Z.'
    const plain = await tenant.call('jobs.dispatch', { prompt: 'x', target: 'bert' })
    expect(plain).toMatchObject({ failure: { code: 'no-eligible-worker', detail: gone } })
    const inThread = await tenant.call('jobs.dispatch', { prompt: 'x', thread_id: 't' })
    expect(inThread).toMatchObject({
      failure: {
        detail: `${gone} It is the default target of the thread t: PATCH /api/v1/threads/t with other \`defaults\`, or name a \`target\`.`,
      },
    })
    clock.pass(60 * minute)
    await alarm()
    const [schedule] = (await tenant.must('schedules.list', {})).items
    expect(schedule?.last_runs).toMatchObject([{ outcome: 'refused', code: 'no-eligible-worker', detail: gone }])
  })
})
