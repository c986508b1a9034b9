/** Responsible for writing a job with its place in the queue, and for waking workers that may take it. */
import { limits } from '@modelreins/contract'
import { deadlineOf, expiryOf, isTerminal } from '../../../src/domain/job/job-machine.ts'
import { mayFallBack } from '../../../src/domain/job/fallback.ts'
import { mergeDue } from '../../../src/domain/fan-out/fan-out.ts'
import type { JobRecord } from '../../../src/domain/job/job-machine.ts'
import { requirementsOf } from '../../../src/domain/director/matching.ts'
import type { CommandContext, ReadContext } from '../kernel/context.ts'
import { admitted, isReleased, notifySaved, notifySettled } from './hold.ts'
import type { DispatchKey } from './key-store.ts'

export const jobSubject = (job: Pick<JobRecord, 'id'>): string => `job:${job.id}`

/** The pool that a claimable job waits in: its requirements, its assignment, and whether it carries a decision of its own. */
export const poolOf = (ctx: ReadContext, job: JobRecord): number =>
  ctx.store.pools.of({
    wants: requirementsOf(job.spec),
    worker_id: job.worker_id,
    ...(isReleased(ctx, job) ? { released: true as const } : {}),
  }).id

const claimable = (job: JobRecord): boolean => job.status === 'pending' && job.hold === null

/** When time alone will change this job. */
function dueOf(job: JobRecord): number | undefined {
  if (job.status === 'running') return job.spec.fan_out === undefined ? deadlineOf(job) : mergeDue(job.spec.fan_out)
  if (job.status === 'retry') return job.retry_at ?? undefined
  if (job.hold === 'schedule') return job.queued_at
  return claimable(job) ? expiryOf(job) : undefined
}

function wakeFor(ctx: CommandContext, job: JobRecord): void {
  const due = dueOf(job)
  if (due !== undefined) ctx.onCommit(() => ctx.live.due.hint(due))
  if (!claimable(job)) return
  const pool = poolOf(ctx, job)
  ctx.onCommit(() => {
    ctx.live.occupied.add(pool)
    // Should the assigned worker turn out to be gone, somebody else is asked as soon as that shows.
    ctx.live.due.hint(ctx.at + limits.presence_ms)
  })
  ctx.after({ kind: 'wake', pool })
}

/** Whether it may go on elsewhere while it waits (fallback.ts). */
function trackFallback({ live, onCommit }: CommandContext, job: JobRecord): void {
  const waits = mayFallBack(job)
  const { waiting } = live.fallback
  if (!waits && !waiting.has(job.id)) return
  onCommit(() => {
    if (!waits) return void waiting.delete(job.id)
    waiting.add(job.id)
    live.due.hint(live.fallback.lookAt)
  })
}

/** The job as it stands once everybody has been told that it was written: one that waits for its turn may have got it by that. */
function told(ctx: CommandContext, job: JobRecord): JobRecord {
  notifySaved(ctx, job)
  return job.hold === 'key' ? (ctx.store.jobs.get(job.id) ?? job) : job
}

/** Writes a new job; answers it as it stands then. */
export function insertJob(ctx: CommandContext, made: JobRecord, key?: DispatchKey): JobRecord {
  const job = admitted(ctx, made)
  ctx.store.jobs.insert(job, (one) => poolOf(ctx, one), ctx.store.keys.note(job.id, ctx.at, key))
  wakeFor(ctx, job)
  trackFallback(ctx, job)
  return told(ctx, job)
}

/** Writes what became of a job; answers it as it stands then. An offer of it does not survive; neither does its lease unless it runs. */
export function saveJob(ctx: CommandContext, changed: JobRecord): JobRecord {
  const job = admitted(ctx, changed)
  ctx.store.jobs.update(job, (one) => poolOf(ctx, one))
  ctx.onCommit(() => {
    ctx.live.leases.dropOffer(job.id)
    if (job.status !== 'running') ctx.live.leases.release(job.id)
  })
  wakeFor(ctx, job)
  trackFallback(ctx, job)
  return told(ctx, job)
}

/** Writes a job that may have ended; if it has, everybody is told who wants to know. */
export function settleJob(ctx: CommandContext, job: JobRecord): void {
  saveJob(ctx, job)
  if (isTerminal(job.status)) notifySettled(ctx, job)
}

/** Tells the stream's viewers that the job has ended, or that this attempt of it has; `tail` and `chunks` as its worker said. */
export function closeStream(ctx: CommandContext, job: JobRecord, tail: string, chunks?: number): void {
  const ended = isTerminal(job.status)
  ctx.after({
    kind: 'close_stream',
    job_id: job.id,
    attempt: job.attempt,
    end: ended ? { status: job.status, result: job.outcome?.result ?? null, error: job.outcome?.error ?? null } : null,
    tail,
    chunks,
  })
}
