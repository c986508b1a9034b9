/** Responsible for the commands of the model test: each is run on the real tenant and on the reference queue. */
import { abortAllDurableObjects, runInDurableObject } from 'cloudflare:test'
import * as fc from 'fast-check'
import { expect } from 'vitest'
import { limits } from '@modelreins/contract'
import type { AuditRow, Job, Offer, Review } from '@modelreins/contract'
import { verifyRows } from '../../src/domain/audit/audit-chain.ts'
import { greatestHeadStart } from '../../src/domain/job/queue.ts'
import { failureOf, sha256 } from '../workers/durable-objects/tenant/harness.ts'
import type { MemberHandle, WorkerHandle, frozenTime, TestTenant } from '../workers/durable-objects/tenant/harness.ts'
import type { QueueModel } from './queue-model.ts'
import { contentOf } from './queue-model.ts'

export const gated = 'mail.send'

/** On a slow machine the time limit ends the test before its last sequence. With fewer commands than these, the test would prove nothing. */
export const least = { commands: 300, releases: 3, changes: 3, edits: 3, revocations: 1, persons: 3, handBacks: 10 }

export interface Real {
  /** Takes jobs as a person. */
  readonly person: MemberHandle
  /** A member who decides reviews and dispatches nothing. When one is revoked, another member replaces them. */
  reviewer: MemberHandle
  readonly tenant: TestTenant
  readonly stranger: TestTenant
  readonly workers: WorkerHandle[]
  readonly clock: ReturnType<typeof frozenTime>
  /** All offers of the sequence, including void ones: steps replay them. */
  readonly offers: { readonly offer: Offer; readonly worker: WorkerHandle; readonly at: number }[]
  readonly revoked: MemberHandle[]
  /** Over all sequences: how often each was really exercised. */
  readonly tried: Record<keyof typeof least, number>
}

type Step = fc.AsyncCommand<QueueModel, Real>

export const pick = <Item>(items: readonly Item[], index: number): Item | undefined => items[index % Math.max(1, items.length)]

const list = async (real: Real): Promise<readonly Job[]> => {
  const jobs: Job[] = []
  let cursor: string | undefined
  do {
    const page = await real.tenant.must('jobs.list', { limit: 200, ...(cursor === undefined ? {} : { cursor }) })
    jobs.push(...page.items)
    cursor = page.next_cursor ?? undefined
  } while (cursor !== undefined)
  return jobs
}

const auditRows = (tenant: TestTenant): Promise<AuditRow[]> =>
  runInDurableObject(tenant.raw, (_, state) =>
    state.storage.sql
      .exec<{ row: string }>('select row from audit order by seq')
      .toArray()
      .map((row) => JSON.parse(row.row)),
  )

/** The audit actions that may follow each action of a job: one row per transition, and only allowed transitions (I12). */
const follows: Readonly<Record<string, readonly string[]>> = {
  // The job may be held again between two releases: the rows of its review show that.
  'job.release': ['job.fail', 'job.release', 'job.start', 'job.abort', 'job.expire'],
  'job.dispatch': ['job.release', 'job.fail', 'job.start', 'job.abort', 'job.expire'],
  'job.start': ['job.complete', 'job.fail', 'job.retry_later', 'job.abort', 'job.lose', 'job.timeout', 'job.hand_back', 'job.escalate'],
  'job.hand_back': ['job.release', 'job.fail', 'job.start', 'job.abort', 'job.expire'],
  'job.escalate': ['job.complete', 'job.fail', 'job.abort'],
  'job.retry_later': ['job.requeue', 'job.retry', 'job.abort', 'job.fail'],
  'job.lose': ['job.requeue', 'job.resume', 'job.abort', 'job.complete', 'job.retry', 'job.fail'],
  'job.resume': ['job.complete', 'job.fail', 'job.retry_later', 'job.abort', 'job.lose', 'job.timeout', 'job.hand_back'],
  'job.timeout': ['job.requeue', 'job.abort', 'job.retry', 'job.fail'],
  'job.requeue': ['job.release', 'job.resume', 'job.fail', 'job.start', 'job.abort', 'job.expire', 'job.complete'],
  'job.retry': ['job.release', 'job.fail', 'job.start', 'job.abort', 'job.expire'],
  'job.fail': ['job.retry'],
  'job.abort': ['job.retry'],
  'job.expire': ['job.retry'],
  'job.complete': [],
}

/** A change is not a transition: it may occur while nothing runs and the job has not ended. */
const changeable = [
  'job.hand_back',
  'job.escalate',
  'job.dispatch',
  'job.release',
  'job.requeue',
  'job.retry',
  'job.retry_later',
  'job.lose',
  'job.timeout',
]

async function checkAudit(real: Real, jobs: readonly Job[]): Promise<void> {
  const rows = await auditRows(real.tenant)
  const verdict = verifyRows(rows, { sha256 })
  expect(verdict.ok, JSON.stringify(verdict)).toBe(true)
  const last = new Map<number, string>()
  for (const row of rows) {
    if (row.job_id === null || !row.action.startsWith('job.')) continue
    const before = last.get(row.job_id)
    if (row.action === 'job.remind') continue
    if (row.action === 'job.update') {
      if (!changeable.includes(before ?? '')) throw new Error(`I12: job ${row.job_id} was changed after ${before ?? 'nothing'}`)
      // The job may be held again, so its state is the one after its dispatch.
      if (before === 'job.release') last.set(row.job_id, 'job.dispatch')
      continue
    }
    if (before === undefined ? row.action !== 'job.dispatch' : !(follows[before] ?? []).includes(row.action)) {
      throw new Error(`I12: job ${row.job_id} has ${row.action} after ${before ?? 'nothing'}`)
    }
    last.set(row.job_id, row.action)
  }
  const implied: Readonly<Record<string, readonly string[]>> = {
    done: ['job.complete'],
    running: ['job.start', 'job.resume'],
    retry: ['job.retry_later', 'job.lose', 'job.timeout'],
    pending: ['job.release', 'job.dispatch', 'job.requeue', 'job.retry', 'job.hand_back', 'job.escalate'],
    failed: ['job.fail', 'job.abort', 'job.expire', 'job.lose', 'job.timeout'],
  }
  for (const job of jobs) {
    const action = last.get(job.id) ?? 'nothing'
    if (!(implied[job.status] ?? []).includes(action))
      throw new Error(`I12: job ${job.id} is ${job.status} but its last row says ${action}`)
  }
}

/** Runs the step, then compares everything that a caller can see. */
export const step = (name: string, run: (model: QueueModel, real: Real) => Promise<void>): Step => ({
  check: () => true,
  toString: () => name,
  run: async (model, real) => {
    real.tried.commands += 1
    await run(model, real)
    const jobs = await list(real)
    model.check(jobs)
    await checkAudit(real, jobs)
  },
})

const live = (model: QueueModel, real: Real, index: number): WorkerHandle | undefined =>
  pick(
    real.workers.filter((worker) => !model.revoked.has(worker.name)),
    index,
  )

async function poll(model: QueueModel, real: Real, worker: WorkerHandle, max: number): Promise<void> {
  const before = await list(real)
  const offers = await real.tenant.offers(worker, max)
  const offered = new Set(offers.map((offer) => offer.job.id))
  for (const offer of offers) {
    real.offers.push({ offer, worker, at: model.now })
    // I9: no job that waited longer than the largest possible head start is passed over, unless it is on offer.
    const passed = before.filter(
      (job) =>
        job.status === 'pending' &&
        // A job that a human released counts as queued from the release, so its age says nothing here.
        job.capability === null &&
        offer.job.capability === null &&
        job.assigned_to === worker.name &&
        !offered.has(job.id) &&
        !real.offers.some((earlier) => earlier.offer.job.id === job.id && model.now - earlier.at <= limits.offer_ms) &&
        Date.parse(offer.job.created_at) - Date.parse(job.created_at) > greatestHeadStart &&
        offer.job.attempt === 0 &&
        job.attempt === 0,
    )
    if (passed.length > 0) throw new Error(`I9: job ${offer.job.id} overtook ${passed.map((job) => job.id).join(', ')}`)
  }
}

async function begin(model: QueueModel, real: Real, chosen: Real['offers'][number]): Promise<void> {
  const answer = await real.tenant.as(real.tenant.lease(chosen.offer), 'claims.start', { job_id: chosen.offer.job.id })
  if (answer.ok) {
    model.started(answer.value.job, chosen.worker.name, chosen.offer.lease.token)
    if (answer.value.job.capability === gated) real.tried.releases += 1
  } else expect(['lease-lost', 'unauthorized', 'killswitch']).toContain(answer.failure.code)
  if (model.revoked.has(chosen.worker.name)) expect(failureOf(answer)).toBe('unauthorized')
}

const verdict = fc.constantFrom('approve', 'approve', 'edit', 'deny' as const)

async function decide(model: QueueModel, real: Real, review: Review, jobId: number, word: 'approve' | 'edit' | 'deny'): Promise<void> {
  const edit = word === 'edit' ? { payload: { prompt: `as review ${review.id} wants it` } } : {}
  const decision = { review_id: review.id, verdict: word, comment: 'as I see it', ...edit }
  const decided = await real.tenant.must('reviews.decide', decision, real.reviewer.credential)
  if (word !== 'deny') model.approved(jobId, contentOf(Object(decided.payload)))
  if (word === 'edit') {
    real.tried.edits += 1
    expect(decided.payload).toMatchObject(edit.payload ?? {})
  }
  // I7: repeating a decision does not add another one.
  await real.tenant.must('reviews.decide', decision, real.reviewer.credential)
}

export const reviewerOf = (tenant: TestTenant, index: number): Promise<MemberHandle> => tenant.member(`reviewer ${index}`, 'reviewer')

/** I7, I14: jobs that the revoked reviewer approved, and that have not started, are no longer approved. */
async function replaceReviewer(model: QueueModel, real: Real): Promise<void> {
  const gone = real.reviewer
  await real.tenant.must('members.revoke', { member_id: gone.id })
  real.tried.revocations += model.disowned()
  real.reviewer = await reviewerOf(real.tenant, real.revoked.push(gone) + 1)
  expect(failureOf(await real.tenant.as(gone.credential, 'reviews.list', {}))).toBe('unauthorized')
}

/** Changes the content of a job that has not started. */
async function revise(model: QueueModel, real: Real, id: number, revision: number): Promise<void> {
  const before = await real.tenant.must('jobs.get', { job_id: id })
  const answer = await real.tenant.call('jobs.update', { job_id: before.id, metadata: { revision } })
  if (!answer.ok) return void expect(answer.failure.code).toBe('wrong-state')
  if (contentOf(answer.value) === contentOf(before)) return
  real.tried.changes += 1
  model.changed(before.id)
  if (before.status !== 'pending') return
  // I7: earlier and late decisions about the old content do not apply to the new content.
  const old = before.review_id ?? 0
  expect(answer.value).toMatchObject({ hold: 'review', review_id: expect.any(Number) })
  expect(answer.value.review_id).not.toBe(old)
  expect((await real.tenant.must('reviews.get', { review_id: old }, real.reviewer.credential)).status).toBe('superseded')
  expect(failureOf(await real.tenant.as(real.reviewer.credential, 'reviews.decide', { review_id: old, verdict: 'approve' }))).toBe(
    'wrong-state',
  )
}

export const index = fc.nat(7)

export const steps = [
  fc
    .record({
      effort: fc.constantFrom('trivial', 'standard', 'critical' as const),
      priority: fc.integer({ min: -10, max: 10 }),
      max_attempts: fc.integer({ min: 1, max: 3 }),
      // Most jobs have no target.
      target: fc.constantFrom(undefined, undefined, 'anna', 'bert'),
    })
    .map((request) =>
      step(`dispatch ${JSON.stringify(request)}`, async (model, real) => {
        const answer = await real.tenant.call('jobs.dispatch', { prompt: 'p', when_offline: 'queue', ...request })
        if (answer.ok) model.dispatched(answer.value)
        else expect(model.level >= 1 ? ['killswitch'] : ['no-eligible-worker']).toContain(answer.failure.code)
      }),
    ),
  fc.tuple(index, fc.integer({ min: 1, max: 3 })).map(([which, max]) =>
    step(`poll by worker ${which}, at most ${max}`, async (model, real) => {
      const worker = live(model, real, which)
      if (worker !== undefined) await poll(model, real, worker, max)
    }),
  ),
  index.map((which) =>
    step(`start offer ${which}`, async (model, real) => {
      const chosen = pick(real.offers.slice(-6), which)
      if (chosen !== undefined) await begin(model, real, chosen)
    }),
  ),
  fc.tuple(index, fc.boolean(), fc.boolean()).map(([which, good, retryable]) =>
    step(`${good ? 'complete' : `fail${retryable ? ' for now' : ''}`} attempt ${which}`, async (model, real) => {
      const chosen = pick(real.offers.slice(-6), which)
      if (chosen === undefined) return
      const id = chosen.offer.job.id
      const lease = real.tenant.lease(chosen.offer)
      const started = model.of(id).started.some((attempt) => attempt.token === chosen.offer.lease.token)
      const expected = started ? model.maySettle(id, chosen.offer.lease.attempt) : false
      const before = model.of(id).ended
      const answer = good
        ? await real.tenant.as(lease, 'claims.complete', { job_id: id, result: `by ${chosen.worker.name}` })
        : await real.tenant.as(lease, 'claims.fail', { job_id: id, error: { type: 'test', message: 'no', retryable } })
      // I3, I4: only the newest attempt settles a job; repeating the outcome of a settled job is accepted and changes nothing.
      if (expected === true) expect(answer.ok, failureOf(answer)).toBe(true)
      if (expected === false && before === undefined) expect(answer.ok).toBe(false)
      if (answer.ok) model.settled(answer.value.job)
    }),
  ),
  index.map((which) =>
    step(`heartbeat of worker ${which}`, async (model, real) => {
      const worker = live(model, real, which)
      if (worker === undefined) return
      const held = [...model.jobs.values()].flatMap((job) => job.started.at(-1) ?? []).filter((attempt) => attempt.worker === worker.name)
      await real.tenant.present(worker, { leases: held.map(({ job_id, attempt }) => ({ job_id, attempt })) })
      model.renewed(worker.name)
    }),
  ),
  index.map((which) =>
    step(`abort job ${which}`, async (model, real) => {
      const job = pick([...model.jobs.values()], which)
      if (job === undefined) return
      const answer = await real.tenant.call('jobs.abort', { job_id: job.id })
      if (answer.ok) {
        model.release(job.id)
        model.settled(answer.value)
      } else expect(answer.failure.code).toBe('wrong-state')
    }),
  ),
  index.map((which) =>
    step(`retry job ${which}`, async (model, real) => {
      const job = pick([...model.jobs.values()], which)
      if (job === undefined) return
      const answer = await real.tenant.call('jobs.retry', { job_id: job.id })
      if (answer.ok) model.revived(job.id)
      else expect(['wrong-state', ...(model.level >= 1 ? ['killswitch'] : [])]).toContain(answer.failure.code)
    }),
  ),
  fc.constantFrom(1_000, 6_000, 31_000, 400_000, limits.schedule_to_start_ms + 1).map((ms) =>
    step(`${ms} ms pass`, async (model, real) => {
      real.clock.pass(ms)
      model.now += ms
    }),
  ),
  fc.constant(
    step('the object is killed', async (model) => {
      await abortAllDurableObjects()
      // Every running job gets one fresh lease, which the reference treats as a renewal.
      for (const job of model.jobs.values()) {
        const last = job.started.at(-1)
        if (last !== undefined && !model.released.has(`${job.id}/${last.attempt}`)) last.renewed_at = model.now - limits.lease_ms
      }
    }),
  ),
  index.map((which) =>
    step(`revoke worker ${which}`, async (model, real) => {
      const worker = pick(real.workers, which)
      if (worker === undefined || real.workers.length - model.revoked.size < 2) return
      await real.tenant.must('workers.revoke', { worker_id: worker.id })
      model.revoked.add(worker.name)
      for (const job of model.jobs.values()) if (job.started.at(-1)?.worker === worker.name) model.release(job.id)
      // I14: after the revocation the worker's token is refused.
      expect(failureOf(await real.tenant.as(worker.credential, 'claims.poll', {}))).toBe('unauthorized')
      expect(failureOf(await real.tenant.as(worker.credential, 'presence.report', {}))).toBe('unauthorized')
    }),
  ),
  fc.constant(
    step('dispatch what a human must release', async (model, real) => {
      const answer = await real.tenant.call('jobs.dispatch', { prompt: 'p', capability: gated, when_offline: 'queue' })
      if (!answer.ok) return
      expect(answer.value.hold).toBe('review')
      model.dispatched(answer.value)
    }),
  ),
  fc.tuple(index, verdict).map(([which, word]) =>
    step(`${word} review ${which}`, async (model, real) => {
      const open = await real.tenant.must('reviews.list', { status: 'pending' }, real.reviewer.credential)
      const review = pick(open.items, which)
      if (review === undefined || review.job_id === null) return
      await decide(model, real, review, review.job_id, word)
    }),
  ),
  fc.tuple(index, fc.integer({ min: 1, max: 3 })).map(([which, revision]) =>
    step(`give what a human must release ${which} the revision ${revision}`, async (model, real) => {
      const believed = pick(
        [...model.jobs.values()].filter((job) => job.approvals !== undefined),
        which,
      )
      if (believed !== undefined) await revise(model, real, believed.id, revision)
    }),
  ),
  fc.constant(step('the reviewer is revoked, and there is another one', replaceReviewer)),
  // Random steps alone would rarely occur in this order.
  fc.tuple(index, fc.constantFrom('never', 'asked', 'approved', 'disowned', 'on offer'), verdict).map(([which, changed, word]) =>
    step(`what a human must release is released (${word}) and taken, changed when it is ${changed}`, async (model, real) => {
      const dispatched = await real.tenant.call('jobs.dispatch', { prompt: 'p', capability: gated, when_offline: 'queue' })
      if (!dispatched.ok) return
      const { id } = dispatched.value
      model.dispatched(dispatched.value)
      if (changed === 'asked') await revise(model, real, id, 1)
      const asked = await real.tenant.must('jobs.get', { job_id: id })
      const review = await real.tenant.must('reviews.get', { review_id: asked.review_id ?? 0 }, real.reviewer.credential)
      await decide(model, real, review, id, word)
      if (changed === 'approved') await revise(model, real, id, 1)
      if (changed === 'disowned') await replaceReviewer(model, real)
      const worker = real.workers.find((one) => one.name === asked.assigned_to) ?? live(model, real, which)
      if (worker === undefined || model.revoked.has(worker.name)) return
      await poll(model, real, worker, 8)
      if (changed === 'on offer') await revise(model, real, id, 1)
      const mine = real.offers.findLast((one) => one.offer.job.id === id)
      if (mine !== undefined) await begin(model, real, mine)
    }),
  ),
  fc.integer({ min: 1, max: 4 }).map((level) =>
    step(`killswitch level ${level}`, async (model, real) => {
      await real.tenant.must('killswitch.raise', { level, lower: true })
      model.raised(level)
    }),
  ),
  fc.constant(
    step('the killswitch is cleared', async (model, real) => {
      await real.tenant.must('killswitch.clear', { resume_all: true })
      model.level = 0
    }),
  ),
  index.map((which) =>
    step(`a stranger uses offer ${which}`, async (_, real) => {
      const chosen = pick(real.offers, which)
      if (chosen === undefined) return
      // I13: credentials of one tenant do not work in another.
      const theirs = [
        await real.stranger.as(real.tenant.lease(chosen.offer), 'claims.complete', { job_id: chosen.offer.job.id }),
        await real.stranger.as(chosen.worker.credential, 'claims.poll', {}),
        await real.stranger.as(real.tenant.owner, 'jobs.get', { job_id: chosen.offer.job.id }),
      ]
      expect(theirs.map(failureOf)).toEqual(['unauthorized', 'unauthorized', 'unauthorized'])
    }),
  ),
]
