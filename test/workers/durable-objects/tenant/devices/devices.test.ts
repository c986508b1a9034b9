/** Says who is told what on which device, how often, and when no more. */
import { abortAllDurableObjects, runInDurableObject } from 'cloudflare:test'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { limits } from '@modelreins/contract'
import { vapidClaims } from '../../../../support/push-receiver.ts'
import { capability, noon, said, scene, trail } from '../reviews/approval-scene.ts'
import type { Scene } from '../reviews/approval-scene.ts'
import { PushServices, ring, signIn } from './device-scene.ts'
import { failureOf, frozenTime } from '../harness.ts'

let clock: ReturnType<typeof frozenTime>
let services: PushServices
let at: Scene
beforeEach(async () => {
  clock = frozenTime(noon)
  services = new PushServices()
  services.listen()
  at = await scene()
})
afterEach(() => {
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

const submit = () => at.tenant.must('reviews.submit', { title: 'The secret plan', content: 'hush' }, at.anna.credential)
const dispatch = () => at.tenant.must('jobs.dispatch', { prompt: 'The secret plan', capability })
const decide = (review_id: number) => at.tenant.must('reviews.decide', { review_id, verdict: 'approve' }, at.rosa.credential)
const pause = async () => {
  clock.pass(limits.device_pause_ms)
  await ring(at.tenant)
}

describe('a review that is opened', () => {
  it('is told at once to those who may decide it, encrypted, and says nothing of what it is about', async () => {
    const [rosa, olga] = [await services.subscribe(at.tenant, at.rosa.credential), await services.subscribe(at.tenant, at.olga)]
    const { review_id } = await dispatch()
    await ring(at.tenant)
    expect(await rosa.notices()).toEqual([
      {
        tag: 'reviews',
        title: 'A review waits for your decision',
        body: `For Rosa in ${at.tenant.name}`,
        path: `/reviews/${review_id}`,
        quiet: false,
      },
    ])
    // She asked for it, so she may not approve it.
    expect(olga.pushes()).toEqual([])
    const [push] = rosa.pushes()
    expect(Object.fromEntries(push?.headers ?? [])).toMatchObject({
      'content-encoding': 'aes128gcm',
      ttl: '86400',
      urgency: 'high',
      topic: 'reviews',
    })
    const { public_key } = await at.tenant.must('devices.key', {}, at.rosa.credential)
    expect(await vapidClaims(push?.headers.get('authorization') ?? '', public_key)).toMatchObject({ aud: 'https://push.example.net' })
    expect(await at.tenant.must('devices.list', {}, at.rosa.credential)).toMatchObject({
      items: [{ succeeded_at: new Date(noon).toISOString(), failed_at: null, next_at: null, push_service: 'push.example.net' }],
    })
  })

  it('among fifty makes two messages for a device, not fifty', async () => {
    const rosa = await services.subscribe(at.tenant, at.rosa.credential)
    for (let count = 0; count < 25; count += 1) await dispatch()
    await ring(at.tenant)
    clock.pass(5_000)
    for (let count = 0; count < 25; count += 1) await dispatch()
    await ring(at.tenant)
    expect(rosa.pushes()).toHaveLength(1)
    await abortAllDurableObjects()
    await pause()
    await pause()
    expect((await rosa.notices()).map((one) => one.title)).toEqual([
      expect.stringMatching(/^(?:A review waits|\d+ reviews wait) for your decision$/),
      '50 reviews wait for your decision',
    ])
  })

  it('is replaced on the device once it is decided, without a sound, and is never told when that was sooner', async () => {
    const rosa = await services.subscribe(at.tenant, at.ruth.credential)
    const first = await submit()
    await ring(at.tenant)
    await decide(first.id)
    await decide((await submit()).id)
    await pause()
    await pause()
    expect((await rosa.notices()).map((one) => [one.title, one.quiet])).toEqual([
      ['A review waits for your decision', false],
      ['No review waits for your decision any more', true],
    ])
    expect(rosa.pushes().map((push) => [push.headers.get('topic'), push.headers.get('urgency')])).toEqual([
      ['reviews', 'high'],
      ['reviews', 'low'],
    ])
  })

  it('is told again when it is reminded of', async () => {
    const rosa = await services.subscribe(at.tenant, at.rosa.credential)
    await submit()
    await ring(at.tenant)
    clock.pass(limits.review_remind_ms)
    await ring(at.tenant)
    expect((await rosa.notices()).map((one) => [one.title, one.quiet])).toEqual([
      ['A review waits for your decision', false],
      ['A review waits for your decision', false],
    ])
  })

  it('is not told to a member who has decided while the quorum asks for another', async () => {
    await at.tenant.must('workers.update', {
      worker_id: at.anna.id,
      capabilities: [{ name: capability, risk_tier: 'approve', policy: { quorum: { approve: 2 } } }],
    })
    const [rosa, ruth] = [await services.subscribe(at.tenant, at.rosa.credential), await services.subscribe(at.tenant, at.ruth.credential)]
    const { review_id } = await dispatch()
    await ring(at.tenant)
    expect(await decide(review_id ?? 0)).toMatchObject({ status: 'pending' })
    clock.pass(limits.review_remind_ms)
    await ring(at.tenant)
    const titles = async (device: typeof rosa) => (await device.notices()).map((one) => one.title)
    expect(await titles(rosa)).toEqual(['A review waits for your decision', 'No review waits for your decision any more'])
    expect(await titles(ruth)).toEqual(['A review waits for your decision', 'A review waits for your decision'])
  })

  it('writes no row and rings no alarm for anybody who has no device', async () => {
    const rows = () =>
      runInDurableObject(at.tenant.raw, (_, state) => {
        const { total } = state.storage.sql.exec<{ total: number }>('select total_changes() as total').one()
        return total
      })
    const cost = async (): Promise<number> => {
      const before = await rows()
      await submit()
      return (await rows()) - before
    }
    await cost()
    const without = await cost()
    const rosa = await services.subscribe(at.tenant, at.rosa.credential)
    await at.tenant.must('devices.remove', { device_id: rosa.device.device_id }, at.rosa.credential)
    expect(await cost()).toBe(without)
    await services.subscribe(at.tenant, at.rosa.credential)
    // One when it is noted.
    expect(await cost()).toBeLessThanOrEqual(without + 2)
  })
})

describe('a person who takes jobs', () => {
  it('is told of jobs on offer, of one in their hands for too long, and when that is over', async () => {
    for (const member of [at.rosa, at.ruth]) await at.tenant.must('work.join', { name: member.name }, member.credential)
    const [rosa, ruth] = [await services.subscribe(at.tenant, at.rosa.credential), await services.subscribe(at.tenant, at.ruth.credential)]
    const { id } = await at.tenant.must('jobs.dispatch', { prompt: 'The secret plan', substrate: 'carbon' })
    await at.tenant.must('jobs.dispatch', { prompt: 'for machines' })
    await ring(at.tenant)
    await at.tenant.must('work.start', { job_id: id }, at.rosa.credential)
    await pause()
    clock.pass(limits.person_reminder_ms)
    await ring(at.tenant)
    await at.tenant.must('work.done', { job_id: id, attempt: 1, result: 'ok' }, at.rosa.credential)
    await pause()
    const offered = ['A job is on offer to you', `/work/${id}`, false]
    const over = ['No job waits for you any more', '/work', true]
    const shown = async (device: typeof rosa) => (await device.notices()).map((one) => [one.title, one.path, one.quiet])
    expect(await shown(rosa)).toEqual([offered, over, ['A job in your hands goes back to the queue soon', `/work/${id}`, false], over])
    expect(await shown(ruth)).toEqual([offered, over])
  })
})

describe('a push service', () => {
  it('that says the subscription is gone ends the device, and the trail says so', async () => {
    for (const status of [404, 410]) {
      const rosa = await services.subscribe(at.tenant, at.rosa.credential)
      services.answer = () => new Response(null, { status })
      await submit()
      await ring(at.tenant)
      expect(rosa.pushes()).toHaveLength(1)
      expect((await at.tenant.must('devices.list', {}, at.rosa.credential)).items).toEqual([])
    }
    expect(await said(at.tenant, 'device.remove')).toEqual([
      'Device: its push service answered 404',
      'Device: its push service answered 410',
    ])
  })

  it('that is busy is asked again when it says, also after the object was killed; one that refuses is not', async () => {
    const rosa = await services.subscribe(at.tenant, at.rosa.credential)
    services.answer = () => new Response(null, { status: 429, headers: { 'retry-after': '600' } })
    await submit()
    await ring(at.tenant)
    clock.pass(500_000)
    await submit()
    await abortAllDurableObjects()
    await ring(at.tenant)
    expect(rosa.pushes()).toHaveLength(1)
    const [waiting] = (await at.tenant.must('devices.list', {}, at.rosa.credential)).items
    expect(waiting).toMatchObject({ failure: 'the push service answered 429', next_at: new Date(noon + 600_000).toISOString() })
    services.answer = () => new Response(null, { status: 403 })
    clock.pass(100_000)
    await ring(at.tenant)
    await pause()
    expect((await rosa.notices()).map((one) => one.title)).toEqual(['A review waits for your decision', '2 reviews wait for your decision'])
    expect((await at.tenant.must('devices.list', {}, at.rosa.credential)).items).toMatchObject([
      { failure: 'the push service answered 403', next_at: null },
    ])
  })

  it('that cannot be reached is given up after six tries, until something new waits', async () => {
    const rosa = await services.subscribe(at.tenant, at.rosa.credential)
    services.answer = () => Promise.reject(new Error('refused by 10.0.0.7'))
    await submit()
    for (let count = 0; count < 7; count += 1) {
      await ring(at.tenant)
      clock.pass(3 * 3_600_000)
    }
    expect(rosa.pushes()).toHaveLength(6)
    const [device] = (await at.tenant.must('devices.list', {}, at.rosa.credential)).items
    expect(device).toMatchObject({ failure: 'the push service could not be reached', next_at: null })
    services.answer = () => new Response(null, { status: 201 })
    await submit()
    await ring(at.tenant)
    expect((await rosa.notices()).at(-1)?.title).toBe('2 reviews wait for your decision')
  })

  it('is not one at a private address, nor one that sends elsewhere', async () => {
    const { subscription } = await services.browser()
    for (const endpoint of [
      'http://push.example.net/a',
      'https://127.0.0.1/a',
      'https://10.0.0.7/a',
      'https://localhost/a',
      'https://u:p@push.example.net/a',
    ])
      expect([endpoint, failureOf(await at.tenant.as(at.rosa.credential, 'devices.subscribe', { ...subscription, endpoint }))]).toEqual([
        endpoint,
        'invalid-request',
      ])
    const off = { ...subscription, keys: { ...subscription.keys, p256dh: 'B'.padEnd(87, 'A') } }
    expect(failureOf(await at.tenant.as(at.rosa.credential, 'devices.subscribe', off))).toBe('invalid-request')
    const rosa = await services.subscribe(at.tenant, at.rosa.credential)
    services.answer = () => new Response(null, { status: 307, headers: { location: 'https://10.0.0.7/' } })
    await submit()
    await ring(at.tenant)
    expect(rosa.pushes()).toHaveLength(1)
    expect((await at.tenant.must('devices.list', {}, at.rosa.credential)).items).toMatchObject([
      { failure: 'the push service answered 307: redirects are not followed' },
    ])
  })
})

describe('a device', () => {
  it('is one of its member alone, named once in the trail, without its address', async () => {
    const rosa = await services.subscribe(at.tenant, at.rosa.credential)
    expect(await at.tenant.must('devices.subscribe', rosa.subscription, at.rosa.credential)).toEqual(rosa.device)
    const device_id = rosa.device.device_id
    for (const operation of ['devices.remove', 'devices.test'] as const)
      expect(failureOf(await at.tenant.as(at.ruth.credential, operation, { device_id }))).toBe('not-found')
    expect(failureOf(await at.tenant.as(at.ruth.credential, 'devices.renew', { endpoint: rosa.subscription.endpoint }))).toBe('not-found')
    for (const credential of [at.anna.credential]) expect(failureOf(await at.tenant.as(credential, 'devices.list', {}))).toBe('forbidden')
    expect(await trail(at.tenant, 'device.')).toEqual(['device.add'])
    expect(await said(at.tenant, 'device.add')).toEqual(['Device, by push.example.net'])
    // Another member signs in there, and wants to be told: the browser is theirs now.
    await at.tenant.must('devices.subscribe', rosa.subscription, at.ruth.credential)
    expect((await at.tenant.must('devices.list', {}, at.rosa.credential)).items).toEqual([])
    expect(await trail(at.tenant, 'device.')).toEqual(['device.add', 'device.remove', 'device.add'])
  })

  it('is one of ten at most', async () => {
    for (let count = 0; count < limits.devices_per_member; count += 1) await services.subscribe(at.tenant, at.rosa.credential)
    const { subscription } = await services.browser()
    expect(failureOf(await at.tenant.as(at.rosa.credential, 'devices.subscribe', subscription))).toBe('conflict')
    await services.subscribe(at.tenant, at.ruth.credential)
  })

  it('is sent a test at once, whatever waits', async () => {
    const rosa = await services.subscribe(at.tenant, at.rosa.credential)
    services.answer = () => new Response(null, { status: 503 })
    await submit()
    await ring(at.tenant)
    services.answer = () => new Response(null, { status: 201 })
    await at.tenant.must('devices.test', { device_id: rosa.device.device_id }, at.rosa.credential)
    await ring(at.tenant)
    expect((await rosa.notices()).map((one) => one.tag)).toEqual(['reviews', 'test', 'reviews'])
    expect((await rosa.notices())[1]).toMatchObject({ title: 'Notifications reach this device', path: '/settings?tab=notifications' })
  })

  it('ends with the session that it belongs to, and goes on with the next when nobody has signed out', async () => {
    const session = await signIn(at.tenant, at.rosa.credential)
    const rosa = await services.subscribe(at.tenant, session)
    expect(rosa.device.current).toBe(true)
    // Overnight the session is too old to do anything; notices still come.
    clock.pass(limits.session_idle_ms + 1)
    expect(failureOf(await at.tenant.as(session, 'devices.list', {}))).toBe('unauthorized')
    await submit()
    await ring(at.tenant)
    expect(rosa.pushes()).toHaveLength(1)
    const next = await signIn(at.tenant, at.rosa.credential)
    expect(await at.tenant.must('devices.renew', { endpoint: rosa.subscription.endpoint }, next)).toMatchObject({
      device_id: rosa.device.device_id,
      current: true,
    })
    await at.tenant.must('sessions.end', { session_id: 'current' }, next)
    await submit()
    await pause()
    expect(rosa.pushes()).toHaveLength(1)
    expect((await at.tenant.must('devices.list', {}, at.rosa.credential)).items).toEqual([])
  })

  it('gets nothing after its member was revoked, their key replaced, or all other sessions ended', async () => {
    const ends = {
      revoked: () => at.tenant.must('members.revoke', { member_id: at.rosa.id }),
      rotated: () => at.tenant.must('members.rotate', { member_id: at.ruth.id }),
    }
    const devices = [await services.subscribe(at.tenant, at.rosa.credential), await services.subscribe(at.tenant, at.ruth.credential)]
    const [here, there] = [await signIn(at.tenant, at.olga), await signIn(at.tenant, at.olga)]
    const [kept, ended] = [await services.subscribe(at.tenant, here), await services.subscribe(at.tenant, there)]
    await at.tenant.must('sessions.end_many', { others: true }, here)
    for (const end of Object.values(ends)) await end()
    await submit()
    await ring(at.tenant)
    expect([...devices, ended].flatMap((device) => device.pushes())).toEqual([])
    expect(kept.pushes()).toHaveLength(1)
  })

  it('is told nothing while its tenant is suspended', async () => {
    const rosa = await services.subscribe(at.tenant, at.rosa.credential)
    services.answer = () => new Response(null, { status: 503 })
    await submit()
    await ring(at.tenant)
    await at.tenant.stub.setSuspended({ suspended: true, request_id: 'test' })
    clock.pass(3_600_000)
    await abortAllDurableObjects()
    await at.tenant.stub.setSuspended({ suspended: true, request_id: 'test' })
    expect(rosa.pushes()).toHaveLength(1)
  })

  it('on which nobody has signed in for three months is removed', async () => {
    await services.subscribe(at.tenant, at.rosa.credential)
    clock.pass(limits.device_idle_ms + 1)
    await ring(at.tenant)
    expect((await at.tenant.must('devices.list', {}, at.rosa.credential)).items).toEqual([])
  })
})
