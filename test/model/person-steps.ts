/** Responsible for the commands of the model test by which a member does jobs as a person. */
import * as fc from 'fast-check'
import { expect } from 'vitest'
import { failureOf } from '../workers/durable-objects/tenant/harness.ts'
import type { QueueModel } from './queue-model.ts'
import { index, pick, step } from './tenant-steps.ts'
import type { Real } from './tenant-steps.ts'

/** Name of the worker as which the member takes jobs. */
export const personName = 'rosa'

const fail = (id: number): never => {
  throw new Error(`I1: job ${id} is lost`)
}

const ways = ['work.done', 'work.failed', 'work.hand_back', 'work.escalate'] as const
type Way = (typeof ways)[number]

async function dispatched(model: QueueModel, real: Real): Promise<number | undefined> {
  const answer = await real.tenant.call('jobs.dispatch', { prompt: 'p', target: personName, when_offline: 'queue', max_attempts: 1 })
  if (!answer.ok) return void expect(model.level >= 1 ? ['killswitch'] : ['no-eligible-worker']).toContain(answer.failure.code)
  model.dispatched(answer.value)
  return answer.value.id
}

async function begun(model: QueueModel, real: Real, job_id: number): Promise<void> {
  const answer = await real.tenant.as(real.person.credential, 'work.start', { job_id })
  if (answer.ok) model.started(answer.value.job, personName, `${personName}/${answer.value.job.attempt}`)
  // I8, I2: refused because the killswitch is raised, another worker already has the job, or the person has reached their limit.
  else expect(['killswitch', 'wrong-state', 'already-claimed', 'conflict', 'forbidden']).toContain(answer.failure.code)
}

async function ended(model: QueueModel, real: Real, job_id: number, attempt: number, way: Way): Promise<void> {
  const mine = model.of(job_id).started.at(-1)
  const before = model.of(job_id).ended
  const expected = mine?.worker === personName ? model.maySettle(job_id, attempt) : false
  const more = way === 'work.done' ? { result: 'by hand' } : { reason: 'no' }
  const answer = await real.tenant.as(real.person.credential, way, { job_id, attempt, ...more } as never)
  // I3, I4, I14: only the attempt in hand can be settled, and an ended job stays unchanged.
  if (expected === true) expect(answer.ok, failureOf(answer)).toBe(true)
  if (expected === false && before === undefined) expect(answer.ok).toBe(false)
  if (!answer.ok) return
  model.settled((await real.tenant.must('jobs.list', { limit: 200 })).items.find((job) => job.id === job_id) ?? fail(job_id))
  real.tried.persons += 1
}

export const personSteps = [
  fc.constant(step('dispatch for a person', async (model, real) => void (await dispatched(model, real)))),
  index.map((which) =>
    step(`the person starts job ${which}`, async (model, real) => {
      const job = pick([...model.jobs.values()], which)
      if (job !== undefined) await begun(model, real, job.id)
    }),
  ),
  fc.tuple(index, fc.constantFrom(...ways), fc.boolean()).map(([which, way, stale]) =>
    step(`${way} of what the person ${stale ? 'had' : 'has'} in hand ${which}`, async (model, real) => {
      const theirs = [...model.jobs.values()].flatMap((job) => job.started.filter((one) => one.worker === personName).at(-1) ?? [])
      const chosen = pick(theirs, which)
      if (chosen !== undefined) await ended(model, real, chosen.job_id, stale ? Math.max(1, chosen.attempt - 1) : chosen.attempt, way)
    }),
  ),
  fc.constant(
    step('a job for the person is started, handed back and started again', async (model, real) => {
      const id = await dispatched(model, real)
      if (id === undefined) return
      await begun(model, real, id)
      const attempt = model.of(id).started.at(-1)?.attempt
      if (attempt === undefined) return
      await ended(model, real, id, attempt, 'work.hand_back')
      await begun(model, real, id)
    }),
  ),
]
