import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { limits } from '@modelreins/contract'
import { abortAllDurableObjects, runInDurableObject } from 'cloudflare:test'
import { failureOf, frozenTime, TestTenant } from '../harness.ts'
import { TestSocket } from '../workers/socket-client.ts'

let clock: ReturnType<typeof frozenTime>
beforeEach(() => {
  clock = frozenTime()
})
afterEach(() => {
  vi.useRealTimers()
})

/** What an alarm does: whatever is due. */
const alarm = (tenant: TestTenant): Promise<void> =>
  runInDurableObject(tenant.raw, (instance) => (instance as unknown as { alarm(): Promise<void> }).alarm())

describe('a job whose worker is gone', () => {
  it('goes to another worker with room as soon as the silence shows', async () => {
    const tenant = await TestTenant.create()
    const anna = await tenant.worker('anna')
    await tenant.must('jobs.dispatch', { prompt: 'for anna' })
    const bert = await tenant.worker('bert')
    const socket = await TestSocket.greet(tenant, bert)
    socket.send({ type: 'credit', slots: 1 })
    await tenant.must('presence.list', {})
    expect(await tenant.must('jobs.get', { job_id: 1 })).toMatchObject({ status: 'pending', assigned_to: 'anna' })
    expect(socket.received).toEqual([])
    clock.pass(limits.presence_ms + 1_000)
    await alarm(tenant)
    expect((await socket.next('offer')).job.id).toBe(1)
    expect(anna.name).toBe('anna')
  })

  it('stays with it when it is pinned', async () => {
    const tenant = await TestTenant.create()
    await tenant.worker('anna')
    await tenant.must('jobs.dispatch', { prompt: 'only anna', target: 'anna' })
    const bert = await tenant.worker('bert')
    clock.pass(limits.presence_ms + 1_000)
    await alarm(tenant)
    expect(await tenant.offers(bert)).toEqual([])
    expect((await tenant.must('jobs.why', { job_id: 1 })).answer).toContain('offline')
  })
})

describe('time alone', () => {
  it('expires what nobody started in two hours, and says so', async () => {
    const tenant = await TestTenant.create()
    await tenant.worker('anna')
    await tenant.must('jobs.dispatch', { prompt: 'x' })
    clock.pass(limits.schedule_to_start_ms - 1)
    await alarm(tenant)
    expect(await tenant.must('jobs.get', { job_id: 1 })).toMatchObject({ status: 'pending' })
    clock.pass(1)
    await alarm(tenant)
    expect(await tenant.must('jobs.get', { job_id: 1 })).toMatchObject({ status: 'failed', error: { type: 'expired' } })
  })

  it('keeps an expiry of its own, shorter or longer than the default', async () => {
    const tenant = await TestTenant.create()
    await tenant.worker('anna')
    await tenant.must('jobs.dispatch', { prompt: 'short', expires_in: 60 })
    await tenant.must('jobs.dispatch', { prompt: 'long', expires_in: 86_400 })
    clock.pass(60_000)
    await alarm(tenant)
    expect(await tenant.must('jobs.get', { job_id: 1 })).toMatchObject({ status: 'failed' })
    clock.pass(limits.schedule_to_start_ms)
    await alarm(tenant)
    expect(await tenant.must('jobs.get', { job_id: 2 })).toMatchObject({ status: 'pending' })
  })

  it('offers a scheduled job only when its time has come', async () => {
    const tenant = await TestTenant.create()
    const anna = await tenant.worker('anna')
    const at = new Date(clock.now + 60_000).toISOString()
    expect(await tenant.must('jobs.dispatch', { prompt: 'x', not_before: at })).toMatchObject({ status: 'pending', hold: 'schedule' })
    expect(await tenant.offers(anna)).toEqual([])
    clock.pass(60_000)
    expect((await tenant.offers(anna))[0]?.job.id).toBe(1)
  })

  it('ends an attempt that takes longer than its timeout, while its worker is alive', async () => {
    const tenant = await TestTenant.create()
    const anna = await tenant.worker('anna')
    await tenant.must('jobs.dispatch', { prompt: 'x', timeout: 60, max_attempts: 1 })
    const [offer] = await tenant.offers(anna)
    if (offer === undefined) throw new Error('no offer')
    await tenant.must('claims.start', { job_id: 1 }, tenant.lease(offer))
    for (let passed = 0; passed < 60; passed += 20) {
      clock.pass(20_000)
      await tenant.present(anna, { leases: [{ job_id: 1, attempt: 1 }] })
    }
    expect(await tenant.must('jobs.get', { job_id: 1 })).toMatchObject({ status: 'failed', error: { type: 'timeout' } })
  })

  it('changes nothing twice when an alarm is late or rings again', async () => {
    const tenant = await TestTenant.create()
    await tenant.worker('anna')
    await tenant.must('jobs.dispatch', { prompt: 'x', expires_in: 1 })
    clock.pass(600_000)
    await alarm(tenant)
    await alarm(tenant)
    const rows = await runInDurableObject(tenant.raw, (_, state) =>
      state.storage.sql.exec("select count(*) as n from audit where row like '%job.expire%'").one(),
    )
    expect(rows).toEqual({ n: 1 })
  })
})

describe('the order of the queue', () => {
  it('gives priority a head start, and lets nothing be overtaken for ever', async () => {
    const tenant = await TestTenant.create()
    const anna = await tenant.worker('anna')
    await tenant.must('jobs.dispatch', { prompt: 'first', priority: -10, effort: 'trivial' })
    await tenant.must('jobs.dispatch', { prompt: 'urgent', priority: 10, effort: 'critical' })
    expect((await tenant.offers(anna))[0]?.job.prompt).toBe('urgent')
    clock.pass(31 * 60_000)
    await tenant.present(anna)
    await tenant.must('jobs.dispatch', { prompt: 'late but urgent', priority: 10, effort: 'critical' })
    const order = (await tenant.offers(anna, 3)).map((offer) => offer.job.prompt)
    expect(order.indexOf('first')).toBeLessThan(order.indexOf('late but urgent'))
  })

  it('lets an idle worker take over what waits for a busy one', async () => {
    const tenant = await TestTenant.create()
    const anna = await tenant.worker('anna')
    await tenant.must('jobs.dispatch', { prompt: 'one' })
    await tenant.must('jobs.dispatch', { prompt: 'two' })
    const [offer] = await tenant.offers(anna)
    if (offer === undefined) throw new Error('no offer')
    await tenant.must('claims.start', { job_id: 1 }, tenant.lease(offer))
    const bert = await tenant.worker('bert')
    expect((await tenant.offers(bert))[0]?.job.prompt).toBe('two')
  })
})

describe('many jobs at once', () => {
  it('are aborted by filter, counted first, and only what the filter names', async () => {
    const tenant = await TestTenant.create()
    await tenant.worker('anna')
    for (const thread_id of ['a', 'a', 'b']) await tenant.must('jobs.dispatch', { prompt: 'x', thread_id })
    expect(failureOf(await tenant.call('jobs.abort_many', {}))).toBe('invalid-request')
    expect(await tenant.must('jobs.abort_many', { thread_id: 'a', dry_run: true })).toMatchObject({ count: 2, dry_run: true, remaining: 2 })
    expect(await tenant.must('jobs.abort_many', { thread_id: 'a' })).toEqual({ count: 2, dry_run: false, job_ids: [1, 2], remaining: 0 })
    expect(await tenant.must('jobs.get', { job_id: 3 })).toMatchObject({ status: 'pending' })
    expect(failureOf(await tenant.call('jobs.retry_many', { dry_run: true }))).toBe('invalid-request')
    expect(await tenant.must('jobs.retry_many', { thread_id: 'a' })).toMatchObject({ count: 2, remaining: 0 })
    expect(await tenant.must('jobs.abort_many', { all: true })).toMatchObject({ count: 3 })
  })

  it('are dispatched all or none', async () => {
    const tenant = await TestTenant.create()
    await tenant.worker('anna')
    const answer = await tenant.call('jobs.dispatch_batch', { jobs: [{ prompt: 'a' }, { prompt: 'b', tags: ['gpu'] }] })
    expect(answer.ok ? '' : answer.failure.detail).toContain('jobs[1]')
    expect((await tenant.must('jobs.list', {})).items).toEqual([])
    expect((await tenant.must('jobs.dispatch_batch', { jobs: [{ prompt: 'a' }, { prompt: 'b' }] })).items.map((job) => job.id)).toEqual([
      1, 2,
    ])
  })

  it('are listed newest first in pages that end before they grow too large', async () => {
    const tenant = await TestTenant.create()
    await tenant.worker('anna')
    const prompt = 'x'.repeat(limits.prompt_bytes)
    for (let index = 0; index < 20; index += 1) await tenant.must('jobs.dispatch', { prompt })
    const first = await tenant.must('jobs.list', { limit: 200 })
    expect(first.items.length).toBeLessThan(20)
    const second = await tenant.must('jobs.list', { limit: 200, cursor: first.next_cursor ?? '' })
    expect([...first.items, ...second.items].map((job) => job.id)).toEqual(Array.from({ length: 20 }, (_, index) => 20 - index))
    expect(second.next_cursor).toBeNull()
  })
})

describe('a job whose routing is changed', () => {
  it('is refused what a dispatch of it would be, and otherwise goes to whom the Director picks', async () => {
    const tenant = await TestTenant.create()
    const anna = await tenant.worker('anna', [{ name: 'email.triage', risk_tier: 'auto' }])
    await tenant.worker('bert')
    const job = await tenant.must('jobs.dispatch', { prompt: 'x', capability: 'email.triage' })
    const change = (more: object) => tenant.call('jobs.update', { job_id: job.id, ...more })
    expect(failureOf(await change({ target: 'bert' }))).toBe('capability-not-declared')
    expect(failureOf(await change({ tags: ['gpu'] }))).toBe('no-eligible-worker')
    expect(await tenant.must('jobs.get', { job_id: job.id })).toMatchObject({ assigned_to: 'anna', tags: [] })
    await tenant.present(anna, { tags: ['gpu'] })
    expect(await tenant.must('jobs.update', { job_id: job.id, tags: ['gpu'] })).toMatchObject({ assigned_to: 'anna', tags: ['gpu'] })
  })
})

describe('why a job waits', () => {
  it('names whom it waits for, how that one stands, and all that comes first there', async () => {
    const tenant = await TestTenant.create()
    const [anna] = [await tenant.worker('anna'), await tenant.worker('bert')]
    for (const prompt of ['a', 'b', 'c']) await tenant.must('jobs.create', { prompt })
    clock.pass(1)
    const pinned = await tenant.must('jobs.dispatch', { prompt: 'd', target: 'anna' })
    const why = async () => tenant.must('jobs.why', { job_id: pinned.id })
    expect(await why()).toMatchObject({ ahead: 3, answer: expect.stringContaining('assigned to anna (live, 0 of 1 slots in use)') })
    const [offer] = await tenant.offers(anna)
    if (offer === undefined) throw new Error('no offer')
    await tenant.must('claims.start', { job_id: offer.job.id }, tenant.lease(offer))
    expect(await why()).toMatchObject({ ahead: 2, answer: expect.stringContaining('anna (busy, 1 of 1 slots in use)') })
    expect((await why()).answer).toContain('pinned')
    const bert = (await why()).workers.find(({ name }) => name === 'bert')
    expect(bert?.reasons[0]).toBe('is live, 0 of 1 slots in use')
  })

  it('and why nobody live may have it, is said with the refusal', async () => {
    const tenant = await TestTenant.create()
    await tenant.must('workers.register', { name: 'away', capabilities: [{ name: 'email.triage', risk_tier: 'auto' }] })
    await tenant.worker('here')
    const answer = await tenant.call('jobs.dispatch', { prompt: 'x', capability: 'email.triage' })
    expect(answer.ok ? '' : answer.failure.detail).toMatch(/offline: away.*Not eligible: here/)
  })
})

it('a worker that was there before a cold start counts as there for a moment, not for minutes', async () => {
  const tenant = await TestTenant.create()
  await tenant.worker('anna')
  await abortAllDurableObjects()
  const state = async () => (await tenant.must('presence.list', {})).items[0]?.state
  expect(await state()).not.toBe('offline')
  clock.pass(limits.presence_ms + 1)
  expect(await state()).toBe('offline')
})

it('a job expires on time whatever its priority, and nobody is woken for it again and again before', async () => {
  const tenant = await TestTenant.create()
  await tenant.worker('anna')
  const { id } = await tenant.must('jobs.dispatch', {
    prompt: 'x',
    effort: 'trivial',
    priority: limits.priority_min,
    when_offline: 'queue',
  })
  const state = async () => (await tenant.must('jobs.get', { job_id: id })).status
  clock.pass(limits.schedule_to_start_ms - 5_000)
  expect(await state()).toBe('pending')
  // What memory waits for is the expiry itself, not a time that has passed already.
  const due = await runInDurableObject(tenant.raw, (_, object) => object.storage.getAlarm())
  expect(due).toBeGreaterThan(clock.now)
  clock.pass(5_000)
  expect(await state()).toBe('failed')
})
