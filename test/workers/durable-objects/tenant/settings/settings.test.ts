/** Says what a tenant's settings change, and that each of them has a reader. */
import { tenantSettingNames, tenantSettingRows } from '@modelreins/contract'
import type { Input, Job, TenantSettings } from '@modelreins/contract'
import { abortAllDurableObjects } from 'cloudflare:test'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { failureOf, frozenTime, TestTenant } from '../harness.ts'
import type { WorkerHandle } from '../harness.ts'

const day = 86_400_000
let clock: ReturnType<typeof frozenTime>
let tenant: TestTenant
let anna: WorkerHandle
beforeEach(async () => {
  clock = frozenTime()
  tenant = await TestTenant.create()
  anna = await tenant.worker('anna')
})
afterEach(() => {
  vi.useRealTimers()
})

/** One setting changed: the compiler does not follow a name that is computed. */
const change = (name: string, value: unknown): Promise<TenantSettings> =>
  tenant.must('settings.update', { [name]: value } as Input<'settings.update'>)

const inHand = async () => {
  await tenant.must('work.join', { name: 'olga' })
  const { id } = await job({ target: 'olga' })
  return (await tenant.must('work.start', { job_id: id })).item.claim
}

const job = (more = {}): Promise<Job> => tenant.must('jobs.dispatch', { prompt: 'x', ...more })

/** A value that is not the default, and how to see that it is in force. */
const readers: { readonly [Name in (typeof tenantSettingNames)[number]]: readonly [unknown, () => Promise<void>] } = {
  require_capability: [true, async () => void (await tenant.must('settings.get', {}))],
  default_effort: ['deep', async () => void expect(await job()).toMatchObject({ effort: 'deep', max_attempts: 4 })],
  default_mode: ['local', async () => void expect(await job()).toMatchObject({ mode: 'local' })],
  default_expires_in: [60, async () => void expect(Date.parse((await job()).expires_at ?? '')).toBe(clock.now + 60_000)],
  when_offline: [
    'queue',
    async () => {
      clock.pass(10 * 60_000)
      expect((await job()).status).toBe('pending')
    },
  ],
  attempts: [
    { quick: 7 },
    async () => {
      expect([(await job({ effort: 'quick' })).max_attempts, (await job()).max_attempts]).toEqual([7, 3])
      expect((await tenant.must('settings.get', {})).attempts).toEqual({ ...tenantSettingRows.attempts.otherwise, quick: 7 })
    },
  ],
  fallback: [
    { quick: [{ target: 'anna', after: 'failed' }] },
    async () => {
      expect((await job({ effort: 'quick' })).fallback).toMatchObject({ step: 0, steps: [{ target: 'anna', after: 'failed' }] })
      // Who names a place, or a chain, means it.
      for (const more of [{}, { effort: 'quick', target: 'anna' }, { effort: 'quick', fallback: [] }])
        expect((await job(more)).fallback).toBeUndefined()
    },
  ],
  default_merge: [
    'vote',
    async () => {
      await tenant.worker('bert')
      expect((await job({ targets: ['anna', 'bert'] })).merge?.by).toBe('vote')
      expect((await job({ targets: ['anna', 'bert'], merge: { by: 'concat' } })).merge?.by).toBe('concat')
    },
  ],
  person_reminder: [
    60,
    async () => {
      const claim = await inHand()
      expect(Date.parse(claim?.remind_at ?? '')).toBe(clock.now + 60_000)
    },
  ],
  person_hand_back: [
    120,
    async () => {
      const claim = await inHand()
      expect(Date.parse(claim?.hand_back_at ?? '')).toBe(clock.now + 120_000)
    },
  ],
  person_expires_in: [
    3_600,
    async () => {
      await tenant.must('work.join', { name: 'olga', capabilities: [{ name: 'sign', risk_tier: 'auto' }] })
      // One of several who are asked: whoever waits for all of them waits for the person.
      const child = async () => {
        const { children } = await job({ targets: ['anna', 'olga'], merge: { by: 'concat' } })
        return tenant.must('jobs.get', { job_id: children?.[1]?.job_id ?? 0 })
      }
      const byTarget = await job({ target: 'olga' })
      const bySubstrate = await job({ substrate: 'carbon' })
      for (const made of [byTarget, bySubstrate, await job({ capability: 'sign' }), await child()])
        expect(Date.parse(made.expires_at ?? '')).toBe(clock.now + 3_600_000)
      expect(Date.parse((await job()).expires_at ?? '')).toBe(clock.now + 7_200_000)
    },
  ],
  merge_deadline: [
    60,
    async () => {
      await tenant.worker('bert')
      const { id } = await job({ targets: ['anna', 'bert'], merge: { by: 'concat' } })
      const own = await job({ targets: ['anna', 'bert'], merge: { by: 'concat', deadline: 600 } })
      clock.pass(61_000)
      expect((await tenant.must('jobs.get', { job_id: id })).status).toBe('failed')
      expect((await tenant.must('jobs.get', { job_id: own.id })).status).toBe('running')
    },
  ],
  review_policies: [
    { 'mail.send': { quorum: { approve: 2 }, ttl: 60, on_expiry: 'deny' } },
    async () => {
      await tenant.worker('bert', [{ name: 'mail.send', risk_tier: 'approve', policy: { quorum: { deny: 3 }, ttl: 120 } }])
      const { review_id } = await job({ capability: 'mail.send', target: 'bert' })
      const review = await tenant.must('reviews.get', { review_id: review_id ?? 0 })
      // Field by field, the worker's own first.
      expect(review).toMatchObject({ quorum: { approve: 2, deny: 3 }, expires_at: new Date(clock.now + 120_000).toISOString() })
    },
  ],
  lost_worker_timeout: [
    7_200,
    async () => {
      const { id } = await tenant.must('jobs.create', { prompt: 'x', timeout: 60 })
      const claimed = await tenant.must('claims.claim', { job_id: id, worker: 'anna' }, anna.credential)
      expect(Date.parse(claimed.lease.expires_at)).toBe(clock.now + 7_200_000)
    },
  ],
  retention_days: [
    30,
    async () => {
      const { id } = await job()
      await tenant.must('jobs.abort', { job_id: id })
      await job()
      clock.pass(20 * day)
      await abortAllDurableObjects()
      expect((await tenant.must('jobs.get', { job_id: id })).status).toBe('failed')
    },
  ],
}

describe('a setting', () => {
  it.each(tenantSettingNames)('%s has a default, is changed, is in force at once and after an eviction, and goes back', async (name) => {
    const [value, isInForce] = readers[name]
    const before = await tenant.must('settings.get', {})
    expect(before).toMatchObject({ [name]: tenantSettingRows[name].otherwise, version: 0 })
    const changed: TenantSettings = await change(name, value)
    if (name !== 'attempts') expect(changed[name]).toEqual(value)
    expect(changed.version).toBe(1)
    await abortAllDurableObjects()
    await tenant.present(anna)
    await isInForce()
    expect((await change(name, null))[name]).toEqual(tenantSettingRows[name].otherwise)
    expect((await tenant.must('settings.get', {})).version).toBe(2)
  })

  it('counts below what the job and its thread say', async () => {
    await tenant.must('settings.update', { default_effort: 'deep' })
    expect((await job({ effort: 'quick' })).effort).toBe('quick')
    await job({ thread_id: 't' })
    await tenant.must('threads.update', { thread_id: 't', defaults: { effort: 'trivial' } })
    expect((await job({ thread_id: 't' })).effort).toBe('trivial')
  })

  it('is changed by an owner alone', async () => {
    const otto = await tenant.member('Otto', 'operator')
    expect(failureOf(await tenant.as(otto.credential, 'settings.update', { default_effort: 'deep' }))).toBe('forbidden')
  })
})
