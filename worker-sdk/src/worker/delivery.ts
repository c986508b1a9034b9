/**
 * Responsible for getting "started" and "this is how it ended" to the server: over the socket when there is one, else over HTTP,
 * else again later from the outbox. It knows no handler.
 */
import { byteLength, limits, type Job, type Offer } from '@modelreins/contract'
import { fullJitter } from '../client/backoff.ts'
import type { Client } from '../client/client.ts'
import { pause, type Clock } from '../client/clock.ts'
import { ModelReinsError } from '../client/error.ts'
import { mayPass } from '../client/retry.ts'
import type { Debug } from './debug.ts'
import type { Outbox, Settlement } from './outbox.ts'
import type { LiveLease, Roster } from './roster.ts'
import type { SocketLink } from './socket-link.ts'

export interface DeliveryPorts {
  readonly client: Client
  readonly clock: Clock
  readonly outbox: Outbox
  readonly roster: Roster
  /** The socket, while there is an open one. */
  readonly link: () => SocketLink | undefined
  readonly onTrouble: (type: string, error: unknown) => void
  readonly debug: Debug
}

/** What began: the token to carry from now on, and until when the lease holds without renewal. */
export interface Started {
  readonly token: string
  readonly attempt: number
  readonly job: Job
}

const redelivery = { baseMs: 1_000, capMs: 30_000 }
/** A larger message would hold up the frames behind it. */
const socketBytes = limits.result_inline_bytes

export class Delivery {
  /** Aborted when the worker goes down: no more waiting between tries. */
  readonly giveUp = new AbortController()
  readonly #ports: DeliveryPorts
  readonly #underWay = new Map<string, Promise<boolean>>()
  #pass: Promise<boolean> | undefined
  #redelivering: Promise<void> | undefined

  constructor(ports: DeliveryPorts) {
    this.#ports = ports
  }

  /** Begins the attempt; rejects when the offer has lapsed or nobody can be reached in time. */
  async start(offer: Offer): Promise<Started> {
    // A reconnect in between must name this lease: the server may have begun it already.
    const lease = { job_id: offer.job.id, attempt: offer.lease.attempt }
    this.#ports.roster.keepLease(lease)
    try {
      return await this.#begin(offer)
    } finally {
      this.#ports.roster.dropLease(lease)
    }
  }

  async #begin(offer: Offer): Promise<Started> {
    const begun = { token: offer.lease.token, attempt: offer.lease.attempt, job: offer.job }
    const link = this.#ports.link()
    if (link !== undefined) {
      try {
        const reply = await link.request({ type: 'start', token: offer.lease.token })
        return reply.type === 'started' ? { ...begun, attempt: reply.attempt } : begun
      } catch (error) {
        if (!mayPass(error)) throw error
        // The frame may have arrived: asking again with the same token begins nothing twice.
        this.#ports.debug(`start of job ${offer.job.id} goes over HTTP: ${error.message}`)
      }
    }
    const reply = await this.#ports.client.claims.start({ job_id: offer.job.id }, { token: offer.lease.token, timeoutMs: limits.offer_ms })
    return { token: reply.lease.token, attempt: reply.lease.attempt, job: reply.job }
  }

  /** Says how the attempt ended. Never rejects: what cannot be delivered now is delivered later, once. */
  async settle(entry: Settlement): Promise<void> {
    const lease = { job_id: entry.body.job_id, attempt: entry.attempt }
    this.#ports.roster.keepLease(lease)
    this.#keep(entry)
    const link = this.#ports.link()
    if (link !== undefined && sizeOf(entry) <= socketBytes) {
      try {
        await link.request(
          entry.kind === 'complete'
            ? { type: 'complete', token: entry.token, ...entry.body }
            : { type: 'fail', token: entry.token, ...entry.body },
        )
        this.#done(entry, lease)
        return
      } catch (error) {
        if (!mayPass(error)) {
          this.#refused(entry, lease, error)
          return
        }
      }
    }
    if (!(await this.#deliver(entry, lease))) void this.redeliver()
  }

  /** Delivers what is left, oldest first, until nothing is. Called on every new connection, too. */
  redeliver(): Promise<void> {
    this.#redelivering ??= this.#untilEmpty().finally(() => {
      this.#redelivering = undefined
    })
    return this.#redelivering
  }

  /** Tries everything that is left once. True: nothing is left. */
  redeliverOnce(): Promise<boolean> {
    this.#pass ??= this.#tryAll().finally(() => {
      this.#pass = undefined
    })
    return this.#pass
  }

  async #tryAll(): Promise<boolean> {
    let left = false
    for (const entry of this.#ports.outbox.entries()) {
      const lease = { job_id: entry.body.job_id, attempt: entry.attempt }
      if (!(await this.#deliver(entry, lease))) left = true
    }
    return !left
  }

  async #untilEmpty(): Promise<void> {
    for (let attempt = 0; !this.giveUp.signal.aborted; attempt += 1) {
      if (await this.redeliverOnce()) return
      await pause(this.#ports.clock, fullJitter(redelivery, attempt, this.#ports.clock), this.giveUp.signal)
    }
  }

  /** False: not now. One call at a time per entry: the server would not mind a second one, but it costs. */
  #deliver(entry: Settlement, lease: LiveLease): Promise<boolean> {
    const call = this.#underWay.get(entry.token) ?? this.#send(entry, lease).finally(() => this.#underWay.delete(entry.token))
    this.#underWay.set(entry.token, call)
    return call
  }

  async #send(entry: Settlement, lease: LiveLease): Promise<boolean> {
    try {
      const options = { token: entry.token, retry: false, signal: this.giveUp.signal }
      if (entry.kind === 'complete') await this.#ports.client.claims.complete(entry.body, options)
      else await this.#ports.client.claims.fail(entry.body, options)
      this.#done(entry, lease)
      return true
    } catch (error) {
      if (mayPass(error) || this.giveUp.signal.aborted) {
        this.#ports.debug(`job ${entry.body.job_id} stays in the outbox: ${error instanceof Error ? error.message : String(error)}`)
        return false
      }
      this.#refused(entry, lease, error)
      return true
    }
  }

  #keep(entry: Settlement): void {
    try {
      this.#ports.outbox.put(entry)
    } catch (error) {
      // A full disk must not lose a result that can still be delivered.
      this.#ports.onTrouble('outbox', error)
    }
  }

  #done(entry: Settlement, lease: LiveLease): void {
    this.#ports.roster.dropLease(lease)
    try {
      this.#ports.outbox.remove(entry)
    } catch (error) {
      this.#ports.onTrouble('outbox', error)
    }
  }

  #refused(entry: Settlement, lease: LiveLease, error: unknown): void {
    this.#done(entry, lease)
    this.#ports.onTrouble('completion', error)
    // The attempt must not end as lost for a result that nobody will take: it ends with the reason.
    if (entry.kind === 'complete' && error instanceof ModelReinsError && error.code === 'too-large') {
      const message = 'The result is too large to be sent: upload it as an artifact'
      const body = { job_id: entry.body.job_id, error: { type: 'unknown', message, retryable: false } }
      void this.settle({ kind: 'fail', token: entry.token, attempt: entry.attempt, body })
    }
  }
}

const sizeOf = (entry: Settlement): number =>
  byteLength(entry.body.tail?.text ?? '') + byteLength(entry.kind === 'complete' ? (entry.body.result ?? '') : entry.body.error.message)
