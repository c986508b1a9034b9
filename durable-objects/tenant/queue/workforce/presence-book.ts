/**
 * Responsible for what is known of workers right now and is not worth a row: last seen, transport, credit, silent offers,
 * recent failures. Lost with the object's memory; every value has a safe beginning.
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
  /** Milliseconds; of the last call or frame. A socket's pings are asked of the platform instead. */
  last_seen: number
  /** It said that it stops, and has not been heard since: it is gone at once, not after a while. */
  left: boolean
  /** It said that it takes no more work, and has not said otherwise since. */
  stopping: boolean
  details: unknown
  /** Offers that lapsed without an answer since the last one that was answered. */
  silent_offers: number
  failures_in_a_row: number
  breaker: Breaker
  mean_duration_ms: number | null
  /** Newest last, at most 20. */
  threads: string[]
  /** What its jobs used that ended well, as far as they said; newest last. */
  usage: readonly Usage[]
  /** Asked for work lately (credit, poll or inbox): told apart from merely being there. */
  asked_at: number
}

const rememberedThreads = 20

export class PresenceBook {
  readonly #entries = new Map<string, LivePresence>()
  /** Ids of workers of which something else is known that decides who is chosen. */
  readonly changed = new ChangedIds()
  /** Ids of workers that were heard, or have asked for work: what they say of themselves comes with that. */
  readonly heardOf = new ChangedIds()

  of(workerId: string): Readonly<LivePresence> {
    return this.#entry(workerId)
  }

  /** To be changed in place. */
  change(workerId: string): LivePresence {
    this.changed.add(workerId)
    return this.#entry(workerId)
  }

  /** It has room: nothing that decides who is chosen. */
  asked(workerId: string, at: number): void {
    this.#entry(workerId).asked_at = at
    this.heardOf.add(workerId)
  }

  /** An offer was answered. */
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

  /** As `seen`, of a connection that has ended: a late word about a worker that has left does not bring it back. */
  heard(workerId: string, at: number): LivePresence {
    const entry = this.#entry(workerId)
    this.heardOf.add(workerId)
    // One that was there anyway is there for longer.
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

  /** The clock was set back: nobody was seen in the future, and nothing lasts into it for longer than from now. */
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
