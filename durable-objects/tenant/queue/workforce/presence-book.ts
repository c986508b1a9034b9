/**
 * Responsible for the current knowledge about workers that is not worth a row: last seen, transport, credit, silent offers, recent failures. Lost
 * with the object's memory; every value has a safe default.
 */
import { limits } from '@modelreins/contract'
import type { Usage } from '@modelreins/contract'
import { afterAttempt, breakerLimits, closedBreaker } from '../../../../src/domain/director/breaker.ts'
import { usageKept } from '../../../../src/domain/director/cost.ts'
import type { Breaker } from '../../../../src/domain/director/breaker.ts'
import { ChangedIds } from '../../kernel/changed-ids.ts'

export interface LivePresence {
  instance: string | null
  transport: 'socket' | 'poll' | 'none'
  /** Time of the last call or frame, milliseconds since 1970. Pings of a socket are not included: the platform answers them. */
  last_seen: number
  /** The worker announced its stop and has not been heard since: it counts as offline at once, without the usual delay. */
  left: boolean
  /** The worker announced that it takes no more work, and has not revoked that. */
  stopping: boolean
  details: unknown
  /** Offers that lapsed without an answer since the last one that was answered. */
  silent_offers: number
  failures_in_a_row: number
  breaker: Breaker
  mean_duration_ms: number | null
  /** Newest last, at most 20. */
  threads: string[]
  /** Reported usage of its jobs that ended well; newest last. */
  usage: readonly Usage[]
  /** When it last asked for work (credit, poll or inbox), milliseconds since 1970. Being connected is not enough. */
  asked_at: number
}

const rememberedThreads = 20

export class PresenceBook {
  readonly #entries = new Map<string, LivePresence>()
  /** Ids of workers with a change that affects the choice of the Director. */
  readonly changed = new ChangedIds()
  /** Ids of workers that were heard from or asked for work; their reported profile may have changed with that. */
  readonly heardOf = new ChangedIds()

  of(workerId: string): Readonly<LivePresence> {
    return this.#entry(workerId)
  }

  /** The entry of a worker, for changes in place. */
  change(workerId: string): LivePresence {
    this.changed.add(workerId)
    return this.#entry(workerId)
  }

  /** The worker asked for work. This does not affect the choice of the Director. */
  asked(workerId: string, at: number): void {
    this.#entry(workerId).asked_at = at
    this.heardOf.add(workerId)
  }

  /** The worker answered an offer. */
  answered(workerId: string): void {
    if (this.of(workerId).silent_offers > 0) this.change(workerId).silent_offers = 0
  }

  #entry(workerId: string): LivePresence {
    let entry = this.#entries.get(workerId)
    if (entry === undefined) {
      entry = {
        instance: null,
        transport: 'none',
        last_seen: 0,
        left: false,
        stopping: false,
        details: null,
        silent_offers: 0,
        failures_in_a_row: 0,
        breaker: closedBreaker,
        mean_duration_ms: null,
        threads: [],
        usage: [],
        asked_at: 0,
      }
      this.#entries.set(workerId, entry)
    }
    return entry
  }

  seen(workerId: string, at: number): LivePresence {
    const entry = this.heard(workerId, at)
    if (entry.left) this.change(workerId).left = false
    return entry
  }

  /** As `seen`, for a connection that has ended: a late message of a worker that has left does not make it present again. */
  heard(workerId: string, at: number): LivePresence {
    const entry = this.#entry(workerId)
    this.heardOf.add(workerId)
    // If the worker was present anyway, only the time of its presence is extended.
    if (at - entry.last_seen > limits.presence_ms) this.changed.add(workerId)
    entry.last_seen = Math.max(entry.last_seen, at)
    return entry
  }

  /** An attempt of this worker ended: feeds the Director and the circuit breaker. */
  ended(
    workerId: string,
    how: {
      readonly job_id: number
      /** Type of its error; null when it ended well. */
      readonly error: string | null
      readonly at: number
      readonly duration_ms: number
      readonly thread: string | null
      readonly usage: Usage | null
    },
  ): void {
    const entry = this.change(workerId)
    entry.breaker = afterAttempt(entry.breaker, how)
    if (how.error === null) {
      entry.failures_in_a_row = 0
      if (how.usage !== null) entry.usage = [...entry.usage, how.usage].slice(-usageKept)
      entry.mean_duration_ms = entry.mean_duration_ms === null ? how.duration_ms : entry.mean_duration_ms * 0.8 + how.duration_ms * 0.2
    } else {
      entry.failures_in_a_row += 1
    }
    if (how.thread !== null)
      entry.threads = [...entry.threads.filter((thread) => thread !== how.thread), how.thread].slice(-rememberedThreads)
  }

  /** The clock was set back: limits times in the future to values that are possible from now on. */
  setBack(at: number): void {
    for (const [workerId, entry] of this.#entries) {
      this.changed.add(workerId)
      entry.last_seen = Math.min(entry.last_seen, at)
      entry.asked_at = Math.min(entry.asked_at, at)
      if (entry.breaker.open_until !== null)
        entry.breaker = { ...entry.breaker, open_until: Math.min(entry.breaker.open_until, at + breakerLimits.open_most_ms) }
    }
  }

  forget(workerId: string): void {
    this.#entries.delete(workerId)
    this.changed.add(workerId)
  }
}

export const isDeaf = (entry: Pick<LivePresence, 'silent_offers'>): boolean => entry.silent_offers >= limits.deaf_after_offers
