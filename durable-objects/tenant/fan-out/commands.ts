/** Responsible for the commands about fan-outs: dispatching, listing children, picking an answer, retrying. */
import type { Job, JobRequest, Output, Parsed } from '@modelreins/contract'
import { wrongState } from '../../../src/domain/job/job-machine.ts'
import type { JobRecord } from '../../../src/domain/job/job-machine.ts'
import { dispatchRefusal } from '../../../src/domain/killswitch.ts'
import { fail, ok } from '../../../src/domain/result.ts'
import type { Result } from '../../../src/domain/result.ts'
import type { CommandContext } from '../kernel/context.ts'
import { retryMany } from '../queue/commands/bulk.ts'
import { retryJob, retryOne } from '../queue/commands/jobs.ts'
import { findWorker } from '../queue/commands/dispatch.ts'
import { takenByOthers } from '../queue/distinct-workers.ts'
import { noJob, showJob } from '../queue/job-view.ts'
import { jobSubject, saveJob } from '../queue/save-job.ts'
import { retargeted } from '../queue/target-gone.ts'
import { advance } from './advance.ts'
import { dispatch } from './dispatch.ts'
import { pick } from './pick.ts'
import { preview } from './preview.ts'

function children(ctx: CommandContext, input: Parsed<'jobs.children'>): Result<{ items: Job[]; next_cursor: string | null }> {
  const parent = ctx.store.jobs.get(input.job_id)
  if (parent === undefined) return noJob(ctx.store, input.job_id)
  if (parent.spec.fan_out === undefined) return fail('wrong-state', `Job ${parent.id} is not a fan-out and has no children.`)
  return ok({ items: ctx.store.jobs.ofParent(parent.id).map((job) => showJob(ctx, job)), next_cursor: null })
}

/** Runs a failed fan-out again: retries its failed children, or merges the existing answers again. */
function retryFanOut(ctx: CommandContext, parent: JobRecord, what: 'children' | 'merge'): Result<Job> {
  const spec = parent.spec.fan_out
  if (spec === undefined || parent.status !== 'failed') return wrongState(parent, 'retried')
  const family = ctx.store.jobs.ofParent(parent.id).filter((job) => job.spec.role === 'child')
  const revoked = (job: JobRecord): boolean => !retargeted(ctx, job).ok
  const failed = family.filter((job) => job.status === 'failed' && !revoked(job))
  if (what === 'children' && family.every((job) => job.status === 'failed' && revoked(job)))
    return fail('wrong-state', `The workers of job ${parent.id} were revoked: dispatch a new fan-out to other workers.`)
  if (what === 'merge' && !family.some((job) => job.status === 'done'))
    return fail('wrong-state', `Job ${parent.id} has no answer to merge: retry its children.`)
  // A retry has no deadline: the old one may have passed, and the retry must still wait for its answers.
  const plan = { ...spec.plan, deadline_at: null }
  const again: JobRecord = {
    ...parent,
    status: 'running',
    ended_at: null,
    started_at: ctx.at,
    outcome: null,
    spec: { ...parent.spec, fan_out: { ...spec, plan, merge_job_id: null } },
  }
  saveJob(ctx, again)
  ctx.record({
    action: 'job.retry',
    subject: jobSubject(parent),
    job_id: parent.id,
    capability: parent.spec.capability,
    summary: what === 'children' ? `fan-out: ${failed.length} children retried` : 'fan-out: merge retried',
  })
  if (what === 'children') for (const child of failed) retryJob(ctx, child)
  advance(ctx, parent.id)
  return ok(showJob(ctx, ctx.store.jobs.get(parent.id) ?? again))
}

/** Refuses a new target that another child of the same fan-out already asks: each child asks a different worker. */
function besideOthers(ctx: CommandContext, job: JobRecord, target: string | null): Result<never> | undefined {
  if (job.spec.role !== 'child') return undefined
  const refuse = (message: string): Result<never> =>
    fail('invalid-request', `\`target\` ${message}.`, { issues: [{ path: 'target', message }] })
  if (target === null) return refuse(`must name a worker: job ${job.id} is part of fan-out ${job.parent_id}, which asks each worker once`)
  const worker = findWorker(ctx, target)
  if (worker === undefined || !takenByOthers(ctx, job).includes(worker.worker_id)) return undefined
  return refuse(
    `cannot be ${worker.name}: another part of fan-out ${job.parent_id} asks this worker, or one that is too similar for its \`distinct\``,
  )
}

function retry(ctx: CommandContext, input: Parsed<'jobs.retry'>): Result<Job> {
  const job = ctx.store.jobs.get(input.job_id)
  if (job?.spec.fan_out === undefined) {
    if (job !== undefined && input.what !== undefined) {
      return fail('invalid-request', `Job ${job.id} is not a fan-out: omit \`what\`.`, {
        issues: [{ path: 'what', message: 'goes with a fan-out' }],
      })
    }
    return (input.target === undefined || job === undefined ? undefined : besideOthers(ctx, job, input.target)) ?? retryOne(ctx, input)
  }
  const ofOneWorker = (['target', 'timeout'] as const).find((field) => input[field] !== undefined)
  if (ofOneWorker !== undefined) {
    const issues = [{ path: ofOneWorker, message: 'is only for a job of one worker' }]
    return fail('invalid-request', `Job ${job.id} is a fan-out: retry the child whose ${ofOneWorker} should change.`, { issues })
  }
  const refused = dispatchRefusal(ctx.store.killswitch.state())
  return refused ?? retryFanOut(ctx, job, input.what ?? 'children')
}

export const fanOutCommands = {
  'jobs.dispatch': (ctx: CommandContext, request: JobRequest): Result<Job> => dispatch(ctx, request),
  'jobs.preview': preview,
  'jobs.children': children,
  'jobs.pick': pick,
  'jobs.retry': retry,
  'jobs.retry_many': (ctx: CommandContext, input: Parsed<'jobs.retry_many'>): Result<Output<'jobs.retry_many'>> =>
    retryMany(ctx, input, (job) => (job.spec.fan_out === undefined ? retryJob(ctx, job) : retryFanOut(ctx, job, 'children'))),
}
