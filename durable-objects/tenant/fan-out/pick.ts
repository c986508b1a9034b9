/**
 * Responsible for picking one child's answer as the answer of the fan-out: its record, its audit row, and aborting the jobs that are no
 * longer needed.
 */
import type { Job, Parsed } from '@modelreins/contract'
import { mergeStateOf } from '../../../src/domain/fan-out/fan-out.ts'
import { pickStep, shownResult } from '../../../src/domain/fan-out/pick.ts'
import type { Picked } from '../../../src/domain/fan-out/pick.ts'
import { isTerminal } from '../../../src/domain/job/job-machine.ts'
import type { JobRecord } from '../../../src/domain/job/job-machine.ts'
import { ok } from '../../../src/domain/result.ts'
import type { Result } from '../../../src/domain/result.ts'
import type { CommandContext } from '../kernel/context.ts'
import { loadJob } from '../queue/commands/jobs.ts'
import { fanOutOf } from '../queue/fan-out-state.ts'
import { noJob, showJob } from '../queue/job-view.ts'
import { jobSubject, saveJob } from '../queue/save-job.ts'
import { finish } from './advance.ts'

/** Ends a running fan-out with this answer; aborts its merge job and its unfinished children. */
function endWith(ctx: CommandContext, parent: JobRecord, child: JobRecord, picked: Picked): void {
  const family = fanOutOf(ctx.store, parent)
  const open = ctx.store.jobs.ofParent(parent.id).filter((job) => !isTerminal(job.status))
  const { result, stored } = shownResult(child.outcome)
  finish(ctx, parent, family, { kind: 'done', result, stored, picked, merge: mergeStateOf(family), abort: open.map((job) => job.id) })
}

/** Replaces the answer of an ended fan-out; the earlier answer stays in its record. */
function replace(ctx: CommandContext, parent: JobRecord, child: JobRecord, picked: Picked): void {
  const { outcome } = parent
  if (outcome?.fan_out === undefined) throw new Error(`Fan-out ${parent.id} has ended and has no account of its answers`)
  const { result, stored } = shownResult(child.outcome)
  saveJob(ctx, { ...parent, outcome: { ...outcome, fan_out: { ...outcome.fan_out, picked: { ...picked, instead: { result, stored } } } } })
}

/** Makes a child's answer that of the fan-out, running or ended. Picking the same child again changes nothing. */
export function pick(ctx: CommandContext, input: Parsed<'jobs.pick'>): Result<Job> {
  const parent = loadJob(ctx, input.job_id)
  if (!parent.ok) return parent
  const found = ctx.store.jobs.get(input.child_id)
  if (found === undefined && parent.value.outcome?.fan_out?.picked?.job_id !== input.child_id) return noJob(ctx.store, input.child_id)
  const step = pickStep(parent.value, found, input.child_id)
  if (!step.ok) return step
  if (step.value.kind === 'done-before') {
    ctx.replayed()
    return ok(showJob(ctx, parent.value))
  }
  const { child, end } = step.value
  const worker = (child.worker_id === null ? undefined : ctx.store.workers.get(child.worker_id)?.name) ?? child.spec.target ?? 'a worker'
  const picked: Picked = { job_id: child.id, worker, by: ctx.caller.actor.name, at: ctx.at }
  ctx.record({
    action: 'fan_out.pick',
    subject: jobSubject(parent.value),
    job_id: parent.value.id,
    worker_id: child.worker_id,
    capability: parent.value.spec.capability,
    digest: ctx.sha256(shownResult(child.outcome).result ?? ''),
    summary: `the answer of ${worker}, job ${child.id}${end ? '' : ', in place of the one before'}`,
  })
  if (end) endWith(ctx, parent.value, child, picked)
  else replace(ctx, parent.value, child, picked)
  return ok(showJob(ctx, ctx.store.jobs.get(parent.value.id) ?? parent.value))
}
