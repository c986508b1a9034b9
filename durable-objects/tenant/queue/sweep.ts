/**
 * Responsible for changes of the queue that only time causes: lapsed offers and leases, due retries and schedules, deadlines and expiries. Runs
 * before every command and at every alarm, so a late or repeated alarm changes nothing.
 */
import { limits } from '@modelreins/contract'
import type { JobError } from '@modelreins/contract'
import { deadlineOf, end, expiryOf, isTerminal, queue, withSleptTime } from '../../../src/domain/job/job-machine.ts'
import type { JobRecord } from '../../../src/domain/job/job-machine.ts'
import { highestRank, places, queuedWithin } from '../../../src/domain/job/queue.ts'
import { endLostAttempt } from './commands/attempts.ts'
import { systemActor } from '../kernel/context.ts'
import type { CommandContext } from '../kernel/context.ts'
import type { Duty } from '../kernel/room.ts'
import { lookAtWaiting, nextLook } from './fallback.ts'
import { beforeQueue, releaseHold } from './hold.ts'
import { endParkings, parkingTimes } from './parking.ts'
import { closeStream, jobSubject, saveJob, settleJob } from './save-job.ts'
import { hasGoneTargets, leaveGoneTargets } from './target-gone.ts'

/** Most jobs that one sweep treats; the alarm runs again for the rest. */
const atOnce = 500

/** Changes memory only: the job of a lapsed offer is available again, and its worker is one step closer to the state `deaf`. */
export function expireOffers(ctx: CommandContext): void {
  const silent = new Set<string>()
  for (const offer of ctx.live.leases.offers()) {
    if (offer.expires_at > ctx.at) continue
    ctx.live.leases.dropOffer(offer.job_id)
    // Several offers of one answer count as one silence.
    if (!silent.has(offer.worker_id)) ctx.live.presence.change(offer.worker_id).silent_offers += 1
    silent.add(offer.worker_id)
    ctx.live.occupied.add(offer.pool)
    ctx.after({ kind: 'wake', pool: offer.pool })
  }
}

/** When the lease of a job really ends, milliseconds since 1970: a healthy socket renews it by its pings, which the object does not see. */
export function leaseEnds(ctx: Pick<CommandContext, 'live' | 'at'>, jobId: number): number | undefined {
  const lease = ctx.live.leases.lease(jobId)
  if (lease === undefined) return undefined
  const heard = lease.long ? null : ctx.live.sockets.heardAt(lease.worker_id)
  // A time in the future means that the clock was set back since; a living socket corrects it with its next ping.
  return heard === null || heard > ctx.at ? lease.expires_at : Math.max(lease.expires_at, heard + limits.lease_ms)
}

function lapseLeases(ctx: CommandContext): void {
  for (const lease of ctx.live.leases.leases()) {
    if (lease.person === true) continue
    const ends = leaseEnds(ctx, lease.job_id) ?? 0
    if (ends > ctx.at) {
      lease.expires_at = ends
      continue
    }
    const job = ctx.store.jobs.get(lease.job_id)
    if (job?.status !== 'running') {
      ctx.live.leases.release(lease.job_id)
      continue
    }
    const name = ctx.store.workers.get(lease.worker_id)?.name ?? lease.worker_id
    endLostAttempt(
      ctx,
      job,
      { type: 'worker_lost', message: `${name} sent no heartbeat before its lease expired`, retryable: true },
      !lease.long,
    )
  }
}

/** Time during which the server did not run does not count against a limit. True when the job got that time back instead of being ended. */
function granted(ctx: CommandContext, job: JobRecord, since: number, limit: number): boolean {
  const slept = ctx.live.jumps.sleptSince(since)
  if (slept <= (job.spec.slept_ms ?? 0)) return false
  const longer = withSleptTime(job, slept)
  saveJob(ctx, longer)
  return limit - (job.spec.slept_ms ?? 0) + slept > ctx.at
}

function endOverdueAttempts(ctx: CommandContext): void {
  for (const job of ctx.store.jobs.due(places.running, ctx.at, atOnce)) {
    if (granted(ctx, job, job.started_at ?? ctx.at, deadlineOf(job))) continue
    endLostAttempt(ctx, job, {
      type: 'timeout',
      message: `The attempt took longer than ${(job.spec.person?.limit_ms ?? job.spec.timeout_ms) / 1000} s`,
      retryable: true,
    })
  }
}

function queueDue(ctx: CommandContext): void {
  for (const job of ctx.store.jobs.due(places.timed, ctx.at, atOnce)) {
    // A retry may go to any worker unless it is pinned: the earlier worker may be the cause of the failure. Each start spends its decision, so a new
    // attempt of a job that a human had to release is asked about again.
    const after = saveJob(
      ctx,
      job.status === 'retry'
        ? beforeQueue(ctx, queue({ ...job, worker_id: job.spec.pinned }, ctx.at), { kind: 'queued', was: job })
        : releaseHold(ctx, job, 'schedule'),
    )
    const action = job.status === 'retry' ? 'job.requeue' : 'job.release'
    ctx.record({
      action,
      subject: jobSubject(job),
      job_id: job.id,
      worker_id: after.worker_id,
      capability: job.spec.capability,
      summary: `was ${job.status}${after.hold === 'review' ? `, held for review ${after.review_id}` : after.hold === 'key' ? ', waits for its key' : ''}`,
      actor: systemActor,
    })
  }
}

function expire(ctx: CommandContext, job: JobRecord): void {
  if (isTerminal(job.status) || job.status === 'running') return
  if (granted(ctx, job, job.queued_at, expiryOf(job))) return
  const within = `within ${job.spec.expires_ms / 1000} s`
  // The job was queued again after an attempt: a worker had started it, and the start that is missing is the next one.
  const message =
    job.attempt === 0
      ? `No worker started it ${within}`
      : `No worker started attempt ${job.attempt + 1} ${within} of its return to the queue`
  const error: JobError = { type: 'expired', message, retryable: false }
  const after = end(job, error, ctx.at)
  settleJob(ctx, after)
  ctx.record({
    action: 'job.expire',
    subject: jobSubject(job),
    job_id: job.id,
    capability: job.spec.capability,
    summary: error.message,
    actor: systemActor,
  })
  if (job.stream) closeStream(ctx, after, '')
}

/** Default expiries have no index of their own: the rank gives the time of queueing, so only the front of a pool can contain an expired job. */
const expiringBy = (at: number): number => highestRank(at - limits.schedule_to_start_ms)

function expireDefaults(ctx: CommandContext): void {
  for (const pool of ctx.live.occupied) {
    for (const job of ctx.store.jobs.due(pool, expiringBy(ctx.at), atOnce)) if (expiryOf(job) <= ctx.at) expire(ctx, job)
  }
}

/** Most jobs that are checked individually for their expiry; when there are more, the check is repeated after a second. */
const closeLook = 20
const closeLookMs = 60_000

/**
 * When to check a pool for expired jobs, by the rank of its front: the computed bound while it is in the future, then the expiry of the front's jobs.
 */
function nextDefaultExpiry(ctx: Pick<CommandContext, 'at' | 'store'>, pool: number, rank: number): number {
  const earliest = queuedWithin(rank).from + limits.schedule_to_start_ms
  if (earliest > ctx.at) return earliest
  const near = ctx.store.jobs.due(pool, expiringBy(ctx.at + closeLookMs), closeLook)
  const soon = near.length === closeLook ? ctx.at + 1_000 : ctx.at + closeLookMs
  return Math.min(soon, ...near.map(expiryOf).filter((expiry) => expiry > ctx.at))
}

/**
 * No event tells that the worker of a job has gone silent, or that its breaker has closed again: while a worker on a socket has room, every pool is
 * checked at this interval. Polling workers check by themselves.
 */
function rouse(ctx: CommandContext): void {
  if (hasRoom(ctx)) for (const pool of ctx.live.occupied) ctx.after({ kind: 'wake', pool })
}

const hasRoom = ({ live }: Pick<CommandContext, 'live'>): boolean => live.sockets.free.size > 0

function sweep(ctx: CommandContext): void {
  expireOffers(ctx)
  lapseLeases(ctx)
  endOverdueAttempts(ctx)
  lookAtWaiting(ctx)
  queueDue(ctx)
  for (const job of ctx.store.jobs.expired(ctx.at, atOnce)) expire(ctx, job)
  expireDefaults(ctx)
  leaveGoneTargets(ctx)
  endParkings(ctx)
  rouse(ctx)
}

/** The next time at which `sweep` has something to do, milliseconds since 1970; undefined when nothing waits for time. */
function nextDue(ctx: Pick<CommandContext, 'at' | 'store' | 'live'>): number | undefined {
  const times: number[] = []
  if (ctx.live.occupied.size > 0 && hasRoom(ctx)) times.push(ctx.at + limits.presence_ms)
  const front = (pool: number): number | undefined => ctx.store.jobs.heads(pool, 1)[0]?.rank
  for (const pool of [places.running, places.timed]) {
    const rank = front(pool)
    if (rank !== undefined) times.push(rank)
  }
  for (const pool of ctx.live.occupied) {
    const rank = front(pool)
    if (rank !== undefined) times.push(nextDefaultExpiry(ctx, pool, rank))
  }
  const expiry = ctx.store.jobs.nextExpiry()
  if (expiry !== undefined) times.push(expiry)
  times.push(...parkingTimes(ctx))
  const look = nextLook(ctx)
  if (look !== undefined) times.push(look)
  if (hasGoneTargets(ctx)) times.push(ctx.at + 1)
  for (const offer of ctx.live.leases.offers()) times.push(offer.expires_at)
  for (const lease of ctx.live.leases.leases()) {
    if (lease.person !== true) times.push(leaseEnds(ctx, lease.job_id) ?? lease.expires_at)
  }
  return times.length === 0 ? undefined : Math.min(...times)
}

export const queueDuty: Duty = { next: nextDue, run: sweep }
