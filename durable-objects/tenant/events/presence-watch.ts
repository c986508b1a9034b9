/**
 * Responsible for finding the workers whose presence has changed since the last call. It views only candidates: workers with a reported
 * change, and workers whose presence may have changed by the passing of time.
 */
import { limits } from '@modelreins/contract'
import type { Presence } from '@modelreins/contract'
import type { ReadContext } from '../kernel/context.ts'
import { lastSeen, lastSeenWriteMs, showPresence, stateOf } from '../queue/workforce/worker-view.ts'
import type { WorkerRecord } from '../queue/workforce/worker-store.ts'

interface Seen {
  /** The presence as JSON, without the time when the worker was last heard. */
  readonly words: string
  /** The time from which the presence may change without an event, milliseconds since 1970. */
  readonly until: number
  /** When a silent polling worker will count as gone, milliseconds since 1970; infinite for all others. */
  readonly goneAt: number
}

export class PresenceWatch {
  readonly #seen = new Map<string, Seen>()
  #unread: readonly Set<string>[] = []
  #parkings = ''
  #at = Number.NEGATIVE_INFINITY
  #views = 0

  /** The number of workers viewed so far: tests measure the cost with it. */
  get views(): number {
    return this.#views
  }

  /** Returns the presences that have changed since the last call; at the first call all. */
  changes(ctx: ReadContext): readonly Presence[] {
    const changed: Presence[] = []
    for (const id of this.#suspects(ctx)) {
      const worker = ctx.store.workers.getActive(id)
      if (worker === undefined) {
        this.#seen.delete(id)
        continue
      }
      this.#views += 1
      const presence = showPresence(ctx, worker)
      const words = wordsOf(presence)
      if (this.#seen.get(id)?.words !== words) changed.push(presence)
      this.#seen.set(id, { words, ...timesOf(ctx, worker, presence) })
    }
    return changed
  }

  /** When the next polling worker will count as gone, by the state at the last call of `changes`; undefined when none will. */
  silenceAt(ctx: ReadContext): number | undefined {
    let next = Number.POSITIVE_INFINITY
    for (const [id, { goneAt }] of this.#seen) {
      if (goneAt >= next) continue
      // When that time has passed, a worker that was heard in the meantime gets a new time; any other is gone and has none.
      const worker = goneAt > ctx.at ? undefined : ctx.store.workers.getActive(id)
      next = Math.min(next, worker === undefined ? goneAt : goneTime(ctx, worker))
    }
    return next === Number.POSITIVE_INFINITY ? undefined : next
  }

  #suspects(ctx: ReadContext): Iterable<string> {
    const { store, live, at } = ctx
    const parkings = JSON.stringify(store.parkings.all())
    const anew = this.#unread.length === 0 || parkings !== this.#parkings || at < this.#at
    if (this.#unread.length === 0)
      this.#unread = [
        store.workers.changed,
        live.presence.changed,
        live.presence.heardOf,
        live.leases.changed,
        live.sockets.changed,
        live.sockets.credited,
      ].map((ids) => ids.reader())
    this.#parkings = parkings
    this.#at = at
    const suspects = new Set<string>()
    for (const unread of this.#unread) {
      for (const id of unread) suspects.add(id)
      unread.clear()
    }
    if (anew) for (const { worker_id } of store.workers.active()) suspects.add(worker_id)
    for (const [id, { until }] of this.#seen) if (anew || until <= at) suspects.add(id)
    return suspects
  }
}

function timesOf(ctx: ReadContext, worker: WorkerRecord, { state, breaker, parked_until }: Presence): Pick<Seen, 'until' | 'goneAt'> {
  const { live, at } = ctx
  const { last_seen, asked_at } = live.presence.of(worker.worker_id)
  const heard = live.sockets.heardAt(worker.worker_id)
  const stored = worker.last_seen_at ?? 0
  const times = [
    last_seen + limits.presence_ms,
    asked_at + limits.presence_ms,
    live.since + limits.presence_ms,
    stored + lastSeenWriteMs + limits.presence_ms,
    (lastSeen(ctx, worker) ?? 0) + limits.person_presence_ms,
    ...(heard === null ? [] : [heard + limits.lease_ms]),
    ...live.leases.heldBy(worker.worker_id).flatMap((lease) => (lease.long ? [lease.expires_at] : [])),
    ...[breaker?.until, parked_until].flatMap((time) => (time == null ? [] : [Date.parse(time)])),
  ]
  // An offline worker with an open socket is viewed each time: the platform answers its next ping without telling the object.
  if (state === 'offline' && heard !== null) times.push(at)
  return { until: Math.min(...times.filter((time) => time >= at)) + 1, goneAt: goneTime(ctx, worker) }
}

/** Infinite for a worker with a socket, because closing a socket is an event. */
function goneTime(ctx: ReadContext, worker: WorkerRecord): number {
  if (ctx.live.sockets.ofWorker(worker.worker_id) !== undefined || stateOf(ctx, worker) === 'offline') return Number.POSITIVE_INFINITY
  const gone = (lastSeen(ctx, worker) ?? 0) + limits.presence_ms + 1
  return gone > ctx.at ? gone : Number.POSITIVE_INFINITY
}

/** The part of a presence that is compared: all but the time when the worker was last heard. */
const wordsOf = ({ last_seen: _, ...presence }: Presence): string => JSON.stringify(presence)
