/** Responsible for the commands of the model test of fan-outs, keys, schedules and parked accounts. */
import { abortAllDurableObjects, runInDurableObject } from 'cloudflare:test'
import * as fc from 'fast-check'
import { expect } from 'vitest'
import type { Input, Job, MergeKind, Offer, ScheduleRun } from '@modelreins/contract'

import { failureOf } from '../workers/durable-objects/tenant/harness.ts'
import type { frozenTime, TestTenant, WorkerHandle } from '../workers/durable-objects/tenant/harness.ts'
import { keyLimits } from './family-model.ts'
import type { FamilyModel, Key } from './family-model.ts'

/** On a slow machine the time limit ends the test before its last sequence. With fewer commands than these, the test would prove nothing. */
export const leastTried = {
  commands: 300,
  fan_outs_done: 8,
  merges_written: 2,
  fan_outs_retried: 1,
  families_aborted: 1,
  answers_picked: 2,
  threads_aborted: 1,
  threads_deleted: 1,
  deadlines_met: 1,
  key_waits: 5,
  parkings: 2,
  chain_steps: 3,
  due_times: 2,
}

interface Attempt {
  readonly offer: Offer
  readonly worker: WorkerHandle
}

interface Real {
  readonly tenant: TestTenant
  readonly workers: readonly WorkerHandle[]
  readonly clock: ReturnType<typeof frozenTime>
  /** Attempts that a worker has started and not ended; the object may have ended some of them. */
  readonly held: Attempt[]
  readonly schedules: string[]
  /** Waits and runs that are already counted in `tried`. */
  readonly seen: Set<string>
  /** Over all sequences: how often each was really exercised. */
  readonly tried: Record<keyof typeof leastTried, number>
}

type Step = fc.AsyncCommand<FamilyModel, Real>

const pick = <Item>(items: readonly Item[], index: number): Item | undefined => items[index % Math.max(1, items.length)]

async function pages<Item>(
  get: (cursor: string | undefined) => Promise<{ items: readonly Item[]; next_cursor: string | null }>,
): Promise<Item[]> {
  const items: Item[] = []
  let cursor: string | undefined
  do {
    const page = await get(cursor)
    items.push(...page.items)
    cursor = page.next_cursor ?? undefined
  } while (cursor !== undefined)
  return items
}

const jobsOf = ({ tenant }: Real): Promise<Job[]> =>
  pages((cursor) => tenant.must('jobs.list', { limit: 200, ...(cursor === undefined ? {} : { cursor }) }))

const runsOf = ({ tenant }: Real, schedule_id: string): Promise<ScheduleRun[]> =>
  pages((cursor) => tenant.must('schedules.runs', { schedule_id, limit: 200, ...(cursor === undefined ? {} : { cursor }) }))

function first(seen: Set<string>, what: string): boolean {
  const is = !seen.has(what)
  seen.add(what)
  return is
}

/** Runs the step, then checks everything that a caller can see. */
const step = (name: string, run: (model: FamilyModel, real: Real) => Promise<void>): Step => ({
  check: () => true,
  toString: () => name,
  run: async (model, real) => {
    real.tried.commands += 1
    await run(model, real)
    const jobs = await jobsOf(real)
    const families = await Promise.all(
      jobs.filter((job) => job.kind === 'fan_out').map((job) => real.tenant.must('jobs.get', { job_id: job.id })),
    )
    const runs: ScheduleRun[][] = []
    for (const id of real.schedules) runs.push(await runsOf(real, id))
    for (const id of jobs.filter((job) => job.hold === 'key').map((job) => job.id))
      if (first(real.seen, `wait ${id}`)) real.tried.key_waits += 1
    for (const run of runs.flat().filter(({ outcome }) => outcome !== 'missed'))
      if (first(real.seen, `run ${run.run_id}`)) real.tried.due_times += 1
    const shown = jobs.map((job) => families.find((parent) => parent.id === job.id) ?? job)
    for (const job of shown) {
      if (model.ended.has(job.id) || job.status !== 'done' || job.kind !== 'fan_out' || job.merge?.picked !== undefined) continue
      real.tried.fan_outs_done += 1
      if (job.merge?.by === 'worker' && job.merge.degraded === false) real.tried.merges_written += 1
      if ((job.merge?.missing ?? 0) > 0) real.tried.deadlines_met += 1
    }
    for (const { id, fallback } of jobs) if ((fallback?.step ?? 0) > (model.steps.get(id) ?? 0)) real.tried.chain_steps += 1
    model.check({ jobs: shown, runs })
  },
})

const refusals = ['killswitch', 'no-eligible-worker', 'no-live-worker']

async function dispatch(model: FamilyModel, real: Real, request: Input<'jobs.dispatch'>): Promise<void> {
  const answer = await real.tenant.call('jobs.dispatch', { when_offline: 'queue', ...request })
  if (!answer.ok) return void expect(refusals).toContain(answer.failure.code)
  model.dispatched.add(answer.value.id)
}

/** The worker accepts its offers and starts them. */
async function take(model: FamilyModel, real: Real, worker: WorkerHandle, max: number): Promise<void> {
  const offers = await real.tenant.offers(worker, max)
  model.offered(worker.name, offers.length)
  for (const offer of offers) {
    const answer = await real.tenant.as(real.tenant.lease(offer), 'claims.start', { job_id: offer.job.id })
    if (answer.ok) real.held.push({ offer, worker })
    else expect(['lease-lost', 'killswitch', 'wrong-state', 'gone']).toContain(answer.failure.code)
  }
}

type Ending = 'answer' | 'fail' | 'fail for now' | 'out of quota'

async function end(model: FamilyModel, real: Real, attempt: Attempt, ending: Ending): Promise<void> {
  const { offer, worker } = attempt
  const job_id = offer.job.id
  const lease = real.tenant.lease(offer)
  const until = new Date(model.now + 120_000).toISOString()
  const error = {
    type: ending === 'out of quota' ? 'rate_limited' : 'exit_error',
    message: 'no',
    retryable: ending !== 'fail',
    ...(ending === 'out of quota' ? { retry_at: until } : {}),
  }
  const answer =
    ending === 'answer'
      ? await real.tenant.as(lease, 'claims.complete', { job_id, result: `answer ${job_id % 2}` })
      : await real.tenant.as(lease, 'claims.fail', { job_id, error, ...(ending === 'out of quota' ? { parked_until: until } : {}) })
  real.held.splice(real.held.indexOf(attempt), 1)
  if (!answer.ok) return void expect(['lease-lost', 'wrong-state', 'killswitch', 'gone', 'not-found']).toContain(answer.failure.code)
  if (ending === 'answer') model.parkedUntil.delete(worker.name)
  if (ending !== 'out of quota') return
  real.tried.parkings += 1
  model.parkedUntil.set(worker.name, model.now + 120_000)
  // Giving back uses up no attempt: the job may start as often as before.
  const { attempt: began, max_attempts, status } = answer.value.job
  if (status === 'failed') throw new Error(`Parking: job ${job_id} failed with its worker's quota, at attempt ${began} of ${max_attempts}`)
}

async function retry(model: FamilyModel, real: Real, job: Job, what: 'children' | 'merge' | undefined): Promise<void> {
  const answer = await real.tenant.call('jobs.retry', { job_id: job.id, ...(what === undefined ? {} : { what }) })
  if (!answer.ok) return void expect(['wrong-state', 'killswitch']).toContain(answer.failure.code)
  if (job.kind === 'fan_out') real.tried.fan_outs_retried += 1
  // Its failed children are retried with it.
  for (const one of await jobsOf(real)) if (one.id === job.id || one.parent_id === job.id) model.retried(one.id)
}

const index = fc.nat(7)
const names = ['anna', 'bert', 'cleo'] as const
const merge = fc.record(
  {
    by: fc.constantFrom('worker', 'worker', 'concat', 'vote', 'first', 'none' as const),
    quorum: fc.constantFrom(undefined, undefined, 1, 2),
    deadline: fc.constantFrom(undefined, undefined, 30),
  },
  { requiredKeys: ['by'] },
)
const key = fc.constantFrom(...(Object.keys(keyLimits) as Key[]))
const concurrencyOf = (name: Key) => ({ concurrency: { key: name, limit: keyLimits[name] } })

const fanOutOf = (targets: readonly string[], plan: { by: MergeKind; quorum?: number | undefined; deadline?: number | undefined }) => {
  const { by, quorum, deadline } = plan
  return {
    prompt: 'Which?',
    targets: [...targets],
    thread_id: 'talk',
    merge: {
      by,
      ...(quorum === undefined || by === 'first' ? {} : { quorum }),
      ...(deadline === undefined ? {} : { deadline }),
    },
  }
}
const targets = fc.constantFrom<readonly string[]>(names, ['anna', 'bert'], ['bert', 'cleo'])

/** For each child of a fan-out: steps to workers that another child may already ask, then one to any worker with the provider. */
const chain = fc
  .option(fc.constantFrom('failed', 'offline', 'rate_limited' as const))
  .map((after) =>
    after === null
      ? {}
      : { max_attempts: 1, fallback: [...['anna', 'cleo'].map((target) => ({ target, after })), { provider: 'claude', after }] },
  )

export const familySteps = [
  fc
    .tuple(targets, merge, fc.option(key), chain)
    .map(([to, plan, keyed, fallback]) =>
      step(
        `ask ${to.join()} and merge by ${JSON.stringify(plan)}${keyed === null ? '' : ` under ${keyed}`}, else ${JSON.stringify(fallback)}`,
        (model, real) => dispatch(model, real, { ...fanOutOf(to, plan), ...fallback, ...(keyed === null ? {} : concurrencyOf(keyed)) }),
      ),
    ),
  fc.tuple(key, fc.constantFrom('wait', 'replace', 'reject' as const)).map(([name, on_conflict]) =>
    step(`dispatch under ${name}, on conflict ${on_conflict}`, async (model, real) => {
      const concurrency = { key: name, limit: keyLimits[name], on_conflict }
      const answer = await real.tenant.call('jobs.dispatch', { prompt: 'x', when_offline: 'queue', concurrency })
      if (!answer.ok) return void expect([...refusals, 'conflict']).toContain(answer.failure.code)
      model.dispatched.add(answer.value.id)
    }),
  ),
  fc.tuple(index, fc.integer({ min: 1, max: 3 })).map(([which, max]) =>
    step(`worker ${which} takes at most ${max}`, async (model, real) => {
      const worker = pick(real.workers, which)
      if (worker !== undefined) await take(model, real, worker, max)
    }),
  ),
  fc.tuple(index, fc.constantFrom<Ending>('answer', 'answer', 'answer', 'fail', 'fail for now', 'out of quota')).map(([which, ending]) =>
    step(`attempt ${which} ends: ${ending}`, async (model, real) => {
      const attempt = pick(real.held, which)
      if (attempt !== undefined) await end(model, real, attempt, ending)
    }),
  ),
  // Random steps alone would rarely complete a fan-out.
  fc.tuple(fc.constantFrom<Ending>('answer', 'answer', 'fail'), fc.boolean()).map(([ending, killed]) =>
    step(`everybody takes and ends what there is: ${ending}${killed ? ', the object is killed in between' : ''}`, async (model, real) => {
      for (const worker of real.workers) await take(model, real, worker, 3)
      if (killed) await abortAllDurableObjects()
      // The first attempt always succeeds, so that some fan-outs have both answers and failures.
      for (const [place, attempt] of [...real.held].entries()) await end(model, real, attempt, place === 0 ? 'answer' : ending)
    }),
  ),
  fc.tuple(targets, merge, fc.integer({ min: 0, max: 4 }), fc.boolean(), chain).map(([to, plan, stop, again, fallback]) =>
    step(
      `ask ${to.join()}, merge by ${JSON.stringify(plan)}, and let them ${again ? 'fail, try again and ' : ''}answer, killed after ${stop} answers`,
      async (model, real) => {
        await dispatch(model, real, { ...fanOutOf(to, plan), ...fallback })
        for (let round = 0; round < 3; round += 1) {
          for (const worker of real.workers) await take(model, real, worker, 3)
          for (const [place, attempt] of [...real.held].entries()) {
            if (place === stop) await abortAllDurableObjects()
            await end(model, real, attempt, again && round === 0 ? 'fail' : 'answer')
          }
          const failed =
            again && round === 0 ? (await jobsOf(real)).find((job) => job.kind === 'fan_out' && job.status === 'failed') : undefined
          if (failed !== undefined) await retry(model, real, failed, undefined)
        }
      },
    ),
  ),
  fc.tuple(index, fc.boolean()).map(([which, pinned]) =>
    step(`worker ${which} takes ${pinned ? 'a job for it alone' : 'a job'} and meets the limit of its account`, async (model, real) => {
      const worker = pick(real.workers, which)
      if (worker === undefined) return
      await dispatch(model, real, { prompt: 'x', priority: 10, ...(pinned ? { target: worker.name } : {}) })
      await take(model, real, worker, 1)
      const attempt = real.held.findLast((one) => one.worker === worker)
      if (attempt !== undefined) await end(model, real, attempt, 'out of quota')
    }),
  ),
  fc.tuple(index, fc.boolean(), fc.constantFrom<Ending>('fail', 'fail', 'out of quota', 'answer')).map(([which, killed, ending]) =>
    step(`worker ${which} takes a job with a fallback chain${killed ? ', the object is killed' : ''}: ${ending}`, async (model, real) => {
      const worker = pick(real.workers, which)
      if (worker === undefined) return
      const [second = '', third = ''] = names.filter((name) => name !== worker.name)
      const fallback = [
        { target: second, after: 'failed' as const },
        { target: third, after: 'rate_limited' as const },
        { target: third, after: 'offline' as const },
        { target: worker.name, after: 'failed' as const },
      ]
      await dispatch(model, real, { prompt: 'x', priority: 10, max_attempts: 1, target: worker.name, fallback })
      await take(model, real, worker, 1)
      if (killed) await abortAllDurableObjects()
      const attempt = real.held.findLast((one) => one.worker === worker)
      if (attempt !== undefined) await end(model, real, attempt, ending)
    }),
  ),
  fc.tuple(index, fc.constantFrom('fan_out', 'child', 'merge', 'job' as const)).map(([which, what]) =>
    step(`abort ${what} ${which}`, async (_, real) => {
      const jobs = (await jobsOf(real)).filter((job) => (job.role ?? job.kind ?? 'job') === what)
      const open = jobs.filter((job) => job.status !== 'done' && job.status !== 'failed')
      // Random choices would rarely hit a job that has not ended.
      const job = pick(open.length > 0 ? open : jobs, which)
      if (job === undefined) return
      const answer = await real.tenant.call('jobs.abort', { job_id: job.id })
      if (!answer.ok) return void expect(answer.failure.code).toBe('wrong-state')
      if (what !== 'job') real.tried.families_aborted += 1
    }),
  ),
  fc.tuple(index, fc.nat(2), fc.boolean()).map(([which, child, killed]) =>
    step(`pick answer ${child} of fan-out ${which}${killed ? ', and the object is killed' : ''}`, async (model, real) => {
      const parent = pick(
        (await jobsOf(real)).filter((job) => job.kind === 'fan_out' && (job.merge?.answered ?? 0) > 0),
        which,
      )
      const picked = pick(parent?.children ?? [], child)
      if (parent === undefined || picked === undefined) return
      const answer = await real.tenant.call('jobs.pick', { job_id: parent.id, child_id: picked.job_id })
      if (killed) await abortAllDurableObjects()
      if (!answer.ok) return void expect(answer.failure.code).toBe('wrong-state')
      real.tried.answers_picked += 1
      model.picked(parent.id, parent.status === 'running')
    }),
  ),
  fc.tuple(index, fc.constantFrom('children', 'merge', undefined), fc.boolean()).map(([which, what, parents]) =>
    step(`retry ${parents ? 'fan-out' : 'job'} ${which}${what === undefined ? '' : `, ${what}`}`, async (model, real) => {
      const failed = (await jobsOf(real)).filter((job) => job.status === 'failed' && (job.kind === 'fan_out') === parents)
      const job = pick(failed, which)
      if (job === undefined) return
      await retry(model, real, job, parents ? what : undefined)
    }),
  ),
  fc.constant(
    step('abort the thread', async (_, real) => {
      const answer = await real.tenant.call('threads.abort', { thread_id: 'talk' })
      if (!answer.ok) return void expect(answer.failure.code).toBe('not-found')
      if (answer.value.job_ids.length > 0) real.tried.threads_aborted += 1
      const open = (await jobsOf(real)).filter((job) => job.thread_id === 'talk' && job.status !== 'done' && job.status !== 'failed')
      expect(open.map((job) => job.id)).toEqual([])
    }),
  ),
  fc.boolean().map((killed) =>
    step(`delete the thread${killed ? ', and the object is killed' : ''}`, async (model, real) => {
      const jobs = await jobsOf(real)
      const turns = new Set(jobs.filter((job) => job.thread_id === 'talk').map((job) => job.id))
      const answer = await real.tenant.call('threads.delete', { thread_id: 'talk', abort: true })
      if (!answer.ok) return void expect(answer.failure.code).toBe('not-found')
      if (killed) await abortAllDurableObjects()
      real.tried.threads_deleted += 1
      model.erase(jobs.flatMap((job) => (turns.has(job.id) || turns.has(job.parent_id ?? 0) ? [job.id] : [])))
    }),
  ),
  fc.constantFrom(1_000, 6_000, 31_000, 61_000, 400_000).map((ms) =>
    step(`${ms} ms pass, and the alarm rings twice`, async (model, real) => {
      real.clock.pass(ms)
      model.now += ms
      for (let ring = 0; ring < 2; ring += 1)
        await runInDurableObject(real.tenant.raw, (instance) => (instance as unknown as { alarm(): Promise<void> }).alarm())
      for (const worker of real.workers) {
        const leases = real.held
          .filter((attempt) => attempt.worker === worker)
          .map(({ offer }) => ({ job_id: offer.job.id, attempt: offer.lease.attempt }))
        await real.tenant.present(worker, { leases })
      }
    }),
  ),
  fc.constant(step('the object is killed', () => abortAllDurableObjects())),
  fc.constantFrom(1, 2, 3).map((level) =>
    step(`killswitch level ${level}, and back`, async (model, real) => {
      await real.tenant.must('killswitch.raise', { level })
      if (level === 3) model.level = 3
      const refused = await real.tenant.call('jobs.dispatch', { prompt: 'x', targets: [...names] })
      expect(failureOf(refused)).toBe('killswitch')
      await real.tenant.must('killswitch.clear', { resume_all: true })
      model.level = 0
    }),
  ),
  fc
    .tuple(fc.constantFrom('skip', 'queue', 'replace' as const), fc.constantFrom('none', 'last', 'all' as const))
    .map(([overlap, catch_up]) =>
      step(`make a schedule for each minute, ${overlap}, catch up ${catch_up}`, async (_, real) => {
        if (real.schedules.length === 2) return
        const job = { prompt: 'Report', when_offline: 'queue' as const, ...concurrencyOf('repo:web') }
        const made = await real.tenant.must('schedules.create', { name: 'minutely', every: 60, overlap, catch_up, job })
        real.schedules.push(made.schedule_id)
      }),
    ),
  index.map((which) =>
    step(`give worker ${which} its account back`, async (model, real) => {
      const worker = pick(real.workers, which)
      if (worker === undefined) return
      await real.tenant.must('workers.unpark', { worker_id: worker.id })
      model.parkedUntil.delete(worker.name)
    }),
  ),
]

export const nothingTried = (): Real['tried'] => ({
  ...leastTried,
  ...Object.fromEntries(Object.keys(leastTried).map((what) => [what, 0])),
})
