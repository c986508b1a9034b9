/**
 * Responsible for what becomes of an offer: a slot that is free, a place behind one that will be free in a moment, or back to the server. While
 * jobs are short the worker takes offers ahead and starts those that it can give back, so that many jobs share a message and no handler waits for one.
 */
import { limits, type Offer } from '@modelreins/contract'
import type { Clock } from '../../client/clock.ts'
import type { Debug } from '../debug.ts'
import type { LiveAttempts } from '../job/live-attempts.ts'
import type { StartedAhead } from '../job/started-ahead.ts'
import type { Credit } from './credit.ts'
import type { SocketLink } from './socket-link.ts'

/** An attempt that took longer ends the taking ahead: another worker might start the job sooner. */
export const shortMs = 20
/** So many short attempts, one after the other, are needed before offers are taken ahead. */
export const shortInARow = 16
/** What was taken ahead goes back when no slot was free for the first of it in this time. Well under `limits.offer_ms`. */
export const heldMs = 100
/** Handler time that is started ahead, as far as the last attempts tell, in milliseconds for each slot. */
export const aheadMs = 10
/** Attempts that have a slot or are started ahead, at most: more in a message gain nothing, and they are lost with this process. */
export const aheadMost = 64
/** What is given back costs the server a start and its way back: so many short attempts are worth one of those, and so many of those are forgiven. */
const shortForOne = 16
const forgiven = 2 * aheadMost
/** The weight of the newest attempt in the average. */
const newest = 1 / 16
/** Attempts that begin in one turn of the event loop: what they lead to is on its way to the server while the next ones run. */
const begunPerTurn = 16

export interface IntakePorts {
  readonly clock: Clock
  readonly slots: Pick<LiveAttempts, 'limit' | 'free' | 'admit'>
  /** Told when the number of offers that can be taken may have changed. */
  readonly credit: Pick<Credit, 'closed' | 'changed'>
  readonly run: (offer: Offer, release: () => void) => void
  /** Whether an offer can be given back once it has started. */
  readonly canStartAhead: (offer: Offer) => boolean
  /** Starts an offer without a slot; `onGone` is told when it needs none any more. */
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
  /** In the order in which they get slots. */
  #ahead: Ahead[] = []
  /** How many of them have been asked to start ahead, or cannot be: the first ones. */
  #looked = 0
  #started = 0
  #short = 0
  /** Offers in a row that can be given back. Others wait for their start in their slot, so few of them are held. */
  #startable = 0
  /** How many attempts may still be started in vain. */
  #worth = forgiven
  /** What an attempt takes, in milliseconds. */
  #average = shortMs
  /** When the first of them became the first, by the worker's clock. */
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
    // It grows by and by: what comes among these and cannot be given back is declined.
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

  /** Refused, or ended by the server. */
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

  /** An attempt has ended after so many milliseconds in its slot. */
  ended(ms: number): void {
    if (ms > shortMs) {
      // What has started runs in the slots as they become free, unless it has waited for too long by then.
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

  /** A slot may be free, or none may be used any more. */
  look(): void {
    if (this.#ports.credit.closed) this.giveBack()
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

  /** What was taken ahead is anybody's again, and no more is taken before jobs are short again. */
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

  /** The connection has ended, and with it what was offered over it. What has started is still this worker's. */
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
      // Until it has started, it waits for the server. A process that stood still gets a moment to go on.
      const since = first.attempt === undefined ? this.#since : (first.attempt.startedAt ?? now)
      const left = since + heldMs - now
      // Without a connection it can be given back only at the cost of an attempt: the next one is seldom far.
      const soon = now - due > shortMs || (this.#ports.link() === undefined && left > -limits.offer_ms)
      if (left <= 0 && !soon) this.giveBack()
      else this.#lookIn(left <= 0 ? shortMs : left)
    })
  }

  /** A stopped worker keeps no process alive. */
  stop(): void {
    this.#cancel?.()
    this.#cancel = undefined
  }

  #decline(offer: Offer): void {
    this.#ports.link()?.send({ type: 'decline', token: offer.lease.token })
  }
}
