/**
 * Responsible for waking workers that may take new work: a worker on a socket is sent offers for its free slots, a held poll is answered when there
 * is a job for it. Runs after a commit; if it is lost, jobs start later but none is lost.
 */
import { systemCaller } from '../kernel/context.ts'
import type { CommandContext, ReadContext } from '../kernel/context.ts'
import type { Host } from '../kernel/host.ts'
import { choose, holdRefused, makeOffer, refusedTo } from './offers.ts'

/** Workers and pools to check after the effects of a commit: each worker and pool once, not once for each job. */
export class WakeQueue {
  readonly #pools = new Set<number>()
  readonly #workers = new Set<string>()

  addPool(pool: number): void {
    this.#pools.add(pool)
  }

  addWorker(workerId: string): void {
    this.#workers.add(workerId)
  }

  /** The sets are emptied first: the commands that run here may add to them. */
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

/** The worker takes no more work: jobs that are assigned to it are offered to the other workers that may do them. */
export function wakePoolsOf(ctx: CommandContext, workerId: string): void {
  for (const pool of ctx.live.occupied) if (ctx.store.pools.get(pool)?.worker_id === workerId) ctx.after({ kind: 'wake', pool })
}

/** Checks every pool again: a worker that was woken may have left jobs. */
export function wakeAll(host: Host): void {
  const ctx = host.read()
  for (const pool of ctx.live.occupied) wake(host, ctx, pool)
}

/**
 * Sends a worker offers for its free slots, or answers its held poll, which then chooses for itself, when there is a job for it. True when a poll was
 * answered.
 */
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
 * Wakes the assigned worker first, then workers with room that may take the jobs, best first, while jobs are left. A worker that let an offer lapse
 * comes last: its polls may all belong to dead connections, and each would hold the job for another five seconds. Each job wakes one poll; what that
 * poll leaves is checked again after it has chosen (`wakeAll`).
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
