/** Responsible for dispatching one prompt to several workers: one parent and one child for each worker, all or none. */
import type { Job, JobRequest } from '@modelreins/contract'
import { describe, rank } from '../../../src/domain/director/director.ts'
import { isLive, requirementsOf } from '../../../src/domain/director/matching.ts'
import { distinctKey } from '../../../src/domain/fan-out/distinct.ts'
import type { MergePlan } from '../../../src/domain/fan-out/fan-out.ts'
import { newJob } from '../../../src/domain/job/job-machine.ts'
import { specOf } from '../../../src/domain/job/job-spec.ts'
import type { JobRecord } from '../../../src/domain/job/job-machine.ts'
import { dispatchRefusal } from '../../../src/domain/killswitch.ts'
import { fail, ok } from '../../../src/domain/result.ts'
import type { Result } from '../../../src/domain/result.ts'
import type { CommandContext } from '../kernel/context.ts'
import { admit, earlierDispatch, findWorker, makeJob, completed, place } from '../queue/commands/dispatch.ts'
import type { Origin } from '../queue/commands/dispatch.ts'
import { takenWith } from '../queue/distinct-workers.ts'
import { showJob } from '../queue/job-view.ts'
import type { DispatchKey } from '../queue/key-store.ts'
import { insertJob, jobSubject } from '../queue/save-job.ts'
import { workforce } from '../queue/workforce/worker-view.ts'

/**
 * The request of one child: the same prompt for one worker. Only the parent belongs to the thread, since only the merged answer becomes a
 * turn.
 */
function childRequest(request: JobRequest, target: string): JobRequest {
  const {
    targets: _targets,
    fan_out: _fanOut,
    merge: _merge,
    idempotency_key: _key,
    thread_id: _thread,
    prefer: _prefer,
    ...rest
  } = request
  return { ...rest, target }
}

const badTarget = (index: number, message: string): Result<never> =>
  fail('invalid-request', `targets[${index}] ${message}.`, { issues: [{ path: `targets.${index}`, message }] })

/** Names of the requested workers; refused when one is named twice. */
function namedTargets(ctx: CommandContext, targets: readonly string[]): Result<readonly string[]> {
  const seen = new Set<string>()
  for (const [index, target] of targets.entries()) {
    const worker = findWorker(ctx, target)
    if (worker === undefined) return badTarget(index, `names no worker: ${target}`)
    if (seen.has(worker.worker_id)) return badTarget(index, `names ${worker.name} again`)
    seen.add(worker.worker_id)
  }
  return ok(targets)
}

type FanOutRequest = NonNullable<JobRequest['fan_out']>

/** Names of the best-ranked workers that differ in the property `fan_out.distinct`, best first. */
function pickedTargets(ctx: CommandContext, request: JobRequest, wanted: FanOutRequest): Result<readonly string[]> {
  const spec = specOf(request, null)
  const job = {
    wants: requirementsOf(spec),
    effort: request.effort ?? 'standard',
    thread_id: request.thread_id ?? null,
    prefer: spec.prefer,
  } as const
  const verdicts = rank(job, workforce(ctx), ctx.at)
  const picked = new Map<string, string>()
  for (const { eligible, worker } of verdicts) {
    if (!eligible || (!isLive(worker.state) && request.when_offline !== 'queue')) continue
    const key = distinctKey(worker, wanted.distinct)
    if (!picked.has(key)) picked.set(key, worker.name)
    if (picked.size === wanted.count) return ok([...picked.values()])
  }
  const others = verdicts.filter((verdict) => !verdict.eligible)
  const rest = others.length === 0 ? '' : ` Not eligible: ${describe(others)}.`
  const anyEligible = verdicts.some((verdict) => verdict.eligible)
  return fail(
    anyEligible ? 'no-live-worker' : 'no-eligible-worker',
    `You asked for ${wanted.count} workers${wanted.distinct === 'worker' ? '' : `, each with a different ${wanted.distinct}`}. Available: ${picked.size}.${rest}`,
  )
}

function planOf(ctx: CommandContext, request: JobRequest): Result<MergePlan> {
  const merge = request.merge ?? { by: 'worker' as const }
  const worker = merge.worker === undefined ? undefined : findWorker(ctx, merge.worker)
  if (merge.worker !== undefined && worker === undefined) {
    return fail('invalid-request', `merge.worker names no worker: ${merge.worker}.`, {
      issues: [{ path: 'merge.worker', message: `names no worker: ${merge.worker}` }],
    })
  }
  return ok({
    by: merge.by,
    worker: worker?.worker_id ?? null,
    prompt: merge.prompt ?? null,
    quorum: merge.quorum ?? null,
    deadline_at: merge.deadline === undefined ? null : ctx.at + Math.round(merge.deadline * 1000),
    vote_field: merge.vote_field ?? null,
  })
}

function makeParent(
  ctx: CommandContext,
  request: JobRequest,
  plan: MergePlan,
  targets: readonly string[],
  key: DispatchKey | undefined,
): JobRecord {
  // The fallback chain applies to the children, not to the parent.
  const { fallback: _, ...own } = request
  const made = newJob(own, {
    id: ctx.store.jobs.nextId(),
    at: ctx.at,
    pinned: null,
    worker_id: null,
    created_by: ctx.caller.actor.id,
    hold: null,
  })
  const distinct = request.fan_out?.distinct ?? 'worker'
  const parent: JobRecord = {
    ...made,
    status: 'running',
    hold: null,
    started_at: ctx.at,
    spec: { ...made.spec, fan_out: { plan, merge_job_id: null, ...(distinct === 'worker' ? {} : { distinct }) } },
  }
  insertJob(ctx, parent, key)
  ctx.record({
    action: 'job.dispatch',
    subject: jobSubject(parent),
    job_id: parent.id,
    worker_id: null,
    capability: parent.spec.capability,
    risk_tier: null,
    digest: ctx.sha256(parent.spec.prompt),
    summary: `${parent.effort}, fan-out to ${targets.join(', ')}, merged by ${plan.by}`,
  })
  return parent
}

function fanOut(ctx: CommandContext, asked: JobRequest, origin: Origin | undefined): Result<Job> {
  const before = earlierDispatch(ctx, asked)
  if (!before.ok) return before
  if (before.value?.job !== undefined) {
    ctx.replayed()
    return ok(showJob(ctx, before.value.job))
  }
  const refused = dispatchRefusal(ctx.store.killswitch.state())
  if (refused !== undefined) return refused
  const named = completed(ctx, asked)
  if (!named.ok) return named
  const request = named.value
  const plan = planOf(ctx, request)
  if (!plan.ok) return plan
  const targets = request.fan_out === undefined ? namedTargets(ctx, request.targets ?? []) : pickedTargets(ctx, request, request.fan_out)
  if (!targets.ok) return targets
  const parent = makeParent(ctx, request, plan.value, targets.value, before.value?.key)
  const first = targets.value.flatMap((target) => findWorker(ctx, target)?.worker_id ?? [])
  const chosen = [...first]
  for (const [index, target] of targets.value.entries()) {
    const child = childRequest(request, target)
    const others = [...first, ...chosen].filter((id) => id !== first[index])
    const assigned = place(ctx, child, takenWith(ctx, others, request.fan_out?.distinct ?? 'worker'))
    // All or none: the failure rolls the transaction back.
    if (!assigned.ok) return fail(assigned.failure.code, `targets[${index}]: ${assigned.failure.detail}`)
    if (assigned.value.worker_id !== null) chosen[index] = assigned.value.worker_id
    makeJob(ctx, child, assigned.value, 'job.dispatch', {
      parent: { id: parent.id, role: 'child', created_by: parent.created_by },
      origin,
    })
  }
  return ok(showJob(ctx, parent))
}

/** Dispatches one job or a fan-out. `origin`: the schedule that dispatches it, if any. */
export const dispatch = (ctx: CommandContext, request: JobRequest, origin?: Origin): Result<Job> =>
  request.targets === undefined && request.fan_out === undefined
    ? admit(ctx, request, 'job.dispatch', { origin })
    : fanOut(ctx, request, origin)
