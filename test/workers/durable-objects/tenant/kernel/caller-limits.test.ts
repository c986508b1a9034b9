/** Says that no caller has an unlimited right to write, to register, or to be listened to. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { limits } from '@modelreins/contract'
import { failureOf, frozenTime, TestTenant, type WorkerHandle } from '../harness.ts'
import { TestSocket } from '../workers/socket-client.ts'

let clock: ReturnType<typeof frozenTime>
let tenant: TestTenant
let anna: WorkerHandle
beforeEach(async () => {
  clock = frozenTime()
  tenant = await TestTenant.create()
  anna = await tenant.worker('anna', [{ name: 'watched', risk_tier: 'audit' }])
})
afterEach(() => {
  vi.useRealTimers()
})

it('submits so many reviews in a minute, told when to go on, while others go on', async () => {
  const bert = await tenant.worker('bert')
  const submit = (by: WorkerHandle, title: string) => tenant.as(by.credential, 'reviews.submit', { title, idempotency_key: title })
  for (let n = 0; n < limits.reviews_per_minute; n += 1) expect((await submit(anna, `${n}`)).ok).toBe(true)
  expect(await submit(anna, 'more')).toMatchObject({ ok: false, failure: { code: 'rate-limited', retry_after_ms: 60_000 } })
  // The same again is no other one.
  expect((await submit(anna, '0')).ok).toBe(true)
  expect((await submit(bert, 'mine')).ok).toBe(true)
  clock.pass(60_000)
  expect((await submit(anna, 'more')).ok).toBe(true)
})

it('writes so many rows of the trail in a minute, and is not held up in the jobs it has', async () => {
  await tenant.present(anna, { slots: 10 })
  await tenant.must('jobs.dispatch', { prompt: 'p' })
  const [offer] = await tenant.offers(anna)
  if (offer === undefined) throw new Error('no offer')
  const lease = tenant.lease(offer)
  await tenant.must('claims.start', { job_id: offer.job.id }, lease)
  const watched = () => tenant.as(lease, 'claims.authorize', { job_id: offer.job.id, capability: 'watched', action: {} })
  for (let n = 0; n < limits.worker_rows_per_minute; n += 1) if (!(await watched()).ok) throw new Error(`refused after ${n}`)
  expect(failureOf(await watched())).toBe('rate-limited')
  expect(failureOf(await tenant.as(anna.credential, 'reviews.submit', { title: 'x' }))).toBe('rate-limited')
  expect(failureOf(await tenant.as(anna.credential, 'reviews.list', {}))).toBe('ok')
  expect(failureOf(await tenant.as(lease, 'claims.complete', { job_id: offer.job.id, result: 'ok' }))).toBe('ok')
  clock.pass(60_000)
  expect(failureOf(await tenant.as(anna.credential, 'reviews.submit', { title: 'x' }))).toBe('ok')
})

it('has so many companions', async () => {
  const report = (instance: string) => tenant.as(tenant.owner, 'presence.report', { instance, status: 'active' })
  for (let n = 0; n < limits.companions; n += 1) expect((await report(`c${n}`)).ok).toBe(true)
  expect(failureOf(await report('one-more'))).toBe('conflict')
  expect((await report('c0')).ok).toBe(true)
})

describe('a socket that says nothing', () => {
  it('gives way to the next ones of its worker, and not one that has said hello', async () => {
    const greeted = await TestSocket.greet(tenant, anna)
    const silent: TestSocket[] = []
    for (let n = 0; n < limits.silent_sockets + 2; n += 1) {
      silent.push(await TestSocket.open(tenant, anna))
      clock.pass(1)
    }
    for (const socket of silent.slice(0, 2)) expect((await socket.untilClosed()).reason).toBe('Say hello first.')
    expect([greeted, ...silent.slice(2)].filter((socket) => socket.closed !== undefined)).toEqual([])
    for (const socket of [greeted, ...silent]) socket.close()
  })

  it('is closed after a while', async () => {
    const socket = await TestSocket.open(tenant, anna)
    expect((await socket.untilClosed()).reason).toBe('Say hello first.')
  })
})

it('has no name that another member has, seen with the eyes', async () => {
  await tenant.member('Rosa', 'reviewer')
  const answer = await tenant.call('members.create', { name: 'Rоsa', role: 'operator' })
  expect(answer).toMatchObject({ ok: false, failure: { code: 'name-taken' } })
  expect(answer.ok ? '' : answer.failure.detail).toMatch(/looks like that of Rosa \(mb\w+\)/)
})
