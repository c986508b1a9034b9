/**
 * Responsible for each offer: it gets a free slot, waits for a slot that will be free in a moment, or goes back to the server. While jobs are short,
 * the worker takes additional offers and starts those that it can give back, so that many jobs share a message and no handler has to wait for one.
 */
import { limits, type Offer } from '@modelreins/contract'
import type { Clock } from '../../client/clock.ts'
import type { Debug } from '../debug.ts'
import type { LiveAttempts } from '../job/live-attempts.ts'
import type { StartedAhead } from '../job/started-ahead.ts'
import type { Credit } from './credit.ts'
import type { SocketLink } from './socket-link.ts'

/** An attempt that took longer ends the taking of additional offers, because another worker might start the job sooner. */
export const shortMs = 20
/** How many consecutive short attempts are needed before additional offers are taken. */
export const shortInARow = 16
/** Additional offers go back when the first of them got no slot within this time. It is well below `limits.offer_ms`. */
export const heldMs = 100
/** How much handler time is started ahead per slot, in milliseconds, estimated from recent attempts. */
export const aheadMs = 10
/** Maximum number of attempts that have a slot or are started ahead: more per message gain nothing, and they are lost with this process. */
export const aheadMost = 64
/**
 * An attempt that is given back costs the server a start and a return. This many short attempts make up for one of those, and `forgiven` of those are
 * allowed in advance.
 */
const shortForOne = 16
const forgiven = 2 * aheadMost
/** The weight of the latest attempt in the average. */
const newest = 1 / 16
/** An attempt that has waited for longer, because the event loop was blocked or the process was suspended, may have lost its lease. */
export const leasedMs = limits.lease_ms / 3
/** How many attempts begin per turn of the event loop. The frames that they cause are sent while the next ones run. */
const begunPerTurn = 16

export interface IntakePorts {
  readonly clock: Clock
  readonly slots: Pick<LiveAttempts, 'limit' | 'free' | 'admit'>
  /** Notified when the number of offers that can be taken may have changed. */
  readonly credit: Pick<Credit, 'closed' | 'changed'>
  readonly run: (offer: Offer, release: () => void) => void
  /** Whether an offer can be given back after its start. */
  readonly canStartAhead: (offer: Offer) => boolean
  /** Starts an offer without a slot; `onGone` is called when it no longer needs one. */
  readonly startAhead: (offer: Offer, onGone: (gone: StartedAhead) => void) => StartedAhead
  readonly link: () => SocketLink | undefined
  readonly debug: Debug
}

interface Ahead {
  readonly offer: Offer
  attempt: StartedAhead | undefined
}

export class Intake {
  readonly #ports: IntakePorts
  /** Waiting offers, in the order in which they get slots. */
  #ahead: Ahead[] = []
  /** How many of them, from the front, were started ahead or cannot be. */
  #looked = 0
  #started = 0
  #short = 0
  /** Number of consecutive offers that can be given back. Other offers wait for their start in their slot, so only few of them are held. */
  #startable = 0
  /** How many attempts may still be started without being run. */
  #worth = forgiven
  /** Average duration of an attempt in milliseconds. */
  #average = shortMs
  /** When the first waiting offer became the first, by the worker's clock. */
  #since = 0
  #cancel: (() => void) | undefined
  #begun = 0

  constructor(ports: IntakePorts) {
    this.#ports = ports
  }

  /** How many offers can be taken over the socket now. */
  get room(): number {
    if (this.#ports.credit.closed) return 0
    const { limit, free } = this.#ports.slots
    const ahead = this.#short < shortInARow ? 0 : Math.max(0, Math.max(limit, 2 * this.#budget) - this.#ahead.length)
    return Math.min(limits.claim_max, free + ahead)
  }

  /** How many attempts may be started ahead now. */
  get #budget(): number {
    if (this.#short < shortInARow || this.#worth <= 0 || this.#ports.link()?.takes('hand_back') !== true) return 0
    const { limit } = this.#ports.slots
    // The number grows gradually, because offers that cannot be given back must be declined.
    const known = this.#startable - shortInARow + 1
    return Math.max(0, Math.min(aheadMost - limit, known, Math.floor((aheadMs * limit) / this.#average)))
  }

  take(offer: Offer): void {
    this.#startable = this.#ports.canStartAhead(offer) ? this.#startable + 1 : 0
    const release = this.#ports.credit.closed || this.#ahead.length > 0 ? undefined : this.#ports.slots.admit()
    if (release !== undefined) {
      this.#ports.credit.changed()
      this.#ports.run(offer, release)
    } else if (this.room > 0) {
      if (this.#ahead.push({ offer, attempt: undefined }) === 1) this.#since = this.#ports.clock.now()
      this.#startSome()
      this.#ports.credit.changed()
      if (this.#cancel === undefined) this.#lookIn(heldMs)
    } else {
      this.#ports.debug(`offer of job ${offer.job.id} declined: no free slot`)
      this.#decline(offer)
    }
  }

  #startSome(): void {
    for (const budget = this.#budget; this.#started < budget && this.#looked < this.#ahead.length; this.#looked += 1) {
      const next = this.#ahead[this.#looked]
      if (next === undefined || !this.#ports.canStartAhead(next.offer)) continue
      next.attempt = this.#ports.startAhead(next.offer, (gone) => this.#gone(gone))
      this.#started += 1
    }
  }

  /** Called when an attempt was refused or ended by the server. */
  #gone(gone: StartedAhead): void {
    const index = this.#ahead.findIndex(({ attempt }) => attempt === gone)
    if (index < 0) return
    this.#remove(index)
    this.#startSome()
    this.#ports.credit.changed()
  }

  #remove(index: number): Ahead | undefined {
    const [removed] = index === 0 ? [this.#ahead.shift()] : this.#ahead.splice(index, 1)
    if (index < this.#looked) this.#looked -= 1
    if (removed?.attempt !== undefined) this.#started -= 1
    if (index === 0) this.#since = this.#ports.clock.now()
    return removed
  }

  /** Called when an attempt has ended, with its time in the slot in milliseconds. */
  ended(ms: number): void {
    if (ms > shortMs) {
      // Attempts that have started get the slots as they become free, unless they have waited too long by then.
      this.#short = 0
      const offers = this.#dropOffers()
      for (const offer of offers) this.#decline(offer)
      if (offers.length > 0) this.#ports.credit.changed()
      return
    }
    this.#short += 1
    this.#average += (ms - this.#average) * newest
    this.#worth = Math.min(forgiven, this.#worth + 1 / shortForOne)
  }

  /** Called when a slot may be free, or when no slot may be used any more. */
  look(): void {
    if (this.#ports.credit.closed) this.giveBack()
    this.#giveBackStale()
    while (this.#ahead.length > 0 && this.#begun < begunPerTurn) {
      const release = this.#ports.slots.admit()
      const next = release === undefined ? undefined : this.#remove(0)
      if (release === undefined || next === undefined) break
      if (this.#begun === 0) setImmediate(() => this.#nextTurn())
      this.#begun += 1
      if (next.attempt === undefined) this.#ports.run(next.offer, release)
      else next.attempt.begin(release)
    }
    this.#startSome()
    this.#ports.credit.changed()
  }

  #nextTurn(): void {
    const busy = this.#begun === begunPerTurn
    this.#begun = 0
    if (busy) this.look()
  }

  /** Gives back what has waited so long that another worker may already have run it. */
  #giveBackStale(): void {
    const before = this.#ports.clock.now() - leasedMs
    const isStale = (attempt: StartedAhead | undefined): attempt is StartedAhead =>
      (attempt?.startedAt ?? Number.POSITIVE_INFINITY) < before
    const stale = this.#ahead.flatMap(({ attempt }) => (isStale(attempt) ? [attempt] : []))
    for (const attempt of stale) {
      this.#remove(this.#ahead.findIndex((waiting) => waiting.attempt === attempt))
      this.#worth -= 1
      attempt.giveBack()
    }
  }

  /** Gives all waiting offers back, and takes no additional ones until jobs are short again. */
  giveBack(): void {
    this.#short = 0
    const ahead = this.#ahead
    if (ahead.length === 0) return
    this.#worth -= this.#started
    this.#ahead = []
    this.#looked = 0
    this.#started = 0
    for (const { offer, attempt } of ahead) {
      if (attempt === undefined) this.#decline(offer)
      else attempt.giveBack()
    }
    this.#ports.credit.changed()
  }

  /** Called when the connection has ended: the offers from it are void, but started attempts still belong to this worker. */
  forget(): void {
    this.#dropOffers()
  }

  #dropOffers(): readonly Offer[] {
    const offers = this.#ahead.flatMap(({ offer, attempt }) => (attempt === undefined ? [offer] : []))
    this.#ahead = this.#ahead.filter(({ attempt }) => attempt !== undefined)
    this.#looked = this.#ahead.length
    return offers
  }

  #lookIn(ms: number): void {
    const due = this.#ports.clock.now() + ms
    this.#cancel = this.#ports.clock.after(ms, () => {
      this.#cancel = undefined
      const [first] = this.#ahead
      if (first === undefined) return
      const now = this.#ports.clock.now()
      // An attempt that is not confirmed yet waits for the server. A process that was suspended gets a moment to continue.
      const since = first.attempt === undefined ? this.#since : (first.attempt.startedAt ?? now)
      const left = since + heldMs - now
      // Without a connection, giving it back would cost an attempt, and the next connection usually comes soon.
      const soon = now - due > shortMs || (this.#ports.link() === undefined && left > -limits.offer_ms)
      if (left <= 0 && !soon) this.giveBack()
      else this.#lookIn(left <= 0 ? shortMs : left)
    })
  }

  /** Cancels the timer, so that a stopped worker does not keep the process alive. */
  stop(): void {
    this.#cancel?.()
    this.#cancel = undefined
  }

  #decline(offer: Offer): void {
    this.#ports.link()?.send({ type: 'decline', token: offer.lease.token })
  }
}
