/** Says what each verb does to a job and to a review in each of their states, and who may say it: two tables, every cell an answer. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Input } from '@modelreins/contract'
import type { CallCredential } from '../../../../../durable-objects/tenant/call.ts'
import { failureOf, frozenTime, TestTenant } from '../harness.ts'
import type { WorkerHandle } from '../harness.ts'

let clock: ReturnType<typeof frozenTime>
beforeEach(() => {
  clock = frozenTime()
})
afterEach(() => {
  vi.useRealTimers()
})

interface Scene {
  readonly tenant: TestTenant
  readonly anna: WorkerHandle
  readonly by: Readonly<Record<Role, CallCredential>>
}
const roles = ['owner', 'operator', 'reviewer', 'viewer', 'worker'] as const
type Role = (typeof roles)[number]

async function scene(): Promise<Scene> {
  const tenant = await TestTenant.create()
  const member = async (name: string, role: 'operator' | 'reviewer' | 'viewer') => {
    const handle = await tenant.member(name, role)
    await tenant.openView(handle)
    return handle.credential
  }
  const anna = await tenant.worker('anna', [
    { name: 'mail.send', risk_tier: 'approve' },
    { name: 'look', risk_tier: 'auto' },
  ])
  const [operator, reviewer, viewer] = [await member('Otto', 'operator'), await member('Rosa', 'reviewer'), await member('Vera', 'viewer')]
  return { tenant, anna, by: { owner: tenant.owner, operator, reviewer, viewer, worker: anna.credential } }
}

async function create({ tenant }: Scene, more: Partial<Input<'jobs.create'>> = {}): Promise<number> {
  return (await tenant.must('jobs.create', { prompt: 'x', capability: 'look', ...more })).id
}

async function started(at: Scene, id: number): Promise<CallCredential> {
  const offer = (await at.tenant.offers(at.anna, 8)).find((one) => one.job.id === id)
  if (offer === undefined) throw new Error('no offer')
  const lease = at.tenant.lease(offer)
  await at.tenant.must('claims.start', { job_id: id }, lease)
  return lease
}

async function ended(at: Scene, how: 'complete' | 'fail' | 'retry'): Promise<number> {
  const id = await create(at)
  const lease = await started(at, id)
  if (how === 'complete') await at.tenant.must('claims.complete', { job_id: id }, lease)
  else await at.tenant.must('claims.fail', { job_id: id, error: { type: 'x', message: 'y', retryable: how === 'retry' } }, lease)
  return id
}

const jobStates: Readonly<Record<string, (at: Scene) => Promise<number>>> = {
  pending: (at) => create(at),
  scheduled: (at) => create(at, { not_before: new Date(clock.now + 3_600_000).toISOString() }),
  held: (at) => create(at, { capability: 'mail.send' }),
  running: async (at) => {
    const id = await create(at)
    await started(at, id)
    return id
  },
  retry: (at) => ended(at, 'retry'),
  lost: async (at) => {
    const id = await create(at)
    await started(at, id)
    clock.pass(31_000)
    await at.tenant.present(at.anna)
    // Losing so many would open its circuit breaker.
    await at.tenant.must('workers.resume', { worker_id: at.anna.id })
    return id
  },
  done: (at) => ended(at, 'complete'),
  failed: (at) => ended(at, 'fail'),
}

const jobVerbs = {
  get: (at: Scene, who: CallCredential, job_id: number) => at.tenant.as(who, 'jobs.get', { job_id }),
  why: (at: Scene, who: CallCredential, job_id: number) => at.tenant.as(who, 'jobs.why', { job_id }),
  update: (at: Scene, who: CallCredential, job_id: number) => at.tenant.as(who, 'jobs.update', { job_id, priority: 1 }),
  'retry now': (at: Scene, who: CallCredential, job_id: number) => at.tenant.as(who, 'jobs.retry', { job_id }),
  abort: (at: Scene, who: CallCredential, job_id: number) => at.tenant.as(who, 'jobs.abort', { job_id }),
}
type JobVerb = keyof typeof jobVerbs

/** Of whoever may say it. */
const no = 'wrong-state'
const jobTable: Readonly<Record<string, Readonly<Record<JobVerb, string>>>> = {
  pending: { get: 'ok', why: 'ok', update: 'ok', 'retry now': no, abort: 'ok' },
  scheduled: { get: 'ok', why: 'ok', update: 'ok', 'retry now': no, abort: 'ok' },
  held: { get: 'ok', why: 'ok', update: 'ok', 'retry now': no, abort: 'ok' },
  running: { get: 'ok', why: 'ok', update: no, 'retry now': no, abort: 'ok' },
  retry: { get: 'ok', why: 'ok', update: 'ok', 'retry now': 'ok', abort: 'ok' },
  lost: { get: 'ok', why: 'ok', update: 'ok', 'retry now': 'ok', abort: 'ok' },
  done: { get: 'ok', why: 'ok', update: no, 'retry now': no, abort: no },
  failed: { get: 'ok', why: 'ok', update: no, 'retry now': 'ok', abort: no },
}
const saysJob: Readonly<Record<JobVerb, readonly Role[]>> = {
  get: ['owner', 'operator', 'reviewer', 'viewer'],
  why: ['owner', 'operator', 'reviewer', 'viewer'],
  update: ['owner', 'operator'],
  'retry now': ['owner', 'operator'],
  abort: ['owner', 'operator'],
}
const jobVerbNames = Object.keys(jobVerbs) as JobVerb[] // keys of a literal

describe('a job', () => {
  it.each(Object.keys(jobTable))('that is %s', async (state) => {
    const at = await scene()
    const found: Record<string, Record<string, string>> = {}
    const wanted: Record<string, Record<string, string>> = {}
    for (const verb of jobVerbNames) {
      // Who may not say it changes nothing, so one job is enough for all of them.
      let id = (await jobStates[state]?.(at)) ?? 0
      for (const role of roles.toReversed()) {
        const may = saysJob[verb].includes(role)
        const answer = failureOf(await jobVerbs[verb](at, at.by[role], id))
        found[verb] = { ...found[verb], [role]: answer }
        wanted[verb] = { ...wanted[verb], [role]: may ? (jobTable[state]?.[verb] ?? '') : 'forbidden' }
        const changed = answer === 'ok' && verb !== 'get' && verb !== 'why'
        if (changed && role !== 'owner') id = (await jobStates[state]?.(at)) ?? 0
      }
    }
    expect(found).toEqual(wanted)
  })
})

type Made = { readonly review_id: number; readonly job_id: number }

async function asked(at: Scene): Promise<Made> {
  const job = await at.tenant.must('jobs.create', { prompt: 'x', capability: 'mail.send', target: 'anna' })
  return { review_id: job.review_id ?? 0, job_id: job.id }
}
const decided = async (at: Scene, verdict: 'approve' | 'deny'): Promise<Made> => {
  const made = await asked(at)
  await at.tenant.must('reviews.decide', { review_id: made.review_id, verdict, comment: 'first' }, at.by.reviewer)
  return made
}

const reviewStates: Readonly<Record<string, (at: Scene) => Promise<Made>>> = {
  pending: asked,
  approved: (at) => decided(at, 'approve'),
  denied: (at) => decided(at, 'deny'),
  withdrawn: async (at) => {
    const made = await asked(at)
    await at.tenant.must('reviews.withdraw', { review_id: made.review_id })
    return made
  },
  consumed: async (at) => {
    const made = await decided(at, 'approve')
    await started(at, made.job_id)
    return made
  },
}

const reviewVerbs = {
  approve: (at: Scene, who: CallCredential, review_id: number) => at.tenant.as(who, 'reviews.decide', { review_id, verdict: 'approve' }),
  deny: (at: Scene, who: CallCredential, review_id: number) =>
    at.tenant.as(who, 'reviews.decide', { review_id, verdict: 'deny', comment: 'no' }),
  withdraw: (at: Scene, who: CallCredential, review_id: number) => at.tenant.as(who, 'reviews.withdraw', { review_id }),
}
type ReviewVerb = keyof typeof reviewVerbs

/** The owner asked, so that an approval of theirs is nobody's. A worker is not shown what waits for its own release. */
const outsiders = { viewer: 'forbidden', worker: 'forbidden' }
const decides = (reviewer: string, owner = reviewer) => ({ owner, operator: 'forbidden', reviewer, ...outsiders })
const takesBack = (others: string, reviewer = others) => ({
  owner: others,
  operator: others,
  reviewer,
  viewer: 'forbidden',
  worker: 'not-found',
})
const reviewTable: Readonly<Record<string, Readonly<Record<ReviewVerb, Readonly<Record<Role, string>>>>>> = {
  pending: { approve: decides('ok', 'forbidden'), deny: decides('ok'), withdraw: takesBack('ok', 'forbidden') },
  approved: { approve: decides(no), deny: decides(no), withdraw: takesBack('ok') },
  denied: { approve: decides(no), deny: decides(no), withdraw: takesBack(no) },
  withdrawn: { approve: decides(no), deny: decides(no), withdraw: takesBack('ok') },
  consumed: { approve: decides(no), deny: decides(no), withdraw: takesBack(no) },
}
const reviewVerbNames = Object.keys(reviewVerbs) as ReviewVerb[] // keys of a literal

describe('a review', () => {
  it.each(Object.keys(reviewTable))('that is %s', async (state) => {
    const at = await scene()
    const found: Record<string, Record<string, string>> = {}
    for (const verb of reviewVerbNames) {
      let made = await reviewStates[state]?.(at)
      for (const role of roles.toReversed()) {
        const answer = failureOf(await reviewVerbs[verb](at, at.by[role], made?.review_id ?? 0))
        found[verb] = { ...found[verb], [role]: answer }
        if (answer === 'ok') made = await reviewStates[state]?.(at)
      }
    }
    expect(found).toEqual(reviewTable[state])
  })

  it('that is approved and taken back by a reviewer starts nothing: its job fails and says so', async () => {
    const at = await scene()
    const { review_id, job_id } = await decided(at, 'approve')
    await at.tenant.must('reviews.withdraw', { review_id, comment: 'wrong address' }, at.by.reviewer)
    expect(await at.tenant.offers(at.anna)).toEqual([])
    expect(await at.tenant.must('jobs.get', { job_id })).toMatchObject({
      status: 'failed',
      error: { type: 'withdrawn', message: `Review ${review_id} was withdrawn: wrong address` },
    })
  })

  it('says what a yes will not achieve', async () => {
    const at = await scene()
    const { review_id } = await asked(at)
    const caveat = async (): Promise<string | undefined> => (await at.tenant.must('reviews.get', { review_id }, at.by.reviewer)).caveat
    expect(await caveat()).toBeUndefined()
    clock.pass(120_000)
    expect(await caveat()).toContain('is offline')
    await at.tenant.must('killswitch.raise', { level: 2 })
    expect(await caveat()).toContain('killswitch is at level 2')
    await at.tenant.must('killswitch.clear', {})
    await at.tenant.must('workers.pause', { worker_id: at.anna.id })
    expect(await caveat()).toContain('At the moment no worker may take job 1: anna is paused')
    // Nobody is asked about what can never run.
    await at.tenant.must('workers.revoke', { worker_id: at.anna.id })
    expect((await at.tenant.must('reviews.get', { review_id }, at.by.reviewer)).status).toBe('withdrawn')
  })
})
