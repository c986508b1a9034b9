/**
 * Responsible for getting "started" and "this is how it ended" to the server: over the socket when there is one, else over HTTP, else again later
 * from the outbox.
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
  /** The socket, while there is an open one. */
  readonly link: () => SocketLink | undefined
  /** Who the server says this worker is. */
  readonly worker: () => { readonly worker_id: string; readonly name: string } | undefined
  readonly onTrouble: (type: string, error: unknown) => void
  readonly debug: Debug
}

/** What began: the token to carry from now on, and until when the lease holds without renewal. */
export interface Started {
  readonly token: string
  readonly attempt: number
  readonly job: Job
}

interface Sent {
  /** Not to be had now: it stays in the outbox. */
  readonly later: boolean
  /** Why the attempt did not end as it was said. */
  readonly instead: ClassifiedError | undefined
}
const taken: Sent = { later: false, instead: undefined }
const later: Sent = { later: true, instead: undefined }

/** An attempt that runs has none, whatever the one before it left. */
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

/** So many times in a row are no accident. */
const timesTooLarge = 5
const redelivery = { baseMs: 1_000, capMs: 30_000 }
/** A larger message would hold up the frames behind it. */
const socketBytes = limits.result_inline_bytes

export class Delivery {
  /** Aborted when the worker goes down: no more waiting between tries. */
  readonly giveUp = new AbortController()
  readonly #ports: DeliveryPorts
  readonly #underWay = new Map<string, Promise<Sent>>()
  /** How often in a row something in between said that a settlement is too large for it. */
  readonly #tooLarge = new Map<string, number>()
  #pass: Promise<boolean> | undefined
  #redelivering: Promise<void> | undefined

  constructor(ports: DeliveryPorts) {
    this.#ports = ports
  }

  /**
   * Begins the attempt; rejects when the offer has lapsed or nobody can be reached in time. The lease is kept until the caller drops it, whose
   * attempt holds it from then on.
   */
  async start(offer: Offer): Promise<Started> {
    // A reconnect in between must name this lease: the server may have begun it already.
    const lease = { job_id: offer.job.id, attempt: offer.lease.attempt }
    this.#ports.liveAttempts.keepLease(lease)
    try {
      return await this.#begin(offer)
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
        // The frame may have arrived: asking again with the same token begins nothing twice.
        this.#ports.debug(`start of job ${offer.job.id} goes over HTTP: ${error.message}`)
      }
    }
    const reply = await this.#ports.client.claims.start({ job_id: offer.job.id }, { token: offer.lease.token, timeoutMs: limits.offer_ms })
    return { token: reply.lease.token, attempt: reply.lease.attempt, job: reply.job }
  }

  /** The job as HTTP would answer it: over the socket only the number of the attempt comes back, and the offer shows a job that waits. */
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
   * Says how the attempt ended; answers why it did not end so when the server would not have it. Never rejects: what cannot be
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

  /** One call at a time per entry: the server would not mind a second one, but it costs. */
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

  /** An attempt must not go on forever for words that nobody takes: it is said in plainer ones, as long as there are any. */
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

  /** A proxy that lets no body of this size through says so every time; one that is only disturbed says other things in between. */
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
      // A full disk must not lose a result that can still be delivered.
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
