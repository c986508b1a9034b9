/**
 * Responsible for jobs whose target is gone for good: a job that waits for it continues along its fallback chain, or fails at once with a message
 * that says what to do. The sweep finds jobs that enter the queue afterwards because they were held or scheduled.
 */
import type { JobError } from '@modelreins/contract'
import { end, isTerminal } from '../../../src/domain/job/job-machine.ts'
import type { JobRecord } from '../../../src/domain/job/job-machine.ts'
import { isEscalated } from '../../../src/domain/review/review-job.ts'
import { fail, ok } from '../../../src/domain/result.ts'
import type { Result } from '../../../src/domain/result.ts'
import { systemActor } from '../kernel/context.ts'
import type { CommandContext, ReadContext } from '../kernel/context.ts'
import { goOnElsewhere } from './fallback.ts'
import { closeStream, jobSubject, settleJob } from './save-job.ts'
import type { WorkerRecord } from './workforce/worker-store.ts'

/** Most jobs that are treated in one run; the rest follow a moment later. */
const atOnce = 500

/** `why`: a phrase that follows the worker's name in the message. */
function failWithout(ctx: CommandContext, job: JobRecord, target: WorkerRecord, why: string): void {
  const gone = `${target.name}, its target, ${why}${job.attempt === 0 ? ' before it started' : ` after attempt ${job.attempt} began`}`
  const whom = job.spec.role === 'child' ? 'another worker' : 'a worker or null for any'
  const instead = `Retry it with another target: POST /api/v1/jobs/${job.id}/retry with \`target\`, ${whom}.`
  const error: JobError = { type: 'target_revoked', message: `${gone}. ${instead}`, retryable: false }
  const after = end(job, error, ctx.at)
  settleJob(ctx, after)
  ctx.record({
    action: 'job.fail',
    subject: jobSubject(job),
    job_id: job.id,
    worker_id: job.worker_id,
    capability: job.spec.capability,
    summary: `was ${job.status}, and ${gone}`,
    actor: systemActor,
  })
  if (job.stream) closeStream(ctx, after, '')
}

/** Reads the job again by its id: the end of another job may have ended it. A job that its worker handed to a human is left to them. */
function leave(ctx: CommandContext, id: number, target: WorkerRecord, why: string): void {
  const job = ctx.store.jobs.get(id)
  if (job === undefined || job.status === 'running' || isTerminal(job.status) || job.spec.pinned !== target.worker_id || isEscalated(job))
    return
  if (!goOnElsewhere(ctx, job)) failWithout(ctx, job, target, why)
}

/** The worker that the pool's jobs are for, if it is revoked. */
function goneTargetOf({ store }: Pick<ReadContext, 'store'>, pool: number): WorkerRecord | undefined {
  const pinned = store.pools.get(pool)?.wants.pinned ?? null
  const worker = pinned === null ? undefined : store.workers.get(pinned)
  return worker?.revoked_at == null ? undefined : worker
}

/** Treats the queued jobs of revoked workers. Cheap when there are none. */
export function leaveGoneTargets(ctx: CommandContext, why = 'was revoked'): void {
  for (const pool of [...ctx.live.occupied]) {
    const target = goneTargetOf(ctx, pool)
    if (target === undefined) continue
    for (const { id } of ctx.store.jobs.heads(pool, atOnce)) leave(ctx, id, target, why)
  }
}

/** Whether the sweep has jobs of revoked workers to treat. */
export const hasGoneTargets = (ctx: Pick<ReadContext, 'store' | 'live'>): boolean =>
  [...ctx.live.occupied].some((pool) => goneTargetOf(ctx, pool) !== undefined && ctx.store.jobs.heads(pool, 1).length > 0)

/** Called when a worker was revoked: no other worker may answer in its name, so no job may keep waiting for it. */
export function leaveTarget(ctx: CommandContext, target: WorkerRecord, why: string): void {
  for (const id of ctx.store.jobs.ids({ unfinished: true, held_for: target.worker_id }, atOnce)) leave(ctx, id, target, why)
  leaveGoneTargets(ctx, why)
  ctx.onCommit(() => ctx.live.due.hint(ctx.at))
}

/** The job as it should be retried: for the worker that is its target, or for the worker that now has the name of a revoked target. */
export function retargeted(ctx: CommandContext, job: JobRecord): Result<JobRecord> {
  const { pinned, target } = job.spec
  const gone = pinned === null ? undefined : ctx.store.workers.get(pinned)
  if (gone?.revoked_at == null) return ok(job)
  // A target given by name is looked up again, as for a new dispatch. A target given by id means one worker for good.
  const namesake = target === pinned ? undefined : ctx.store.workers.named(gone.name)
  if (namesake !== undefined) return ok({ ...job, spec: { ...job.spec, pinned: namesake.worker_id } })
  return fail(
    'wrong-state',
    `${gone.name}, the target of job ${job.id}, was revoked: retry it with another \`target\`, or with null for any worker.`,
  )
}
