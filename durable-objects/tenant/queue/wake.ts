/**
 * Responsible for waking workers that may take new work: a worker on a socket is offered what it has room for, a held poll is answered when
 * there is something for it. Runs after a commit; losing it costs latency, never correctness.
 */
import { systemCaller } from '../kernel/context.ts'
import type { CommandContext, ReadContext } from '../kernel/context.ts'
import type { Host } from '../kernel/host.ts'
import { choose, holdRefused, makeOffer, refusedTo } from './offers.ts'

/** Whom to look after once the effects of a commit have been performed: the same worker and the same pool once, not once for each job. */
export class WakeQueue {
  readonly #pools = new Set<number>()
  readonly #workers = new Set<string>()

  addPool(pool: number): void {
    this.#pools.add(pool)
  }

  addWorker(workerId: string): void {
    this.#workers.add(workerId)
  }

  /** Empties it first: looking after somebody runs commands, which ask for more. */
  flush(host: Host): void {
    const workers = [...this.#workers]
    const pools = [...this.#pools]
    this.#workers.clear()
    this.#pools.clear()
    if (workers.length === 0 && pools.length === 0) return
    const ctx = host.read()
    for (const worker of workers) feed(host, ctx, worker)
    for (const pool of pools) wake(host, ctx, pool)
  }
}

/** A worker takes no more work: what waits for it is anybody's who may do it. */
export function wakePoolsOf(ctx: CommandContext, workerId: string): void {
  for (const pool of ctx.live.occupied) if (ctx.store.pools.get(pool)?.worker_id === workerId) ctx.after({ kind: 'wake', pool })
}

/** Looks at every pool anew: somebody who was woken for work may have left some. */
export function wakeAll(host: Host): void {
  const ctx = host.read()
  for (const pool of ctx.live.occupied) wake(host, ctx, pool)
}

/** Offers a worker what it has room for; a held poll is answered when there is something for it, and chooses for itself: true when one was. */
function feed(host: Host, ctx: ReadContext, workerId: string): boolean {
  const { waiters } = ctx.live
  const worker = ctx.store.workers.get(workerId)
  if (worker === undefined) return false
  const credit = ctx.live.sockets.credit(workerId)
  const connected = ctx.live.sockets.ofWorker(workerId) !== undefined
  const refused = refusedTo(ctx, worker)
  if (!connected || credit < 1) {
    const useful = waiters.isWaiting(workerId) && (refused.length > 0 || choose(ctx, worker, 1).length > 0)
    return useful && waiters.wake(workerId)
  }
  if (refused.length > 0) host.run(systemCaller, (command) => (holdRefused(command, worker, refused), []))
  const choices = choose(ctx, worker, credit)
  if (choices.length === 0) return false
  ctx.live.sockets.setCredit(workerId, credit - choices.length)
  const frames = choices.map((choice) => ({ type: 'offer' as const, ...makeOffer(ctx, worker, choice) }))
  host.perform([{ kind: 'push', worker_id: workerId, frames }])
  return false
}

/**
 * The assigned worker first; then whoever has room and may, best first, while something is left. A worker that let an offer lapse comes
 * last: its polls may all be of connections that died, and each of them would hold the job for another five seconds. One poll is woken
 * for one job; what it leaves is looked at again once it has chosen (`wakeAll`).
 */
function wake(host: Host, ctx: ReadContext, poolId: number): void {
  const pool = ctx.store.pools.get(poolId)
  if (pool === undefined || !ctx.live.occupied.has(poolId)) return
  let woken = 0
  const left = (): boolean => ctx.store.jobs.headsExcept(poolId, woken + 1, ctx.live.leases.offersIn(poolId)).length > woken
  const silent = (id: string): boolean => ctx.live.presence.of(id).silent_offers > 0
  const first = pool.worker_id === null || silent(pool.worker_id) ? undefined : pool.worker_id
  if (first !== undefined) {
    if (feed(host, ctx, first)) woken += 1
    if (!left()) return
  }
  const { sockets, waiters, roster } = ctx.live
  if (sockets.free.size === 0 && !waiters.isAnybody()) return
  const asked = new Set(first === undefined ? [] : [first])
  const hasRoom = (id: string): boolean => (sockets.free.has(id) || waiters.isWaiting(id)) && !asked.has(id)
  for (const turn of [(id: string) => !silent(id), silent]) {
    for (const { worker_id } of roster.candidates(ctx, pool.wants, (id) => hasRoom(id) && turn(id))) {
      asked.add(worker_id)
      if (feed(host, ctx, worker_id)) woken += 1
      if (!left()) return
    }
  }
}
