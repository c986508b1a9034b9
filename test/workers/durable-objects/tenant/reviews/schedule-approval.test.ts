/** Says what the approval of a schedule lets pass without asking, what it never does, and when it ends. */
import type { Capability, Input, Job, Schedule } from '@modelreins/contract'
import { abortAllDurableObjects, runInDurableObject } from 'cloudflare:test'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { failureOf, frozenTime, TestTenant } from '../harness.ts'
import type { MemberHandle, WorkerHandle } from '../harness.ts'

const hour = 3_600_000
let clock: ReturnType<typeof frozenTime>
let tenant: TestTenant
let anna: WorkerHandle
let otto: MemberHandle
let rita: MemberHandle
const mail = (policy: Capability['policy'] = {}): Capability[] => [{ name: 'mail.send', risk_tier: 'approve', policy }]
beforeEach(async () => {
  clock = frozenTime()
  tenant = await TestTenant.create()
  anna = await tenant.worker('anna', mail())
  otto = await tenant.member('Otto', 'operator')
  rita = await tenant.member('Rita', 'reviewer')
})
afterEach(() => {
  vi.useRealTimers()
})

const body: Input<'schedules.create'>['job'] = { prompt: 'Send the report', capability: 'mail.send', when_offline: 'queue' }
const make = (job = body, more: Partial<Input<'schedules.create'>> = {}): Promise<Schedule> =>
  tenant.must('schedules.create', { name: 'hourly', cron: '0 * * * *', job, ...more }, otto.credential)
const approve = ({ schedule_id, digest }: Schedule, by = rita, more = {}): Promise<Schedule> =>
  tenant.must('schedules.approve', { schedule_id, digest, ...more }, by.credential)
const refusal = async ({ schedule_id, digest }: Schedule, by = rita): Promise<string> => {
  const answer = await tenant.as(by.credential, 'schedules.approve', { schedule_id, digest })
  return answer.ok ? 'ok' : `${answer.failure.code}: ${answer.failure.detail}`
}

/** The server is evicted, an hour passes, the alarm rings, and rings again. Answers the newest job. */
async function due(): Promise<Job> {
  await abortAllDurableObjects()
  clock.pass(hour)
  for (let ring = 0; ring < 2; ring += 1)
    await runInDurableObject(tenant.raw, (instance) => (instance as unknown as { alarm(): Promise<void> }).alarm())
  await tenant.present(anna)
  const [job] = (await tenant.must('jobs.list', { limit: 1 })).items
  if (job === undefined) throw new Error('nothing was dispatched')
  return job
}

async function run(job: Job, end: 'ends well' | 'fails' = 'ends well'): Promise<void> {
  const offer = (await tenant.offers(anna, 5)).find((one) => one.job.id === job.id)
  if (offer === undefined) throw new Error(`job ${job.id} was not offered`)
  const lease = tenant.lease(offer)
  await tenant.must('claims.start', { job_id: job.id }, lease)
  if (end === 'ends well') await tenant.must('claims.complete', { job_id: job.id }, lease)
  else await tenant.must('claims.fail', { job_id: job.id, error: { type: 'exit_error', message: 'No', retryable: true } }, lease)
}

describe('an approved schedule', () => {
  it('asks nobody: each job has a review of its own, decided by that approval, and spent once; its retries, too', async () => {
    const schedule = await make()
    expect(schedule.approvals).toEqual([])
    expect((await due()).hold).toBe('review')
    await tenant.must('jobs.abort', { job_id: 1 })
    const approved = await approve(schedule)
    expect(approved.approvals).toEqual([
      { by: 'member:Rita', at: new Date(clock.now).toISOString(), expires_at: new Date(clock.now + 30 * 24 * hour).toISOString() },
    ])
    const job = await due()
    expect(job).toMatchObject({ status: 'pending', hold: null })
    const review = await tenant.must('reviews.get', { review_id: job.review_id ?? 0 })
    expect(review).toMatchObject({ status: 'approved', decisions: [{ by: 'Rita', verdict: 'approve', schedule_id: schedule.schedule_id }] })
    await run(job, 'fails')
    clock.pass(10 * 60_000)
    await tenant.present(anna)
    const again = await tenant.must('jobs.get', { job_id: job.id })
    expect(again).toMatchObject({ status: 'pending', hold: null })
    expect(again.review_id).not.toBe(job.review_id)
    await run(again)
    const spent = await tenant.must('reviews.get', { review_id: again.review_id ?? 0 })
    expect(spent.status).toBe('consumed')
    expect((await tenant.must('reviews.list', { status: ['pending'] })).items).toEqual([])
  })

  it('covers the children of a fan-out', async () => {
    await tenant.worker('bert', mail())
    await approve(await make({ ...body, targets: ['anna', 'bert'], merge: { by: 'concat' } }))
    await due()
    const { items } = await tenant.must('jobs.list', { parent_id: 1 })
    expect(items.map((job) => job.hold)).toEqual([null, null])
  })

  it.each([
    ['another prompt', { job: { ...body, prompt: 'Send everything' } }],
    ['another time', { cron: '30 * * * *' }],
    ['an end', { max_runs: 9 }],
  ])('asks anew once it has changed: %s', async (_, change) => {
    const schedule = await approve(await make())
    const changed = await tenant.must('schedules.update', { schedule_id: schedule.schedule_id, ...change }, otto.credential)
    expect([changed.approvals, changed.digest === schedule.digest]).toEqual([[], false])
    expect((await due()).hold).toBe('review')
  })

  it('stays approved when it is only paused, resumed or renamed', async () => {
    const schedule = await approve(await make())
    for (const change of [{ paused: true }, { paused: false }, { name: 'other' }])
      await tenant.must('schedules.update', { schedule_id: schedule.schedule_id, ...change }, otto.credential)
    expect((await due()).hold).toBeNull()
  })

  it('asks again when the approval has expired, was revoked, or its member may not decide any more; also for a job that waits', async () => {
    const short = await approve(await make(), rita, { expires_in: 7_000 })
    const waiting = await due()
    expect(waiting.hold).toBeNull()
    clock.pass(hour)
    await tenant.present(anna)
    expect(await tenant.offers(anna, 5)).toEqual([])
    expect((await tenant.must('jobs.get', { job_id: waiting.id })).hold).toBe('review')
    expect((await tenant.must('schedules.get', { schedule_id: short.schedule_id })).approvals[0]?.void).toBe('expired')
    await tenant.must('jobs.abort', { job_id: waiting.id })
    const again = await approve(short)
    expect((await due()).hold).toBeNull()
    await tenant.must('schedules.revoke_approval', { schedule_id: again.schedule_id }, rita.credential)
    expect(await tenant.offers(anna, 5)).toEqual([])
    expect((await tenant.must('jobs.list', { status: ['pending'] })).items.every((job) => job.hold === 'review')).toBe(true)
  })

  it('does not outlive the right of its member to decide', async () => {
    const schedule = await approve(await make())
    await tenant.must('members.revoke', { member_id: rita.id })
    expect((await due()).hold).toBe('review')
    const { approvals } = await tenant.must('schedules.get', { schedule_id: schedule.schedule_id })
    expect(approvals[0]?.void).toBe('this member may not decide any more')
  })

  it('does not cover a job that was sent elsewhere by hand, nor one that somebody runs by hand', async () => {
    await tenant.worker('bert', mail())
    const schedule = await approve(await make({ ...body, target: 'anna' }))
    const job = await due()
    expect(job.hold).toBeNull()
    await tenant.must('jobs.update', { job_id: job.id, target: 'bert' }, otto.credential)
    expect((await tenant.must('jobs.get', { job_id: job.id })).hold).toBe('review')
    const { run: by_hand } = await tenant.must('schedules.run', { schedule_id: schedule.schedule_id }, otto.credential)
    expect((await tenant.must('jobs.get', { job_id: by_hand.job_id ?? 0 })).hold).toBe('review')
  })
})

it('asks about work that its approver would do themselves, again and again', async () => {
  const ola = await tenant.member('Ola', 'owner')
  await tenant.must('work.join', { name: 'ola', capabilities: [{ name: 'sign', risk_tier: 'approve' }] }, ola.credential)
  await approve(await make({ prompt: 'Sign it', capability: 'sign', when_offline: 'queue' }), ola)
  for (let times = 0; times < 2; times += 1) {
    const job = await due()
    expect(job).toMatchObject({ status: 'pending', hold: 'review' })
    await tenant.must('jobs.abort', { job_id: job.id })
  }
})

describe('the approval of a schedule', () => {
  it('is refused to whoever made or changed it, unless the policy allows self-approval', async () => {
    const schedule = await tenant.must('schedules.create', { name: 'own', cron: '0 * * * *', job: body })
    const olga = { schedule_id: schedule.schedule_id, digest: schedule.digest }
    expect(failureOf(await tenant.call('schedules.approve', olga))).toBe('forbidden')
    const changed = await tenant.must('schedules.update', { schedule_id: schedule.schedule_id, max_runs: 5 }, otto.credential)
    expect(failureOf(await tenant.call('schedules.approve', { ...olga, digest: changed.digest }))).toBe('forbidden')
    await tenant.must('workers.update', { worker_id: anna.id, capabilities: mail({ self_approval: true }) })
    expect(failureOf(await tenant.call('schedules.approve', { ...olga, digest: changed.digest }))).toBe('ok')
  })

  it('needs as many members as the policy says', async () => {
    await tenant.must('workers.update', { worker_id: anna.id, capabilities: mail({ quorum: { approve: 2 } }) })
    const robert = await tenant.member('Robert', 'reviewer')
    const schedule = await make(body, { overlap: 'queue' })
    await approve(schedule)
    expect((await due()).hold).toBe('review')
    await approve(schedule, robert)
    expect((await due()).hold).toBeNull()
  })

  it.each([
    ['no capability', { prompt: 'x' }, undefined, 'names no capability'],
    ['turns of a thread', { ...body, thread_id: 't', context: 'thread' }, undefined, 'earlier turns of a thread'],
    ['a capability that asks nobody', { ...body, capability: 'mail.read' }, undefined, 'No worker has mail.read'],
    ['what cannot be undone', body, { irreversible: true }, 'it is irreversible'],
    ['what has to be signed', body, { signed: 'required' as const }, 'signed with a passkey'],
  ])('is refused where it achieves nothing: %s', async (_, job, policy, words) => {
    await tenant.must('workers.update', { worker_id: anna.id, capabilities: mail(policy) })
    const schedule = await make(job)
    expect(await refusal(schedule)).toContain(words)
  })

  it('is about what was read, and takes a member who may decide', async () => {
    const schedule = await make()
    await tenant.must('schedules.update', { schedule_id: schedule.schedule_id, max_runs: 5 }, otto.credential)
    expect(await refusal(schedule)).toMatch(/^conflict: .*has changed since you read it/)
    expect(await refusal(schedule, otto)).toMatch(/^forbidden/)
    const viewer = await tenant.member('Vera', 'viewer')
    const { schedule_id } = schedule
    expect(failureOf(await tenant.as(viewer.credential, 'schedules.revoke_approval', { schedule_id }))).toBe('forbidden')
    expect((await tenant.must('schedules.revoke_approval', { schedule_id }, rita.credential)).approvals).toEqual([])
  })
})
