/**
 * Responsible for finding whose presence is another one since it looked last, without viewing everybody: those of whom something was said
 * since, and those of whom time alone may have changed something.
 */
import { limits } from '@modelreins/contract'
import type { Presence } from '@modelreins/contract'
import type { ReadContext } from '../kernel/context.ts'
import { lastSeen, lastSeenWriteMs, showPresence, stateOf } from '../queue/workforce/worker-view.ts'
import type { WorkerRecord } from '../queue/workforce/worker-store.ts'

interface Seen {
  /** The presence but for when the worker was heard last. */
  readonly words: string
  /** From then on, time alone may have changed it. */
  readonly until: number
  /** When a worker that polls will have been silent for so long that it counts as gone; infinite for all others. */
  readonly goneAt: number
}

export class PresenceWatch {
  readonly #seen = new Map<string, Seen>()
  #unread: readonly Set<string>[] = []
  #parkings = ''
  #at = Number.NEGATIVE_INFINITY
  #views = 0

  /** How often it has viewed a worker: what it costs. */
  get views(): number {
    return this.#views
  }

  /** Those that are others than at the last call; at the first call everybody. */
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

  /** When the next worker that polls will count as gone, as far as was known at the last look; undefined when none will. */
  silenceAt(ctx: ReadContext): number | undefined {
    let next = Number.POSITIVE_INFINITY
    for (const [id, { goneAt }] of this.#seen) {
      if (goneAt >= next) continue
      // One that has been heard since is looked at again by then; one that has not has gone.
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
  // Silent for long, but on a socket: the platform answers its pings, and nobody is told of the next one.
  if (state === 'offline' && heard !== null) times.push(at)
  return { until: Math.min(...times.filter((time) => time >= at)) + 1, goneAt: goneTime(ctx, worker) }
}

/** The end of a socket is an event by itself. */
function goneTime(ctx: ReadContext, worker: WorkerRecord): number {
  if (ctx.live.sockets.ofWorker(worker.worker_id) !== undefined || stateOf(ctx, worker) === 'offline') return Number.POSITIVE_INFINITY
  const gone = (lastSeen(ctx, worker) ?? 0) + limits.presence_ms + 1
  return gone > ctx.at ? gone : Number.POSITIVE_INFINITY
}

/** What makes two presences different ones: not when the worker was heard last. */
const wordsOf = ({ last_seen: _, ...presence }: Presence): string => JSON.stringify(presence)
