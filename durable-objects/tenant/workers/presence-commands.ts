/** Responsible for heartbeats: which worker is present, what it reports, which leases it renews and which it must drop. */
import { limits } from '@modelreins/contract'
import type { Parsed, PresenceReply, PresenceReport } from '@modelreins/contract'
import { briefOf, stopsRunning } from '../../../src/domain/killswitch.ts'
import { fail, ok } from '../../../src/domain/result.ts'
import type { Result } from '../../../src/domain/result.ts'
import { absent, present } from '../../../src/domain/workforce/presence-history.ts'
import { isOfProcess } from '../../../src/domain/review/risk.ts'
import { isoTime } from '../kernel/context.ts'
import type { CommandContext } from '../kernel/context.ts'
import type { WorkerProfile, WorkerRecord } from '../queue/workforce/worker-store.ts'
import { isPaused, isStopping, lastSeenWriteMs } from '../queue/workforce/worker-view.ts'
import { actingWorker } from '../queue/workforce/acting-worker.ts'
import { tokenSince } from '../members/authenticate.ts'
import { companionFor } from './companion.ts'
import { leaseUntil, resumeAttempt } from '../queue/commands/attempts.ts'
import { parkWorker, unparkWorker } from '../queue/parking.ts'
import { wakePoolsOf } from '../queue/wake.ts'
import { endGrant, endGrantsOfChanged } from '../reviews/commands/grants.ts'

const sameList = (left: readonly string[], right: readonly string[]): boolean =>
  left.length === right.length && left.every((item, index) => item === right[index])

/** An absent `machine` keeps the value; null removes it. */
function machineAfter(before: WorkerProfile, { machine = before.machine }: PresenceReport): Pick<WorkerProfile, 'machine'> {
  return machine === undefined || machine === null ? {} : { machine }
}

function configAfter(
  before: WorkerProfile,
  { config_version: version }: PresenceReport,
  at: number,
): Pick<WorkerProfile, 'config_applied'> {
  const config_applied = version === undefined || version === before.config_applied?.version ? before.config_applied : { version, at }
  return config_applied === undefined ? {} : { config_applied }
}

/** The profile after a report; absent fields keep their values. */
function profileAfter(ctx: CommandContext, worker: WorkerRecord, report: PresenceReport): WorkerProfile {
  const before = worker.profile
  return {
    ...machineAfter(before, report),
    ...configAfter(before, report, ctx.at),
    ...(before.spans === undefined ? {} : { spans: before.spans }),
    instance: report.instance ?? before.instance,
    tags: report.tags ?? before.tags,
    networks: report.networks ?? before.networks,
    provider: report.provider ?? before.provider,
    model: report.model ?? before.model,
    slots: report.slots ?? before.slots,
    ...((report.place ?? before.place) === undefined ? {} : { place: report.place ?? before.place ?? '' }),
    left: report.status === 'stopped',
  }
}

const sameProfile = (left: WorkerProfile, right: WorkerProfile): boolean =>
  left.instance === right.instance &&
  left.provider === right.provider &&
  left.model === right.model &&
  left.slots === right.slots &&
  left.place === right.place &&
  left.machine === right.machine &&
  left.config_applied?.version === right.config_applied?.version &&
  (left.gone ?? false) === (right.gone ?? false) &&
  (left.left ?? false) === (right.left ?? false) &&
  sameList(left.tags, right.tags) &&
  sameList(left.networks, right.networks)

/** Stores a report's profile: at once when it has changed, otherwise only every few minutes, because each write costs a row. */
export function noteProfile(ctx: CommandContext, worker: WorkerRecord, report: PresenceReport): WorkerRecord {
  noteQuota(ctx, worker, report)
  noteStopping(ctx, worker, report)
  const profile = profileAfter(ctx, worker, report)
  const changed = !sameProfile(profile, worker.profile)
  // Also end grants when a process starts: a human may have approved one for the previous process after that had ended.
  const ended = profile.left === true || worker.profile.left === true || profile.instance !== worker.profile.instance
  if (ended) endProcessGrants(ctx, worker)
  // Write the start of a connection: its end is recorded too, and needs the start.
  const begun = isConnected(ctx, worker, profile) && worker.profile.spans?.at(-1)?.until !== null
  if (!changed && !begun && ctx.at - (worker.last_seen_at ?? 0) < lastSeenWriteMs) return worker
  const after = { ...worker, profile: { ...profile, spans: spansAfter(ctx, worker, profile) }, last_seen_at: ctx.at }
  endGrantsOfChanged(ctx, worker, after)
  ctx.store.workers.save(after)
  if (changed) ctx.after({ kind: 'feed', worker_id: worker.worker_id })
  return after
}

const isConnected = (ctx: CommandContext, worker: WorkerRecord, profile: WorkerProfile): boolean =>
  profile.left !== true && ctx.live.sockets.isHealthy(worker.worker_id, ctx.at)

function spansAfter(ctx: CommandContext, worker: WorkerRecord, profile: WorkerProfile): NonNullable<WorkerProfile['spans']> {
  const spans = present(worker.profile.spans ?? [], {
    at: ctx.at,
    before: worker.last_seen_at,
    sameProcess: profile.instance !== null && profile.instance === worker.profile.instance,
    connected: isConnected(ctx, worker, profile),
  })
  return profile.left === true ? absent(spans, ctx.at) : spans
}

/** Records the end of a worker's connection. It needs a row, because no heartbeat of a socket is written: the last presence would be lost. */
export function noteGone(ctx: CommandContext, worker: WorkerRecord, heardAt: number): void {
  const spans = absent(worker.profile.spans ?? [], heardAt)
  if (spans === worker.profile.spans || worker.profile.left === true) return
  const last_seen_at = Math.max(heardAt, worker.last_seen_at ?? 0)
  ctx.store.workers.save({ ...worker, profile: { ...worker.profile, spans, gone: true }, last_seen_at })
}

/** Parks or unparks the worker as its report says; a report without `parked_until` changes nothing. */
function noteQuota(ctx: CommandContext, worker: WorkerRecord, { parked_until }: PresenceReport): void {
  if (parked_until === undefined) return
  if (parked_until === null) unparkWorker(ctx, worker, 'it says that it has quota')
  else parkWorker(ctx, worker, parked_until)
}

/**
 * Notes that a worker finishes its running attempts and takes no more: other workers may take at once what it has not started. Not stored in
 * a row, because the state ends soon.
 */
function noteStopping(ctx: CommandContext, { worker_id }: WorkerRecord, { status }: PresenceReport): void {
  const stopping = status === 'stopping'
  if (isStopping(ctx, worker_id) === stopping) return
  ctx.live.presence.change(worker_id).stopping = stopping
  ctx.live.sockets.setStopping(worker_id, stopping)
  if (stopping) wakePoolsOf(ctx, worker_id)
}

/** A session without a thread is one process: its grants end with it, so that the next process under this name must ask again. */
function endProcessGrants(ctx: CommandContext, worker: WorkerRecord): void {
  for (const grant of ctx.store.grants.inForce(worker.worker_id, ctx.at)) {
    if (isOfProcess(grant.session)) endGrant(ctx, grant, 'its process has ended')
  }
}

/** Extends the leases that the worker holds: long ones at any presence, short ones only when the worker names them. */
export function renewLeases(
  ctx: CommandContext,
  worker: WorkerRecord,
  named: readonly { readonly job_id: number; readonly attempt: number }[] | undefined,
): void {
  if (stopsRunning(ctx.store.killswitch.state().level)) return
  for (const lease of named ?? []) resumeAttempt(ctx, worker.worker_id, lease, tokenSince(ctx.store, worker.worker_id))
  const attempts = new Map((named ?? []).map((lease) => [lease.job_id, lease.attempt]))
  for (const lease of ctx.live.leases.heldBy(worker.worker_id)) {
    if (!lease.long && named !== undefined && attempts.get(lease.job_id) !== lease.attempt) continue
    if (!lease.long && named === undefined) continue
    const job = ctx.store.jobs.get(lease.job_id)
    if (job?.status === 'running') lease.expires_at = Math.max(lease.expires_at, leaseUntil(ctx, job))
  }
}

/** Returns those of the named attempts that the worker no longer holds and must abort. */
export function lostLeases(
  ctx: CommandContext,
  worker: WorkerRecord,
  named: readonly { readonly job_id: number; readonly attempt: number }[],
): PresenceReply['aborts'] {
  return named.flatMap(({ job_id, attempt }) => {
    const job = ctx.store.jobs.get(job_id)
    if (job !== undefined && job.worker_id === worker.worker_id && job.attempt === attempt) {
      if (job.status === 'running') return []
      // The server treated the attempt as lost, but the worker may still complete it, so do not abort it.
      if (job.status === 'retry' && job.outcome?.error?.type === 'worker_lost') return []
    }
    return [{ job_id, attempt, reason: job?.outcome?.error?.type ?? 'lease-lost' }]
  })
}

export function presenceReply(
  ctx: CommandContext,
  worker: WorkerRecord,
  aborts: PresenceReply['aborts'],
  heartbeat_ms: number,
): PresenceReply {
  return {
    worker: {
      worker_id: worker.worker_id,
      name: worker.name,
      paused: isPaused(ctx, worker),
      capabilities: [...worker.capabilities],
      requires_secrets: [...worker.requires_secrets],
    },
    config: worker.config,
    config_version: worker.config_version,
    killswitch: briefOf(ctx.store.killswitch.state()),
    aborts,
    intervals: { heartbeat_ms: worker.config.poll_ms ?? heartbeat_ms, poll_wait_s: limits.long_poll_max_s },
    server_time: isoTime(ctx.at),
  }
}

function report(ctx: CommandContext, input: Parsed<'presence.report'>): Result<PresenceReply> {
  const label = input.worker ?? input.instance
  const found = ctx.caller.kind === 'member' && label !== undefined ? companionFor(ctx, label) : actingWorker(ctx, label)
  if (!found.ok) return found
  const worker = found.value
  const before = ctx.live.presence.of(worker.worker_id)
  const instance = input.instance ?? null
  // One process per name: the first keeps the name while it is alive, unless the second sends `takeover`.
  const other =
    before.instance !== null && instance !== null && before.instance !== instance && ctx.at - before.last_seen <= limits.presence_ms
  if (other && input.leases !== undefined && input.takeover !== true) {
    return fail('name-taken', `${worker.name} is running as ${before.instance} already. Stop that one, or start this one with takeover.`)
  }
  const live = ctx.live.presence.seen(worker.worker_id, ctx.at)
  live.transport = 'poll'
  if (instance !== null) live.instance = input.status === 'stopped' ? null : instance
  if (input.details !== undefined) live.details = input.details
  const after = noteProfile(ctx, worker, input)
  renewLeases(ctx, after, input.leases)
  if (input.status === 'stopped') {
    ctx.live.presence.change(worker.worker_id).left = true
    live.transport = 'none'
    wakePoolsOf(ctx, worker.worker_id)
  }
  return ok(presenceReply(ctx, after, lostLeases(ctx, after, input.leases ?? []), limits.heartbeat_poll_ms))
}

export const presenceCommands = { 'presence.report': report }
