/**
 * Responsible for one attempt that is started before there is a slot for it: it waits for one, is given back unbegun, or ends when the server says
 * so. What runs in the slot is an ordinary attempt.
 */
import type { Offer } from '@modelreins/contract'
import type { Started } from '../delivery/delivery.ts'
import { runStarted, type AttemptPorts } from './attempt.ts'
import { endsForGood, type AttemptStopped } from './executor.ts'
import type { BeginningAttempt, LiveLease } from './live-attempts.ts'

/** The deadline of an attempt counts from its start: one of this many milliseconds can lose a tenth of a second. */
const timeoutFromS = 10

/**
 * Whether a job can be started before there is a slot, and be given back as if nothing had been: it spends no decision, key or rate, leaves no
 * earlier attempt behind, and is tried again should this machine be lost.
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
  /** When the server's word came that it has started, by the worker's clock; undefined before. */
  startedAt: number | undefined

  /** `onGone`: there is nothing left to wait for a slot. */
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

  /** It has this slot, and begins as soon as it has started. */
  begin(release: () => void): void {
    this.#release = release
    if (this.#over) return release()
    this.#beginning.admitted()
    if (this.#started !== undefined) this.#run(this.#started, release)
  }

  /** It is anybody's again, as if it had never started. Not once it has a slot. */
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
      // Ended there while the word was on its way, and nothing runs here.
      if (why !== undefined && endsForGood(why)) this.#ports.onStopped(this.#lease)
    })
  }

  /** Somebody ends it: no handler is asked first. */
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
