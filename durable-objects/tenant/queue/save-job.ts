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

/** The pool that a claimable job waits in, by its requirements, its assignment, and whether it carries its own decision. */
export const poolOf = (ctx: ReadContext, job: JobRecord): number =>
  ctx.store.pools.of({
    wants: requirementsOf(job.spec),
    worker_id: job.worker_id,
    ...(isReleased(ctx, job) ? { released: true as const } : {}),
  }).id

const claimable = (job: JobRecord): boolean => job.status === 'pending' && job.hold === null

/** The next time at which the job changes without an event, milliseconds since 1970. */
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
    // If the assigned worker turns out to be offline, another is asked as soon as that is known.
    ctx.live.due.hint(ctx.at + limits.presence_ms)
  })
  ctx.after({ kind: 'wake', pool })
}

/** Tracks whether the job may take a step of its fallback chain while it waits (fallback.ts). */
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

/** Tells the rooms that the job was written. Returns the job as it is afterwards: a room may have given a waiting job its turn. */
function told(ctx: CommandContext, job: JobRecord): JobRecord {
  notifySaved(ctx, job)
  return job.hold === 'key' ? (ctx.store.jobs.get(job.id) ?? job) : job
}

/** Writes a new job; returns it as it is after the rooms were told. */
export function insertJob(ctx: CommandContext, made: JobRecord, key?: DispatchKey): JobRecord {
  const job = admitted(ctx, made)
  ctx.store.jobs.insert(job, (one) => poolOf(ctx, one), ctx.store.keys.note(job.id, ctx.at, key))
  wakeFor(ctx, job)
  trackFallback(ctx, job)
  return told(ctx, job)
}

/** Writes the changed state of a job; returns it as it is after the rooms were told. Drops an offer of the job, and its lease unless the job runs. */
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

/** Writes a job that may have ended, and tells the rooms if it has. */
export function settleJob(ctx: CommandContext, job: JobRecord): void {
  saveJob(ctx, job)
  if (isTerminal(job.status)) notifySettled(ctx, job)
}

/** Tells the stream's viewers that the job, or this attempt, has ended. `tail` and `chunks`: as its worker reported them. */
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
