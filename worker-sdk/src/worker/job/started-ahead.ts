/**
 * Responsible for one attempt that is started before there is a slot for it: it gets a slot, is given back before it begins, or ends when the server
 * says so. In the slot it runs like any other attempt.
 */
import type { Offer } from '@modelreins/contract'
import type { Started } from '../delivery/delivery.ts'
import { runStarted, type AttemptPorts } from './attempt.ts'
import { endsForGood, type AttemptStopped } from './executor.ts'
import type { BeginningAttempt, LiveLease } from './live-attempts.ts'

/**
 * The deadline of an attempt counts from its start, so an attempt with less time than this is not started ahead: waiting could use up a tenth of a
 * second.
 */
const timeoutFromS = 10

/**
 * Whether a job can be started before there is a slot and given back without a trace: it uses no decision, key or rate, has no earlier attempt, and
 * is retried if this machine is lost.
 */
export const canStartAhead = ({ job, lease }: Offer): boolean =>
  lease.attempt === 1 &&
  job.max_attempts > 1 &&
  job.capability === null &&
  job.review_id === null &&
  job.concurrency === undefined &&
  job.rate === undefined &&
  job.timeout >= timeoutFromS

export class StartedAhead {
  readonly #ports: AttemptPorts
  readonly #lease: LiveLease
  readonly #beginning: BeginningAttempt
  readonly #onGone: (gone: StartedAhead) => void
  #started: Started | undefined
  #release: (() => void) | undefined
  #returning = false
  #over = false
  /** When the server confirmed the start, by the worker's clock; undefined before. */
  startedAt: number | undefined

  /** `onGone`: called when the attempt no longer waits for a slot. */
  constructor(ports: AttemptPorts, offer: Offer, onGone: (gone: StartedAhead) => void) {
    this.#ports = ports
    this.#onGone = onGone
    this.#lease = { job_id: offer.job.id, attempt: offer.lease.attempt }
    this.#beginning = ports.liveAttempts.begin(this.#lease, (why) => this.#stopped(why))
    void this.#start(offer)
  }

  async #start(offer: Offer): Promise<void> {
    const { clock, delivery, debug } = this.#ports
    try {
      this.#started = await delivery.start(offer)
      this.startedAt = clock.now()
    } catch (error) {
      debug(`offer of job ${offer.job.id} not taken: ${error instanceof Error ? error.message : String(error)}`)
      this.#end()
      this.#release?.()
      return
    }
    const why = this.#beginning.stopped()
    if (this.#release !== undefined) this.#run(this.#started, this.#release)
    else if (why !== undefined) this.#stopped(why)
    else if (this.#returning) this.#giveBack(this.#started)
  }

  /** Gives it a slot. It begins as soon as its start is confirmed. */
  begin(release: () => void): void {
    this.#release = release
    if (this.#over) return release()
    this.#beginning.admitted()
    if (this.#started !== undefined) this.#run(this.#started, release)
  }

  /** Gives it back as if it had never started, so that any worker can take it. Has no effect once it has a slot. */
  giveBack(): void {
    this.#returning = true
    if (this.#started !== undefined) this.#giveBack(this.#started)
  }

  #run(started: Started, release: () => void): void {
    if (this.#over) return
    this.#over = true
    runStarted(this.#ports, started, this.#beginning, release)
  }

  #giveBack(started: Started): void {
    if (this.#over) return
    this.#over = true
    void this.#ports.delivery.handBack(started, this.#lease).then(() => {
      const why = this.#beginning.stopped()
      this.#beginning.over()
      // The server ended it while it was being given back, and nothing runs here.
      if (why !== undefined && endsForGood(why)) this.#ports.onStopped(this.#lease)
    })
  }

  /** Called when the attempt is stopped from outside. No handler runs yet, so it ends at once. */
  #stopped(why: AttemptStopped): void {
    if (this.#over || this.#release !== undefined || this.#started === undefined) return
    if (!endsForGood(why)) {
      this.#onGone(this)
      this.giveBack()
      return
    }
    this.#end()
    this.#ports.liveAttempts.dropLease(this.#lease)
    this.#ports.onStopped(this.#lease)
  }

  #end(): void {
    this.#over = true
    this.#beginning.over()
    this.#onGone(this)
  }
}
