/**
 * Responsible for what follows a commit: waking workers that may take new work, pushing frames, closing streams. Effects are
 * hints: losing one costs latency, never correctness.
 */
import { rank } from '../../../src/domain/director/director.ts'
import { unaskedOf } from '../reviews/missing-reviews.ts'
import { choose, makeOffer } from '../queue/offers.ts'
import type { Choosing, Unasked } from '../queue/offers.ts'
import type { Connections } from '../connections/sockets.ts'
import { setTimer } from './clock.ts'
import type { Effect } from './context.ts'
import { streamName } from '../../job-stream/gate.ts'
import type { JobStreamGate } from '../../job-stream/gate.ts'
import { viewOf } from '../workers/worker-view.ts'
import type { Topic, Waiters } from '../connections/waiters.ts'

export interface EffectParts {
  readonly choosing: (at: number) => Choosing
  /** Brings jobs before a human that only wait because nobody has asked one. */
  readonly ask: (found: readonly Unasked[]) => void
  /** Webhooks have something to send. */
  readonly deliver: () => void
  /** Bytes of artifacts are to leave R2. */
  readonly erase: (slugs: readonly string[]) => void
  readonly connections: Connections
  readonly waiters: Waiters
  readonly reviews: Topic
  readonly streams: DurableObjectNamespace
  readonly tenant: string
  readonly waitUntil: (promise: Promise<unknown>) => void
  readonly failed: (what: string, error: unknown) => void
}

/** How long a revocation waits for a stream to hear of it; the stream asks by itself soon after. */
const patienceMs = 2_000

export class Effects {
  readonly #parts: EffectParts
  readonly #telling = new Set<Promise<void>>()

  constructor(parts: EffectParts) {
    this.#parts = parts
  }

  perform(effects: readonly Effect[], at: number): void {
    const pools = new Set<number>()
    const workers = new Set<string>()
    for (const effect of effects) {
      switch (effect.kind) {
        case 'wake':
          pools.add(effect.pool)
          break
        case 'feed':
          workers.add(effect.worker_id)
          break
        case 'push':
          this.#parts.connections.push(effect.worker_id, effect.frame)
          break
        case 'broadcast':
          this.#parts.connections.broadcast(effect.frame)
          break
        case 'release_polls':
          this.#parts.waiters.wakeAll()
          break
        case 'disconnect':
          this.#parts.connections.disconnect(effect.worker_id, effect.code, effect.reason)
          break
        case 'close_stream':
          this.#closeStream(effect)
          break
        case 'distrust':
          this.#distrust(effect.member_id, effect.key)
          break
        case 'review':
          this.#parts.reviews.tell(effect.review_id)
          break
        case 'deliver':
          this.#parts.deliver()
          break
        case 'erase':
          this.#parts.erase(effect.slugs)
          break
      }
    }
    if (pools.size === 0 && workers.size === 0) return
    const choosing = this.#parts.choosing(at)
    for (const worker of workers) this.#feed(choosing, worker)
    for (const pool of pools) this.#wake(choosing, pool)
  }

  /** Looks at every pool anew: somebody who was woken for work may have left some. */
  rouse(at: number): void {
    const choosing = this.#parts.choosing(at)
    for (const pool of choosing.live.occupied) this.#wake(choosing, pool)
  }

  /** Offers a worker what it has room for; a held poll is answered when there is something for it, and chooses for itself: true when one was. */
  #feed(choosing: Choosing, workerId: string): boolean {
    const { connections, waiters } = this.#parts
    const worker = choosing.store.workers.get(workerId)
    if (worker === undefined) return false
    const credit = choosing.live.sockets.credit(workerId)
    const socket = choosing.live.sockets.ofWorker(workerId)
    const missing = unaskedOf(choosing, worker)
    if (socket === undefined || credit < 1) {
      const useful = waiters.isWaiting(workerId) && (missing.length > 0 || choose(choosing, worker, 1).length > 0)
      return useful && waiters.wake(workerId)
    }
    if (missing.length > 0) this.#parts.ask(missing)
    const choices = choose(choosing, worker, credit)
    if (choices.length === 0) return false
    choosing.live.sockets.setCredit(workerId, credit - choices.length)
    connections.send(
      socket,
      choices.map((choice) => ({ type: 'offer' as const, ...makeOffer(choosing, worker, choice) })),
    )
    return false
  }

  /**
   * The assigned worker first; then whoever has room and may, best first, while something is left. A worker that let an offer lapse comes
   * last: its polls may all be of connections that died, and each of them would hold the job for another five seconds. One poll is woken
   * for one job; what it leaves is looked at again once it has chosen (`rouse`).
   */
  #wake(choosing: Choosing, poolId: number): void {
    const pool = choosing.store.pools.get(poolId)
    if (pool === undefined || !choosing.live.occupied.has(poolId)) return
    let woken = 0
    const left = (): boolean => choosing.store.jobs.headsExcept(poolId, woken + 1, choosing.live.leases.offersIn(poolId)).length > woken
    const silent = (id: string): boolean => choosing.live.presence.of(id).silent_offers > 0
    const first = pool.worker_id === null || silent(pool.worker_id) ? undefined : pool.worker_id
    if (first !== undefined) {
      if (this.#feed(choosing, first)) woken += 1
      if (!left()) return
    }
    const free = [...choosing.live.sockets.workers()].filter((id) => choosing.live.sockets.credit(id) > 0)
    const candidates = [...new Set([...free, ...this.#parts.waiters.workers()])].flatMap((id) => {
      const worker = id === first ? undefined : choosing.store.workers.get(id)
      return worker === undefined ? [] : [viewOf(choosing, worker)]
    })
    const ranked = rank({ wants: pool.wants, effort: 'standard', thread_id: null }, candidates, choosing.at).filter((one) => one.eligible)
    for (const { worker } of ranked.toSorted(
      (one, other) => Number(silent(one.worker.worker_id)) - Number(silent(other.worker.worker_id)),
    )) {
      if (this.#feed(choosing, worker.worker_id)) woken += 1
      if (!left()) return
    }
  }

  /** Resolves when the streams have heard of rights that ended, or are not to be waited for any longer: a revocation holds once it is answered. */
  async told(): Promise<void> {
    if (this.#telling.size > 0) await Promise.all(this.#telling)
  }

  #distrust(memberId: string | undefined, key: string | undefined): void {
    const { watches, leases } = this.#parts.choosing(0).live
    const running = memberId === undefined ? [...leases.leases()].map((lease) => lease.job_id) : []
    const { streams, tenant } = this.#parts
    for (const jobId of new Set([...watches.jobsOf(memberId), ...running])) {
      const stub = streams.get(streams.idFromName(streamName(tenant, jobId))) as unknown as Pick<JobStreamGate, 'distrust'>
      const viewers = memberId === undefined ? {} : { viewers: watches.keysOf(jobId, memberId).filter((one) => one === (key ?? one)) }
      if (viewers.viewers?.length === 0) continue
      const told = new Promise<void>((resolve) => {
        const stop = setTimer(resolve, patienceMs)
        const telling = stub
          .distrust(viewers)
          .catch((error: unknown) => this.#parts.failed('stream.distrust', error))
          .finally(() => (stop(), resolve()))
        this.#parts.waitUntil(telling)
      })
      this.#telling.add(told)
      void told.then(() => this.#telling.delete(told))
    }
  }

  #closeStream(effect: Extract<Effect, { kind: 'close_stream' }>): void {
    const { streams, tenant } = this.#parts
    const stub = streams.get(streams.idFromName(streamName(tenant, effect.job_id))) as unknown as Pick<JobStreamGate, 'close'>
    const { kind: _, ...request } = effect
    if (request.end !== null) this.#parts.choosing(0).live.watches.forget(request.job_id)
    this.#parts.waitUntil(stub.close({ tenant, ...request }).catch((error: unknown) => this.#parts.failed('stream.close', error)))
  }
}
