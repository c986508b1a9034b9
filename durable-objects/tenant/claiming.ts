/**
 * Responsible for choosing which queued jobs a worker is offered next, and for the lease token of an offer. Reads only heads
 * of pools, so its cost does not grow with the queue.
 */
import { leaseText, limits } from '@modelreins/contract'
import type { Offer } from '@modelreins/contract'
import { expiryOf } from '../../src/domain/job-machine.ts'
import type { JobRecord } from '../../src/domain/job-machine.ts'
import { mayClaim } from '../../src/domain/killswitch.ts'
import { isLive, mayDo } from '../../src/domain/matching.ts'
import { sign } from '../../src/domain/token.ts'
import { isoTime } from './context.ts'
import type { CommandContext } from './context.ts'
import { showJob } from './job-view.ts'
import type { Pool } from './store/pools.ts'
import type { WorkerRecord } from './store/workers.ts'
import { viewOf } from './workforce.ts'

/** What choosing needs of a context: it writes nothing. */
export type Choosing = Pick<CommandContext, 'at' | 'tenant' | 'store' | 'live' | 'key' | 'randomText'>

interface Source {
  readonly pool: Pool
  /** 0: its own, or nobody's; 1: another worker's, who is busy. Own work goes first, whatever its age. */
  readonly turn: 0 | 1
}

/** Pools this worker may take from now. */
function sources(ctx: Choosing, worker: WorkerRecord): readonly Source[] {
  const view = viewOf(ctx, worker)
  const found: Source[] = []
  for (const id of ctx.live.occupied) {
    const pool = ctx.store.pools.get(id)
    if (pool === undefined || !mayDo(pool.wants, view, ctx.at)) continue
    if (pool.worker_id === worker.worker_id || pool.worker_id === null) {
      found.push({ pool, turn: 0 })
      continue
    }
    const other = ctx.store.workers.get(pool.worker_id)
    const otherView = other === undefined ? undefined : viewOf(ctx, other)
    const gone = otherView === undefined || otherView.revoked || otherView.paused || !isLive(otherView.state) || otherView.state === 'deaf'
    if (gone) found.push({ pool, turn: 0 })
    else if (otherView.running + ctx.live.leases.offersTo(otherView.worker_id) >= otherView.slots) found.push({ pool, turn: 1 })
  }
  return found
}

export interface Choice {
  readonly job: JobRecord
  readonly pool: number
}

/** Up to `max` jobs for this worker, in the order it should have them. */
export function choose(ctx: Choosing, worker: WorkerRecord, max: number): readonly Choice[] {
  if (max < 1 || !mayClaim(ctx.store.meta.killswitch().level)) return []
  const heads: { readonly id: number; readonly rank: number; readonly pool: number; readonly turn: number }[] = []
  for (const { pool, turn } of sources(ctx, worker)) {
    const offered = ctx.live.leases.offersIn(pool.id)
    const found = ctx.store.jobs.headsExcept(pool.id, max, offered)
    if (found.length === 0 && offered.size === 0) ctx.live.occupied.delete(pool.id)
    for (const head of found) heads.push({ ...head, pool: pool.id, turn })
  }
  heads.sort((left, right) => left.turn - right.turn || left.rank - right.rank || left.id - right.id)
  const chosen: Choice[] = []
  for (const head of heads) {
    if (chosen.length === max) break
    const job = ctx.store.jobs.get(head.id)
    // An expired one is left to the sweep, which also says so in the audit trail.
    if (job !== undefined && expiryOf(job) > ctx.at) chosen.push({ job, pool: head.pool })
  }
  return chosen
}

/** The token that an attempt of this job by this worker would carry. */
export function leaseToken(
  ctx: Pick<CommandContext, 'at' | 'tenant' | 'key'>,
  job: JobRecord,
  about: { readonly worker_id: string; readonly attempt: number; readonly nonce: string },
): string {
  const expires_at = ctx.at + limits.offer_ms + job.spec.timeout_ms + limits.lease_token_slack_ms
  return sign(leaseText({ tenant: ctx.tenant, job_id: job.id, ...about, offered_at: ctx.at, expires_at }), ctx.key)
}

/** Makes an offer: remembers it, and spells it for the worker. */
export function makeOffer(ctx: Choosing, worker: WorkerRecord, choice: Choice): Offer {
  const nonce = ctx.randomText(10)
  const expires_at = ctx.at + limits.offer_ms
  const attempt = choice.job.attempt + 1
  ctx.live.due.hint(expires_at)
  ctx.live.leases.makeOffer({ job_id: choice.job.id, worker_id: worker.worker_id, pool: choice.pool, nonce, expires_at })
  const token = leaseToken(ctx, choice.job, { worker_id: worker.worker_id, attempt, nonce })
  return { job: showJob(ctx, choice.job), lease: { token, attempt, expires_at: isoTime(expires_at) } }
}
