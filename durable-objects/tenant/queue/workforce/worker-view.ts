/** Responsible for combining the stored and the live knowledge about a worker: state, load, profile. */
import { limits } from '@modelreins/contract'
import type { Presence, PresenceState, Worker } from '@modelreins/contract'
import { stopsRunning } from '../../../../src/domain/killswitch.ts'
import { viewOfBreaker } from '../../../../src/domain/director/breaker.ts'
import { parkedUntil } from '../../../../src/domain/director/parking.ts'
import type { WorkerView } from '../../../../src/domain/director/matching.ts'
import { lastDay } from '../../../../src/domain/workforce/presence-history.ts'
import { personState } from '../../../../src/domain/work/person.ts'
import { isGated } from '../../../../src/domain/review/risk.ts'
import { isoTime, isoTimeOrNull } from '../../kernel/context.ts'
import type { CommandContext } from '../../kernel/context.ts'
import { isDeaf } from './presence-book.ts'
import { jobInPlace } from './place.ts'
import type { WorkerRecord } from './worker-store.ts'

/** Shortest interval between writes of `last_seen_at`: the platform bills rows written. */
export const lastSeenWriteMs = 3 * 60_000

type Seeing = Pick<CommandContext, 'at' | 'store' | 'live'>

/** Time of the last sign of life, by socket, poll or stored row, milliseconds since 1970; null when there was none. */
export function lastSeen(ctx: Seeing, worker: WorkerRecord): number | null {
  const heard = Math.max(ctx.live.sockets.heardAt(worker.worker_id) ?? 0, ctx.live.presence.of(worker.worker_id).last_seen)
  const stored = worker.last_seen_at ?? 0
  const seen = Math.max(heard, stored)
  return seen === 0 ? null : seen
}

/** Whether the worker announced its stop and has not been heard since. */
export function hasLeft(ctx: Seeing, worker: WorkerRecord): boolean {
  const live = ctx.live.presence.of(worker.worker_id)
  return live.last_seen === 0 ? worker.profile.left === true : live.left
}

/**
 * Whether the worker finishes what it runs and takes no more. A socket remembers this through a cold start of the object; a polling worker reports it
 * again.
 */
export const isStopping = ({ live }: Pick<Seeing, 'live'>, workerId: string): boolean =>
  live.presence.of(workerId).stopping || live.sockets.isStopping(workerId)

export function stateOf(ctx: Seeing, worker: WorkerRecord): PresenceState {
  if (worker.revoked_at !== null) return 'offline'
  const live = ctx.live.presence.of(worker.worker_id)
  const running = ctx.live.leases.running(worker.worker_id)
  if (worker.member_id !== null)
    return personState({ taking: worker.profile.left !== true, running, seen_at: lastSeen(ctx, worker), at: ctx.at })
  const onSocket = ctx.live.sockets.isHealthy(worker.worker_id, ctx.at)
  // The worker holds a long lease, which allows it to be silent: it counts as present (docs/explanation/compatibility.md).
  const silent = running > 0 && ctx.live.leases.heldBy(worker.worker_id).some((lease) => lease.long && lease.expires_at > ctx.at)
  const left = hasLeft(ctx, worker)
  const polled = !left && ctx.at - live.last_seen <= limits.presence_ms
  // After a cold start no worker has been heard yet, and the stored time may be minutes old. A worker that is present reports soon.
  const unheard = live.last_seen === 0 && ctx.at - ctx.live.since <= limits.presence_ms
  const remembered =
    !left &&
    worker.profile.gone !== true &&
    unheard &&
    worker.last_seen_at !== null &&
    ctx.at - worker.last_seen_at <= lastSeenWriteMs + limits.presence_ms
  if (!onSocket && !polled && !silent && !remembered) return 'offline'
  if (isDeaf(live)) return 'deaf'
  if (parkedUntil(ctx.store.parkings.all(), worker, ctx.at) !== null) return 'parked'
  if (running > 0) return 'busy'
  return ctx.at - live.asked_at <= limits.presence_ms || ctx.live.sockets.credit(worker.worker_id) > 0 ? 'idle' : 'online'
}

/**
 * Until when (milliseconds since 1970) a present worker stays present without another sign of life; infinite for people, for whom presence is not
 * required.
 */
export function liveUntil(ctx: Seeing, worker: WorkerRecord): number {
  if (worker.member_id !== null) return Number.POSITIVE_INFINITY
  const live = ctx.live.presence.of(worker.worker_id)
  const heard = ctx.live.sockets.heardAt(worker.worker_id)
  const times = heard === null ? [] : [heard + limits.lease_ms]
  if (!hasLeft(ctx, worker)) {
    times.push(live.last_seen + limits.presence_ms)
    if (live.last_seen === 0 && worker.profile.gone !== true && worker.last_seen_at !== null)
      times.push(Math.min(ctx.live.since + limits.presence_ms, worker.last_seen_at + lastSeenWriteMs + limits.presence_ms))
  }
  if (ctx.live.leases.running(worker.worker_id) > 0)
    for (const lease of ctx.live.leases.heldBy(worker.worker_id)) if (lease.long) times.push(lease.expires_at - 1)
  return Math.max(0, ...times)
}

/** The breaker as it is shown; null while there is nothing to report. */
function showBreaker(ctx: Seeing, workerId: string): Presence['breaker'] {
  const { state, until, faults, last } = viewOfBreaker(ctx.live.presence.of(workerId).breaker, ctx.at)
  return state === 'closed' ? null : { state, until: isoTimeOrNull(until), faults, last_fault: last }
}

export const isPaused = (ctx: Pick<CommandContext, 'store'>, worker: WorkerRecord): boolean =>
  worker.paused || stopsRunning(ctx.store.killswitch.state().level)

/** The tenant's setting `require_capability`, for a worker with a gated capability: a job without a capability would bypass its tier. */
export const isNamedOnly = (ctx: Pick<CommandContext, 'store'>, worker: WorkerRecord): boolean =>
  ctx.store.settings.requireCapability() === true && worker.capabilities.some((item) => isGated(item.risk_tier))

/** For a person: the capabilities that workers of another substrate also have. */
function sharedBy(ctx: Pick<CommandContext, 'store'>, { kind, capabilities }: WorkerRecord): Pick<WorkerView, 'shared'> {
  if (kind !== 'carbon' || capabilities.length === 0) return {}
  return { shared: capabilities.map(({ name }) => name).filter((name) => ctx.store.workers.isDeclaredByOthers(name)) }
}

export function viewOf(ctx: Seeing, worker: WorkerRecord): WorkerView {
  const live = ctx.live.presence.of(worker.worker_id)
  const slots = worker.config.slots ?? worker.profile.slots
  const running = ctx.live.leases.running(worker.worker_id)
  // While a job occupies the worker's place, the worker has no room, however many slots it has.
  const taken = jobInPlace(ctx, worker)
  const provider = worker.config.provider ?? worker.profile.provider
  const model = worker.config.model ?? worker.profile.model
  return {
    worker_id: worker.worker_id,
    name: worker.name,
    kind: worker.kind,
    capabilities: worker.capabilities,
    config: worker.config,
    rule: ctx.store.catalogue.ruleFor({ kind: worker.kind, provider, model }),
    tags: worker.config.tags ?? worker.profile.tags,
    networks: worker.config.networks ?? worker.profile.networks,
    provider,
    model,
    paused: isPaused(ctx, worker),
    revoked: worker.revoked_at !== null,
    named_only: isNamedOnly(ctx, worker),
    ...sharedBy(ctx, worker),
    state: stateOf(ctx, worker),
    ...(isStopping(ctx, worker.worker_id) ? { stopping: true } : {}),
    slots,
    running: taken === undefined ? running : Math.max(running, slots),
    ...(taken === undefined ? {} : { place_taken_by: taken }),
    recent_failures: live.failures_in_a_row,
    breaker: viewOfBreaker(live.breaker, ctx.at),
    parked_until: parkedUntil(ctx.store.parkings.all(), worker, ctx.at),
    mean_duration_ms: live.mean_duration_ms,
    last_threads: live.threads,
    recent_usage: live.usage,
  }
}

export const workforce = (ctx: Seeing): readonly WorkerView[] => [...ctx.store.workers.active()].map((worker) => viewOf(ctx, worker))

function appliedConfig({ profile: { config_applied: applied } }: WorkerRecord): Worker['config_applied'] {
  return applied === undefined ? null : { version: applied.version, at: isoTime(applied.at) }
}

/** One worker, with its last day. */
export function showOneWorker(ctx: Seeing, worker: WorkerRecord): Worker {
  const shown = showWorker(ctx, worker)
  const spans = lastDay(worker.profile.spans ?? [], { at: ctx.at, lastSeen: lastSeen(ctx, worker), there: shown.state !== 'offline' })
  return {
    ...shown,
    presence_24h: spans.map(({ from, until }) => ({ from: isoTime(from), until: isoTime(until) })),
  }
}

export function showWorker(ctx: Seeing, worker: WorkerRecord): Worker {
  return {
    worker_id: worker.worker_id,
    name: worker.name,
    kind: worker.kind,
    description: worker.description,
    capabilities: [...worker.capabilities],
    requires_secrets: [...worker.requires_secrets],
    config: worker.config,
    config_version: worker.config_version,
    config_applied: appliedConfig(worker),
    may_raise_killswitch: worker.may_raise_killswitch,
    paused: isPaused(ctx, worker),
    revoked_at: isoTimeOrNull(worker.revoked_at),
    created_at: isoTime(worker.created_at),
    last_seen: isoTimeOrNull(lastSeen(ctx, worker)),
    state: stateOf(ctx, worker),
    running: ctx.live.leases.running(worker.worker_id),
    breaker: showBreaker(ctx, worker.worker_id),
    parked_until: isoTimeOrNull(parkedUntil(ctx.store.parkings.all(), worker, ctx.at)),
    ...(worker.member_id === null ? {} : { member_id: worker.member_id }),
  }
}

export function showPresence(ctx: Seeing, worker: WorkerRecord): Presence {
  const live = ctx.live.presence.of(worker.worker_id)
  const view = viewOf(ctx, worker)
  return {
    worker_id: worker.worker_id,
    name: worker.name,
    kind: worker.kind,
    state: view.state,
    instance: live.instance ?? worker.profile.instance,
    transport: view.state === 'offline' ? 'none' : ctx.live.sockets.ofWorker(worker.worker_id) === undefined ? 'poll' : 'socket',
    running: ctx.live.leases.running(worker.worker_id),
    slots: view.slots,
    provider: view.provider,
    model: view.model,
    tags: [...view.tags],
    networks: [...view.networks],
    place: worker.profile.place ?? null,
    details: (live.details ?? null) as Presence['details'],
    last_seen: isoTimeOrNull(lastSeen(ctx, worker)),
    breaker: showBreaker(ctx, worker.worker_id),
    parked_until: isoTimeOrNull(parkedUntil(ctx.store.parkings.all(), worker, ctx.at)),
    machine: worker.profile.machine ?? null,
  }
}
