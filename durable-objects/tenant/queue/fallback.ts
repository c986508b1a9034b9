/**
 * Responsible for moving jobs along their fallback chains: after an attempt, and while they wait for a worker that is offline or has no quota. Memory
 * knows the waiting jobs with steps ahead and checks them every half minute; a tenant without chains pays nothing.
 */
import { limits } from '@modelreins/contract'
import type { Preview } from '@modelreins/contract'
import { rank } from '../../../src/domain/director/director.ts'
import { hindranceOf, isReady, mayDo, requirementsOf } from '../../../src/domain/director/matching.ts'
import type { WorkerView } from '../../../src/domain/director/matching.ts'
import { atStep, causeOf, hasStepsAhead, mayFallBack, retryAtStep, stepInWords, stepsAfter } from '../../../src/domain/job/fallback.ts'
import type { JobRecord } from '../../../src/domain/job/job-machine.ts'
import { mayClaim } from '../../../src/domain/killswitch.ts'
import { systemActor } from '../kernel/context.ts'
import type { CommandContext, ReadContext } from '../kernel/context.ts'
import { takenByOthers } from './distinct-workers.ts'
import { beforeQueue } from './hold.ts'
import { isForAnother } from './parking.ts'
import { jobSubject, saveJob } from './save-job.ts'
import { workforce } from './workforce/worker-view.ts'

/** Jobs that one check covers; the rest follow a moment later. */
const atOnce = 500

const nameOf =
  ({ store }: Pick<ReadContext, 'store'>) =>
  (workerId: string): string =>
    store.workers.get(workerId)?.name ?? workerId

/** The first of these steps at which some worker could begin the job now. */
const readyStep = (job: JobRecord, numbers: readonly number[], workers: readonly WorkerView[]): number | undefined =>
  numbers.find((number) => {
    const wants = requirementsOf(atStep(job, number).spec)
    return workers.some((view) => isReady(view) && mayDo(wants, view))
  })

/**
 * The first step that some registered worker could ever take. An offline or paused worker may return; one that is avoided or does not fit never will.
 */
const possibleStep = (job: JobRecord, numbers: readonly number[], workers: readonly WorkerView[]): number | undefined =>
  numbers.find((number) => {
    const wants = requirementsOf(atStep(job, number).spec)
    return workers.some((view) => mayDo(wants, { ...view, paused: false }))
  })

/** The job after an attempt has ended: retried, failed, or at its next step. The caller writes it and calls `noteStep`. */
export function afterAttempt(ctx: CommandContext, ended: JobRecord): JobRecord {
  const { fallback } = ended.spec
  if (fallback === undefined || !hasStepsAhead(ended.spec)) return ended
  const cause = causeOf(ended, !isForAnother(ctx, ended))
  if (cause === undefined) return ended
  const failed = ended.status === 'failed'
  const numbers = stepsAfter(fallback, cause)
  const next = numbers.length === 0 && failed ? stepsAfter(fallback, 'failed') : numbers
  const workers = freeFor(ctx, ended, workforce(ctx))
  // A failed job takes a step even if its worker must be waited for; a job that waits for a limit moves only when a worker could begin now.
  const number = readyStep(ended, next, workers) ?? (failed ? possibleStep(ended, next, workers) : undefined)
  return number === undefined ? ended : retryAtStep(ended, number, ctx.at, onlyAt(ctx, ended, number, workers))
}

/** One row of the audit trail for a step that was taken. */
export function noteStep(ctx: CommandContext, before: JobRecord, after: JobRecord): void {
  if (before.spec.fallback?.step === after.spec.fallback?.step) return
  ctx.record({
    action: 'job.fall_back',
    subject: jobSubject(after),
    job_id: after.id,
    worker_id: after.worker_id,
    capability: after.spec.capability,
    summary: stepInWords(after.spec, nameOf(ctx)),
    actor: systemActor,
  })
}

const isLimited = (ctx: CommandContext, job: JobRecord): boolean => job.outcome?.error?.type === 'rate_limited' && !isForAnother(ctx, job)

/** The workers that no other child of the job's fan-out asks; all workers for any other job. */
function freeFor(ctx: Pick<ReadContext, 'store'>, job: JobRecord, workers: readonly WorkerView[]): readonly WorkerView[] {
  if (job.spec.role !== 'child') return workers
  const taken = new Set(takenByOthers(ctx, job))
  return workers.filter(({ worker_id }) => !taken.has(worker_id))
}

/** Id of the best worker for the job at this step. */
function bestAt(ctx: Pick<ReadContext, 'at'>, job: JobRecord, number: number, workers: readonly WorkerView[]): string | null {
  const wants = requirementsOf(atStep(job, number).spec)
  const [best] = rank({ wants, effort: job.effort, thread_id: job.thread_id, prefer: job.spec.prefer }, workers, ctx.at)
  return best?.eligible === true ? best.worker.worker_id : null
}

/** The only worker that a child of a fan-out may go to at this step: if any worker could take it, one worker could answer two children. */
function onlyAt(ctx: Pick<ReadContext, 'at'>, job: JobRecord, number: number, workers: readonly WorkerView[]): string | null {
  if (job.spec.role !== 'child') return null
  const unpaused = workers.map((view) => ({ ...view, paused: false }))
  return bestAt(ctx, job, number, workers) ?? bestAt(ctx, job, number, unpaused)
}

/** The job at this step, assigned to the best worker there. */
function placed(ctx: CommandContext, job: JobRecord, number: number, workers: readonly WorkerView[]): JobRecord {
  const there = atStep(job, number, onlyAt(ctx, job, number, workers))
  return { ...there, worker_id: bestAt(ctx, job, number, workers) ?? there.worker_id }
}

/** Moves a waiting job one step on when no worker could begin it at its current step and one could at a later step. */
function moveOn(ctx: CommandContext, job: JobRecord, everybody: readonly WorkerView[]): void {
  const { fallback } = job.spec
  const workers = freeFor(ctx, job, everybody)
  if (fallback === undefined || !mayFallBack(job) || ctx.live.leases.offer(job.id) !== undefined) return
  const waits = job.status === 'retry'
  const cause = waits ? (isLimited(ctx, job) ? 'rate_limited' : undefined) : hindranceOf(requirementsOf(job.spec), workers)
  const number = cause === undefined ? undefined : readyStep(job, stepsAfter(fallback, cause), workers)
  if (number === undefined) return
  const there = placed(ctx, job, number, workers)
  const after = waits
    ? saveJob(ctx, { ...there, worker_id: there.spec.pinned, retry_at: ctx.at })
    : saveJob(ctx, beforeQueue(ctx, there, { kind: 'queued', was: job }))
  noteStep(ctx, job, after)
}

/**
 * Moves on a job whose target is gone for good, whatever the job waits for. Considers the steps for the causes `offline` and `failed`, and prefers
 * one that a worker could begin now. A decision that the job waits for is requested again; its turn and its times stay. False: no step is left.
 */
export function goOnElsewhere(ctx: CommandContext, job: JobRecord): boolean {
  const { fallback } = job.spec
  if (fallback === undefined || !hasStepsAhead(job.spec)) return false
  const numbers = [...stepsAfter(fallback, 'offline'), ...stepsAfter(fallback, 'failed')].toSorted((left, right) => left - right)
  const workers = freeFor(ctx, job, workforce(ctx))
  const number = readyStep(job, numbers, workers) ?? possibleStep(job, numbers, workers)
  if (number === undefined) return false
  const there = placed(ctx, job, number, workers)
  if (job.status === 'retry') saveJob(ctx, { ...there, worker_id: there.spec.pinned, retry_at: ctx.at })
  else if (job.hold === 'schedule' || job.hold === 'key') saveJob(ctx, there)
  else saveJob(ctx, beforeQueue(ctx, there, { kind: 'queued', was: job }))
  noteStep(ctx, job, there)
  return true
}

export function lookAtWaiting(ctx: CommandContext): void {
  const { fallback } = ctx.live
  if (fallback.waiting.size === 0 || fallback.lookAt > ctx.at) return
  fallback.lookAt = ctx.at + limits.presence_ms
  // While the reins are pulled no worker may begin anything, at any step.
  if (!mayClaim(ctx.store.killswitch.state().level)) return
  const workers = workforce(ctx)
  const ids = [...fallback.waiting]
  for (const id of ids.slice(0, atOnce)) {
    // Re-added at the end of the set, so that the other jobs are checked before it is checked again.
    fallback.waiting.delete(id)
    const job = ctx.store.jobs.get(id)
    if (job === undefined || !mayFallBack(job)) continue
    fallback.waiting.add(id)
    moveOn(ctx, job, workers)
  }
  if (ids.length > atOnce) fallback.lookAt = ctx.at + 1
}

export const nextLook = ({ live }: Pick<CommandContext, 'live'>): number | undefined =>
  live.fallback.waiting.size === 0 ? undefined : live.fallback.lookAt

/** The steps that are still ahead, and the worker that would get the job at each now. */
export function outlookOf(ctx: ReadContext, job: JobRecord, everybody: readonly WorkerView[]): NonNullable<Preview['fallback']> {
  const { fallback } = job.spec
  if (fallback === undefined) return []
  const workers = freeFor(ctx, job, everybody)
  return fallback.steps.slice(fallback.step).map(({ after, pinned, provider, model }, index) => {
    const number = fallback.step + index + 1
    const wants = requirementsOf(atStep(job, number).spec)
    const best = rank({ wants, effort: job.effort, thread_id: job.thread_id, prefer: job.spec.prefer }, workers, ctx.at).find(
      (verdict) => verdict.eligible && isReady(verdict.worker),
    )
    const target = pinned === null ? null : nameOf(ctx)(pinned)
    return { step: number, after, target, provider, model, worker: best?.worker.name ?? null }
  })
}
