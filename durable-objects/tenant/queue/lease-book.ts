/**
 * Responsible for offers and leases, which live in memory: an offer is valid for five seconds, a lease is renewed by heartbeats. Job rows say who
 * runs what (worker, attempt, nonce); this says until when the server believes it.
 */
import { equalInConstantTime } from '../../../src/domain/access/token.ts'
import { ChangedIds } from '../kernel/changed-ids.ts'

export interface Lease {
  readonly job_id: number
  readonly worker_id: string
  readonly attempt: number
  /** Claimed by id: renewed by any sign of life of the worker, and long enough for a silent handler. */
  readonly long: boolean
  /** Held by a person: the room work/ decides when it ends. */
  readonly person?: boolean
  /** The job was assigned to nobody: other workers that asked for it may be told that it is taken. */
  readonly open?: boolean
  expires_at: number
}

export interface LiveOffer {
  readonly job_id: number
  readonly worker_id: string
  readonly pool: number
  readonly nonce: string
  readonly expires_at: number
}

const none: ReadonlySet<number> = new Set()

/** Most voided offers that are remembered. An offer lapses within seconds, so older ones need not be kept. */
const voidsKept = 10_000

export class LeaseBook {
  readonly #leases = new Map<number, Lease>()
  readonly #byWorker = new Map<string, Set<number>>()
  /** Number of leases of each worker that are not long. */
  readonly #short = new Map<string, number>()
  readonly #personal = new Set<number>()
  readonly #offers = new Map<number, LiveOffer>()
  /** The newest token of each offered or running job: a token that equals it needs no computed MAC. */
  readonly #issued = new Map<number, string>()
  readonly #offersByPool = new Map<number, Set<number>>()
  readonly #offersByWorker = new Map<string, Set<number>>()
  readonly #void = new Set<string>()
  /** Workers that hold leases and may have no socket to renew them. */
  readonly #doubted = new Set<string>()
  /** Ids of workers whose leases have changed. */
  readonly changed = new ChangedIds()

  lease(jobId: number): Lease | undefined {
    return this.#leases.get(jobId)
  }

  all(): Iterable<Lease> {
    return this.#leases.values()
  }

  grant(lease: Lease): void {
    this.#drop(lease.job_id)
    this.#leases.set(lease.job_id, lease)
    if (lease.person === true) this.#personal.add(lease.job_id)
    if (!lease.long) this.#short.set(lease.worker_id, (this.#short.get(lease.worker_id) ?? 0) + 1)
    if (!lease.long) this.#doubted.add(lease.worker_id)
    this.changed.add(lease.worker_id)
    const held = this.#byWorker.get(lease.worker_id)
    if (held === undefined) this.#byWorker.set(lease.worker_id, new Set([lease.job_id]))
    else held.add(lease.job_id)
  }

  release(jobId: number): void {
    this.#issued.delete(jobId)
    this.#drop(jobId)
  }

  #drop(jobId: number): void {
    const lease = this.#leases.get(jobId)
    if (lease === undefined) return
    this.#leases.delete(jobId)
    this.changed.add(lease.worker_id)
    this.#personal.delete(jobId)
    this.#byWorker.get(lease.worker_id)?.delete(jobId)
    const short = lease.long ? undefined : this.#short.get(lease.worker_id)
    if (short === 1) this.#short.delete(lease.worker_id)
    else if (short !== undefined) this.#short.set(lease.worker_id, short - 1)
  }

  /** Whether some worker holds leases that only its own signs of life renew, and has no socket. Only the few in `#doubted` are checked. */
  renewsUnheard(isConnected: (workerId: string) => boolean): boolean {
    for (const worker of this.#doubted) {
      if (this.#short.has(worker) && !isConnected(worker)) return true
      this.#doubted.delete(worker)
    }
    return false
  }

  /** Called when the worker's socket is gone. */
  doubt(workerId: string): void {
    this.#doubted.add(workerId)
  }

  /** Ids of jobs in the hands of people: few compared with all running jobs. */
  personal(): Iterable<number> {
    return this.#personal
  }

  /** Leases of one worker. */
  heldBy(workerId: string): readonly Lease[] {
    return [...(this.#byWorker.get(workerId) ?? [])].flatMap((id) => this.#leases.get(id) ?? [])
  }

  running(workerId: string): number {
    return this.#byWorker.get(workerId)?.size ?? 0
  }

  leases(): IterableIterator<Lease> {
    return this.#leases.values()
  }

  issue(jobId: number, token: string): void {
    this.#issued.set(jobId, token)
  }

  /** True when this object itself issued exactly this token recently. False proves nothing. */
  wasIssued(jobId: number, token: string): boolean {
    const issued = this.#issued.get(jobId)
    return issued !== undefined && equalInConstantTime(issued, token)
  }

  offer(jobId: number): LiveOffer | undefined {
    return this.#offers.get(jobId)
  }

  makeOffer(offer: LiveOffer): void {
    this.dropOffer(offer.job_id)
    this.#offers.set(offer.job_id, offer)
    const offered = this.#offersByPool.get(offer.pool)
    if (offered === undefined) this.#offersByPool.set(offer.pool, new Set([offer.job_id]))
    else offered.add(offer.job_id)
    const theirs = this.#offersByWorker.get(offer.worker_id)
    if (theirs === undefined) this.#offersByWorker.set(offer.worker_id, new Set([offer.job_id]))
    else theirs.add(offer.job_id)
  }

  dropOffer(jobId: number): LiveOffer | undefined {
    const offer = this.#offers.get(jobId)
    if (offer === undefined) return undefined
    this.#offers.delete(jobId)
    const offered = this.#offersByPool.get(offer.pool)
    offered?.delete(jobId)
    if (offered?.size === 0) this.#offersByPool.delete(offer.pool)
    const theirs = this.#offersByWorker.get(offer.worker_id)
    theirs?.delete(jobId)
    if (theirs?.size === 0) this.#offersByWorker.delete(offer.worker_id)
    return offer
  }

  /** Ids of the jobs of a pool that are on offer, so that a claim skips them. */
  offersIn(pool: number): ReadonlySet<number> {
    return this.#offersByPool.get(pool) ?? none
  }

  offersTo(workerId: string): number {
    return this.#offersByWorker.get(workerId)?.size ?? 0
  }

  /** Offers to one worker. */
  offersOf(workerId: string): readonly LiveOffer[] {
    return [...(this.#offersByWorker.get(workerId) ?? [])].flatMap((id) => this.#offers.get(id) ?? [])
  }

  offers(): IterableIterator<LiveOffer> {
    return this.#offers.values()
  }

  /** Voids the worker's offers: their attempts cannot start any more, although the tokens have not expired. */
  voidOffersTo(workerId: string): readonly LiveOffer[] {
    const dropped = this.dropOffersTo(workerId)
    if (this.#void.size > voidsKept) this.#void.clear()
    for (const offer of dropped) this.#void.add(offer.nonce)
    return dropped
  }

  isVoid(nonce: string): boolean {
    return this.#void.has(nonce)
  }

  /** Drops all offers to a worker that is revoked or stopped. */
  dropOffersTo(workerId: string): readonly LiveOffer[] {
    const dropped = this.offersOf(workerId)
    for (const offer of dropped) this.dropOffer(offer.job_id)
    return dropped
  }
}
