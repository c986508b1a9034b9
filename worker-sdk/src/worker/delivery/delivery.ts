/**
 * Responsible for reporting the start and the end of attempts to the server: over the socket when it is open, else over HTTP, else later from the
 * outbox.
 */
import { abortedIssue, byteLength, limits, type Job, type Offer } from '@modelreins/contract'
import { fullJitter } from '../../client/backoff.ts'
import type { Client } from '../../client/client.ts'
import { pause, type Clock } from '../../client/clock.ts'
import { ModelReinsError } from '../../client/error.ts'
import { mayHaveSucceeded, isTransient } from '../../client/retry.ts'
import type { ClassifiedError } from '../../errors.ts'
import type { Debug } from '../debug.ts'
import type { Outbox, Settlement } from './outbox.ts'
import { reduceSettlement } from './reduce-settlement.ts'
import type { LiveLease, LiveAttempts } from '../job/live-attempts.ts'
import type { SocketLink } from '../link/socket-link.ts'

export interface DeliveryPorts {
  readonly client: Client
  readonly clock: Clock
  readonly outbox: Outbox
  readonly liveAttempts: LiveAttempts
  /** The socket, if one is open. */
  readonly link: () => SocketLink | undefined
  /** The worker's identity, as the server states it. */
  readonly worker: () => { readonly worker_id: string; readonly name: string } | undefined
  readonly onTrouble: (type: string, error: unknown) => void
  readonly debug: Debug
}

/** A started attempt: the token for all further calls, and the time until which the lease is valid without renewal. */
export interface Started {
  readonly token: string
  readonly attempt: number
  readonly job: Job
}

interface Sent {
  /** It cannot be delivered now and stays in the outbox. */
  readonly later: boolean
  /** Why the attempt ended differently from what was reported. */
  readonly instead: ClassifiedError | undefined
}
const taken: Sent = { later: false, instead: undefined }
const later: Sent = { later: true, instead: undefined }

/** A running attempt has no outcome yet, whatever the previous attempt left. */
const emptyOutcome = {
  output: '',
  output_truncated: false,
  result: null,
  result_truncated: false,
  exit_code: null,
  usage: null,
  error: null,
} as const satisfies Partial<Job>

/** What somebody wanted is no trouble. */
const ofAborted = (error: unknown): boolean =>
  error instanceof ModelReinsError &&
  error.issues.some(({ path, message }) => path === abortedIssue.path && message === abortedIssue.message)

/** How many consecutive answers "too large" are needed before the settlement is reduced. */
const timesTooLarge = 5
const redelivery = { baseMs: 1_000, capMs: 30_000 }
/** A start that was answered later than this, because the process was suspended, is asked about again: its lease may have ended. */
const freshMs = limits.lease_ms / 2
/** A larger message would delay the frames after it. */
const socketBytes = limits.result_inline_bytes

export class Delivery {
  /** Aborted when the worker stops: no more waiting between tries. */
  readonly giveUp = new AbortController()
  readonly #ports: DeliveryPorts
  readonly #underWay = new Map<string, Promise<Sent>>()
  /** Consecutive answers from something in between that a settlement is too large. */
  readonly #tooLarge = new Map<string, number>()
  #pass: Promise<boolean> | undefined
  #redelivering: Promise<void> | undefined

  constructor(ports: DeliveryPorts) {
    this.#ports = ports
  }

  /**
   * Starts the attempt. Rejects when the offer has expired or the server cannot be reached in time. The lease is kept until the caller drops it; by
   * then the caller's attempt holds it.
   */
  async start(offer: Offer): Promise<Started> {
    // A hello after a reconnection must name this lease, because the server may have started it already.
    const lease = { job_id: offer.job.id, attempt: offer.lease.attempt }
    this.#ports.liveAttempts.keepLease(lease)
    try {
      for (;;) {
        const asked = this.#ports.clock.now()
        const started = await this.#begin(offer)
        if (this.#ports.clock.now() - asked < freshMs) return started
        this.#ports.debug(`start of job ${offer.job.id} is asked about again: its answer was read late`)
      }
    } catch (error) {
      this.#ports.liveAttempts.dropLease(lease)
      throw error
    }
  }

  async #begin(offer: Offer): Promise<Started> {
    const link = this.#ports.link()
    if (link !== undefined) {
      try {
        const reply = await link.request({ type: 'start', token: offer.lease.token })
        const attempt = reply.type === 'started' ? reply.attempt : offer.lease.attempt
        return { token: offer.lease.token, attempt, job: this.#running(offer.job, attempt) }
      } catch (error) {
        if (!isTransient(error)) throw error
        // The frame may have arrived. Repeating the start with the same token does not start the job twice.
        this.#ports.debug(`start of job ${offer.job.id} goes over HTTP: ${error.message}`)
      }
    }
    const reply = await this.#ports.client.claims.start({ job_id: offer.job.id }, { token: offer.lease.token, timeoutMs: limits.offer_ms })
    return { token: reply.lease.token, attempt: reply.lease.attempt, job: reply.job }
  }

  /** The job as HTTP would answer it: the socket only answers the number of the attempt, and the job in the offer is still waiting. */
  #running(job: Job, attempt: number): Job {
    const worker = this.#ports.worker()
    return {
      ...job,
      ...emptyOutcome,
      status: 'running',
      attempt,
      worker_id: worker?.worker_id ?? job.worker_id,
      assigned_to: worker?.name ?? job.assigned_to,
      retry_at: null,
      started_at: new Date(this.#ports.clock.now()).toISOString(),
    }
  }

  /**
   * Gives back what has started and not begun, which costs no attempt. Where the server does not take that, it ends as handed back, which costs
   * one. Never rejects.
   */
  async handBack(started: Started, lease: LiveLease): Promise<void> {
    const { liveAttempts, debug } = this.#ports
    const link = this.#ports.link()
    try {
      if (link?.takes('hand_back') !== true) throw new ModelReinsError('Nobody takes it back', { code: 'network' })
      await link.request({ type: 'hand_back', token: started.token })
      liveAttempts.dropLease(lease)
    } catch (error) {
      debug(`job ${lease.job_id} not handed back: ${error instanceof Error ? error.message : String(error)}`)
      if (error instanceof ModelReinsError && error.code === 'lease-lost') liveAttempts.dropLease(lease)
      else await this.settle(unbegun(started, lease))
    }
  }

  /**
   * Reports how the attempt ended. If the server rejects the report, answers why the attempt ended differently. Never rejects: what cannot be
   * delivered now is delivered later, once.
   */
  async settle(entry: Settlement): Promise<ClassifiedError | undefined> {
    this.#ports.liveAttempts.keepLease(leaseOf(entry))
    this.#keep(entry)
    const first = await this.#sendOnSocket(entry)
    const sent = first.later ? await this.#deliver(entry) : first
    if (sent.later) void this.redeliver()
    return sent.instead
  }

  async #sendOnSocket(entry: Settlement): Promise<Sent> {
    const link = this.#ports.link()
    if (link === undefined || sizeOf(entry) > socketBytes) return later
    try {
      await link.request(
        entry.kind === 'complete'
          ? { type: 'complete', token: entry.token, ...entry.body }
          : { type: 'fail', token: entry.token, ...entry.body },
      )
    } catch (error) {
      return isTransient(error) ? later : this.#refused(entry, error)
    }
    this.#done(entry)
    return taken
  }

  /** Delivers everything in the outbox, oldest first, until it is empty. Also called on every new connection. */
  redeliver(): Promise<void> {
    this.#redelivering ??= this.#untilEmpty().finally(() => {
      this.#redelivering = undefined
    })
    return this.#redelivering
  }

  /** Tries every entry of the outbox once. True: the outbox is empty. */
  redeliverOnce(): Promise<boolean> {
    this.#pass ??= this.#tryAll().finally(() => {
      this.#pass = undefined
    })
    return this.#pass
  }

  async #tryAll(): Promise<boolean> {
    let left = false
    for (const entry of this.#ports.outbox.entries()) {
      if ((await this.#deliver(entry)).later) left = true
    }
    return !left
  }

  async #untilEmpty(): Promise<void> {
    for (let attempt = 0; !this.giveUp.signal.aborted; attempt += 1) {
      if (await this.redeliverOnce()) return
      await pause(this.#ports.clock, fullJitter(redelivery, attempt, this.#ports.clock), this.giveUp.signal)
    }
  }

  /** One call at a time per entry. The server would accept a second one, but it costs a request. */
  #deliver(entry: Settlement): Promise<Sent> {
    const call = this.#underWay.get(entry.token) ?? this.#send(entry).finally(() => this.#underWay.delete(entry.token))
    this.#underWay.set(entry.token, call)
    return call
  }

  async #send(entry: Settlement): Promise<Sent> {
    try {
      const options = { token: entry.token, retry: false, signal: this.giveUp.signal }
      if (entry.kind === 'complete') await this.#ports.client.claims.complete(entry.body, options)
      else await this.#ports.client.claims.fail(entry.body, options)
    } catch (error) {
      if (this.#neverFits(entry, error))
        return this.#refused(entry, new ModelReinsError(error.message, { code: 'too-large', cause: error }))
      if (!mayHaveSucceeded(error) && !this.giveUp.signal.aborted) return this.#refused(entry, error)
      this.#ports.debug(`job ${entry.body.job_id} stays in the outbox: ${error instanceof Error ? error.message : String(error)}`)
      return later
    }
    this.#done(entry)
    return taken
  }

  /** A rejected report is replaced by simpler ones as long as there are any, so that the attempt does not stay open forever. */
  async #refused(entry: Settlement, error: unknown): Promise<Sent> {
    if (ofAborted(error)) {
      this.#done(entry)
      this.#ports.debug(`job ${entry.body.job_id} was aborted before its end arrived`)
      return { later: false, instead: { type: 'unknown', message: 'aborted: the job was aborted before this arrived', retryable: false } }
    }
    this.#ports.onTrouble('completion', error)
    const less = reduceSettlement(entry, error)
    if (less === undefined) {
      this.#done(entry)
      const message = `The server refused how the attempt ended: ${error instanceof Error ? error.message : String(error)}`
      return { later: false, instead: { type: 'unknown', message, retryable: false } }
    }
    this.#keep(less)
    const sent = await this.#send(less)
    if (entry.kind === 'fail' || less.kind === 'complete') return sent
    return { ...sent, instead: sent.instead ?? { type: 'unknown', message: less.body.error.message, retryable: false } }
  }

  /** A proxy with a size limit rejects the body every time; a proxy with a temporary problem gives other answers in between. */
  #neverFits(entry: Settlement, error: unknown): error is ModelReinsError {
    if (!(error instanceof ModelReinsError) || !error.foreign || error.status !== 413) {
      this.#tooLarge.delete(entry.token)
      return false
    }
    const times = (this.#tooLarge.get(entry.token) ?? 0) + 1
    this.#tooLarge.set(entry.token, times)
    return times >= timesTooLarge
  }

  #keep(entry: Settlement): void {
    try {
      this.#ports.outbox.put(entry)
    } catch (error) {
      // A full disk must not prevent the delivery of a result.
      this.#ports.onTrouble('outbox', error)
    }
  }

  #done(entry: Settlement): void {
    this.#tooLarge.delete(entry.token)
    this.#ports.liveAttempts.dropLease(leaseOf(entry))
    try {
      this.#ports.outbox.remove(entry)
    } catch (error) {
      this.#ports.onTrouble('outbox', error)
    }
  }
}

const unbegun = ({ token }: Started, { job_id, attempt }: LiveLease): Settlement => ({
  kind: 'fail',
  token,
  attempt,
  body: { job_id, error: { type: 'unknown', message: 'The worker gave it back before it had begun', retryable: true } },
})

const leaseOf = (entry: Settlement): LiveLease => ({ job_id: entry.body.job_id, attempt: entry.attempt })

const sizeOf = (entry: Settlement): number =>
  byteLength(entry.body.tail?.text ?? '') + byteLength(entry.kind === 'complete' ? (entry.body.result ?? '') : entry.body.error.message)
