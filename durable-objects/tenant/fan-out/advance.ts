/** Responsible for advancing a fan-out when one of its jobs has ended or its deadline has passed. */
import type { JobRequest } from '@modelreins/contract'
import { nextStep } from '../../../src/domain/fan-out/fan-out.ts'
import type { FanOut, Step } from '../../../src/domain/fan-out/fan-out.ts'
import type { Picked } from '../../../src/domain/fan-out/pick.ts'
import { emptyOutcome, isTerminal } from '../../../src/domain/job/job-machine.ts'
import type { JobOutcome, JobRecord } from '../../../src/domain/job/job-machine.ts'
import { ok } from '../../../src/domain/result.ts'
import type { Result } from '../../../src/domain/result.ts'
import { systemActor } from '../kernel/context.ts'
import type { CommandContext } from '../kernel/context.ts'
import { assign, makeJob } from '../queue/commands/dispatch.ts'
import { abortJob } from '../queue/commands/jobs.ts'
import { fanOutOf } from '../queue/fan-out-state.ts'
import { closeStream, jobSubject, saveJob, settleJob } from '../queue/save-job.ts'

function makeMergeJob(ctx: CommandContext, parent: JobRecord, prompt: string, workerId: string | null): Result<JobRecord> {
  const target = workerId === null ? null : (ctx.store.workers.get(workerId)?.name ?? workerId)
  const request: JobRequest = {
    prompt,
    effort: parent.effort,
    priority: parent.priority,
    timeout: parent.spec.timeout_ms / 1000,
    ...(target === null ? {} : { target }),
  }
  const assigned = assign(ctx, request)
  if (!assigned.ok) return assigned
  return ok(
    makeJob(ctx, request, assigned.value, 'fan_out.merge', { parent: { id: parent.id, role: 'merge', created_by: parent.created_by } }),
  )
}

type Ending =
  | Extract<Step, { kind: 'done' | 'failed' }>
  /** A member picked the answer of one child. */
  | (Extract<Step, { kind: 'done' }> & { readonly picked: Picked })

/** Ends the fan-out and aborts its jobs that are no longer needed. */
export function finish(ctx: CommandContext, parent: JobRecord, family: FanOut, ending: Ending): void {
  const outcome: JobOutcome = {
    ...emptyOutcome,
    result: ending.kind === 'done' ? ending.result : null,
    stored: ending.kind === 'done' ? ending.stored : null,
    error: ending.kind === 'failed' ? ending.error : null,
    fan_out: {
      children: family.children.map(({ job_id, worker, status }) => ({ job_id, worker, status })),
      merge: ending.merge,
      ...('picked' in ending ? { picked: ending.picked } : {}),
    },
  }
  const after: JobRecord = { ...parent, status: ending.kind, ended_at: ctx.at, outcome }
  settleJob(ctx, after)
  const { answered, failed, missing, degraded, by } = ending.merge
  const how = 'picked' in ending ? `the answer of ${ending.picked.worker} picked` : `merged by ${by}`
  const row = {
    subject: jobSubject(parent),
    job_id: parent.id,
    worker_id: null,
    capability: parent.spec.capability,
    summary: `fan-out: ${answered} answered, ${failed} failed, ${missing} missing, ${how}${degraded ? ', degraded' : ''}`,
    actor: systemActor,
  }
  if (ending.kind === 'done') ctx.record({ action: 'job.complete', ...row, digest: ctx.sha256(outcome.result ?? '') })
  else ctx.record({ action: 'job.fail', ...row })
  closeStream(ctx, after, '')
  // Last, so that the parent has already ended when its children are aborted.
  for (const id of ending.abort) {
    const child = ctx.store.jobs.get(id)
    if (child !== undefined) abortJob(ctx, child, `Its fan-out, job ${parent.id}, ended without needing it`)
  }
}

/** Takes the next step of an unfinished fan-out, if one is due: ends it, or dispatches its merge job. */
export function advance(ctx: CommandContext, parentId: number): void {
  const parent = ctx.store.jobs.get(parentId)
  const spec = parent?.spec.fan_out
  if (parent === undefined || spec === undefined || isTerminal(parent.status)) return
  const family = fanOutOf(ctx.store, parent)
  const step = nextStep(family, ctx.at)
  if (step.kind === 'wait') return
  if (step.kind !== 'merge') return finish(ctx, parent, family, step)
  const merge = makeMergeJob(ctx, parent, step.prompt, spec.plan.worker)
  if (merge.ok) {
    const fan_out = { ...spec, merge_job_id: merge.value.id, merged_from: step.from }
    return void saveJob(ctx, { ...parent, spec: { ...parent.spec, fan_out } })
  }
  const without = nextStep({ ...family, merge: 'refused' }, ctx.at)
  if (without.kind === 'done' || without.kind === 'failed') finish(ctx, parent, family, without)
}

/** Called when a job has ended: a child or merge job advances its fan-out; an aborted fan-out aborts its children. */
export function onSettled(ctx: CommandContext, job: JobRecord): void {
  if (job.parent_id !== null) return advance(ctx, job.parent_id)
  if (job.spec.fan_out === undefined || job.outcome?.error?.type !== 'aborted') return
  for (const child of ctx.store.jobs.ofParent(job.id)) abortJob(ctx, child, job.outcome.error.message)
}
