/**
 * Responsible for what becomes of an offer: a slot that is free, a place behind one that will be free in a moment, or back to the server. While
 * jobs are short the worker takes as many offers ahead as it has slots, so that the start of a job travels with the completion of the one before it.
 */
import { limits, type Offer } from '@modelreins/contract'
import type { Clock } from '../../client/clock.ts'
import type { Debug } from '../debug.ts'
import type { LiveAttempts } from '../job/live-attempts.ts'
import type { Credit } from './credit.ts'
import type { SocketLink } from './socket-link.ts'

/** An attempt that took longer ends the taking ahead: another worker might start the job sooner. */
export const shortMs = 20
/** So many short attempts, one after the other, are needed before offers are taken ahead. */
export const shortInARow = 16
/** Offers go back when no slot was free for the first of them in this time. Well under `limits.offer_ms`. */
export const heldMs = 100

export interface IntakePorts {
  readonly clock: Clock
  readonly slots: Pick<LiveAttempts, 'limit' | 'free' | 'admit'>
  /** Told when the number of offers that can be taken may have changed. */
  readonly credit: Pick<Credit, 'closed' | 'changed'>
  readonly run: (offer: Offer, release: () => void) => void
  readonly link: () => SocketLink | undefined
  readonly debug: Debug
}

export class Intake {
  readonly #ports: IntakePorts
  readonly #ahead: Offer[] = []
  #short = 0
  /** When the first of them became the first, by the worker's clock. */
  #since = 0
  #cancel: (() => void) | undefined

  constructor(ports: IntakePorts) {
    this.#ports = ports
  }

  /** How many offers can be taken over the socket now. */
  get room(): number {
    if (this.#ports.credit.closed) return 0
    const ahead = this.#short < shortInARow ? 0 : Math.max(0, this.#ports.slots.limit - this.#ahead.length)
    return Math.min(limits.claim_max, this.#ports.slots.free + ahead)
  }

  take(offer: Offer): void {
    const release = this.#ports.credit.closed ? undefined : this.#ports.slots.admit()
    if (release !== undefined) {
      this.#ports.credit.changed()
      this.#ports.run(offer, release)
    } else if (this.room > 0) {
      if (this.#ahead.push(offer) === 1) this.#since = this.#ports.clock.now()
      this.#ports.credit.changed()
      this.#cancel ??= this.#ports.clock.after(heldMs, () => this.#lookAtTime())
    } else {
      this.#ports.debug(`offer of job ${offer.job.id} declined: no free slot`)
      this.#decline(offer)
    }
  }

  /** An attempt has ended after so many milliseconds in its slot. */
  ended(ms: number): void {
    if (ms > shortMs) this.giveBack()
    else this.#short += 1
  }

  /** A slot may be free, or none may be used any more. */
  look(): void {
    if (this.#ports.credit.closed) this.giveBack()
    while (this.#ahead.length > 0) {
      const release = this.#ports.slots.admit()
      const offer = release === undefined ? undefined : this.#ahead.shift()
      if (release === undefined || offer === undefined) break
      this.#since = this.#ports.clock.now()
      this.#ports.run(offer, release)
    }
    this.#ports.credit.changed()
  }

  /** What was taken ahead is anybody's again, and no more is taken before jobs are short again. */
  giveBack(): void {
    this.#short = 0
    const offers = this.#ahead.splice(0)
    for (const offer of offers) this.#decline(offer)
    if (offers.length > 0) this.#ports.credit.changed()
  }

  /** The connection has ended, and with it what was offered over it. */
  forget(): void {
    this.#ahead.length = 0
  }

  #lookAtTime(): void {
    this.#cancel = undefined
    if (this.#ahead.length === 0) return
    const left = this.#since + heldMs - this.#ports.clock.now()
    if (left <= 0) this.giveBack()
    else this.#cancel = this.#ports.clock.after(left, () => this.#lookAtTime())
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
