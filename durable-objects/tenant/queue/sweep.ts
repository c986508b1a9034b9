/**
 * Responsible for what time alone changes in the queue: lapsed offers and leases, due retries and schedules, deadlines and expiries. Runs
 * before every command and on every alarm, so a late or doubled alarm changes nothing.
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

/** Jobs treated in one sweep; the alarm clock comes back for the rest. */
const atOnce = 500

/** Memory only: an offer that was not started goes back, and its worker is one step nearer to being shown as deaf. */
export function expireOffers(ctx: CommandContext): void {
  const silent = new Set<string>()
  for (const offer of ctx.live.leases.offers()) {
    if (offer.expires_at > ctx.at) continue
    ctx.live.leases.dropOffer(offer.job_id)
    // Several offers in one answer are one silence.
    if (!silent.has(offer.worker_id)) ctx.live.presence.change(offer.worker_id).silent_offers += 1
    silent.add(offer.worker_id)
    ctx.live.occupied.add(offer.pool)
    ctx.after({ kind: 'wake', pool: offer.pool })
  }
}

/** When the lease of a job really ends: a healthy socket renews by its pings, which the object does not see. */
export function leaseEnds(ctx: Pick<CommandContext, 'live' | 'at'>, jobId: number): number | undefined {
  const lease = ctx.live.leases.lease(jobId)
  if (lease === undefined) return undefined
  const heard = lease.long ? null : ctx.live.sockets.heardAt(lease.worker_id)
  // Heard in the future: the clock was set back since, and a living socket says so with its next ping.
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

/** Time in which the server was asleep counts against no limit: true when the job has been given it instead of its end. */
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
    // A retry is open to everybody again unless it is pinned: its worker may be the reason.
    // Each start spends its decision, so a new attempt of what a human had to release is asked about anew.
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
  // Queued again after an attempt: somebody had started it, and what is missing is the next one.
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

/** Default expiries have no index of their own: ranks bound queueing times, so only the front of a pool can hold one. */
const expiringBy = (at: number): number => highestRank(at - limits.schedule_to_start_ms)

function expireDefaults(ctx: CommandContext): void {
  for (const pool of ctx.live.occupied) {
    for (const job of ctx.store.jobs.due(pool, expiringBy(ctx.at), atOnce)) if (expiryOf(job) <= ctx.at) expire(ctx, job)
  }
}

/** Looked at one by one for their expiry; behind more than these somebody looks again in a second. */
const closeLook = 20
const closeLookMs = 60_000

/** When to look for expired jobs in a pool whose front has this rank: the bound while it is ahead, then what stands there itself. */
function nextDefaultExpiry(ctx: Pick<CommandContext, 'at' | 'store'>, pool: number, rank: number): number {
  const earliest = queuedWithin(rank).from + limits.schedule_to_start_ms
  if (earliest > ctx.at) return earliest
  const near = ctx.store.jobs.due(pool, expiringBy(ctx.at + closeLookMs), closeLook)
  const soon = near.length === closeLook ? ctx.at + 1_000 : ctx.at + closeLookMs
  return Math.min(soon, ...near.map(expiryOf).filter((expiry) => expiry > ctx.at))
}

/**
 * A job whose worker has gone silent, or whose breaker has closed again, makes no event of its own: while somebody on a socket has
 * room, every pool is looked at anew this often. Polling workers look by themselves.
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

/** The next time that `sweep` has something to do, in milliseconds; undefined when nothing waits for time. */
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
