/**
 * Responsible for choosing the queued jobs that a worker is offered next, for finding those that a hold refuses to it, and for the lease token of an
 * offer. Reads only the heads of pools, so the cost does not grow with the queue.
 */
import { leaseText, limits } from '@modelreins/contract'
import type { Offer } from '@modelreins/contract'
import { expiryOf, sizeOf } from '../../../src/domain/job/job-machine.ts'
import type { JobRecord } from '../../../src/domain/job/job-machine.ts'
import { mayClaim } from '../../../src/domain/killswitch.ts'
import { admitted } from '../../../src/domain/director/breaker.ts'
import { isReady, mayDo, requirementsOf } from '../../../src/domain/director/matching.ts'
import { sign } from '../../../src/domain/access/token.ts'
import { isoTime } from '../kernel/context.ts'
import type { CommandContext, ReadContext } from '../kernel/context.ts'
import { beforeQueue, clearanceOf, excluded, refusesOf } from './hold.ts'
import type { Refuses } from './hold.ts'
import { saveJob } from './save-job.ts'
import { showJob } from './job-view.ts'
import type { Head } from './pool-front.ts'
import type { Pool } from './pool-store.ts'
import type { WorkerRecord } from './workforce/worker-store.ts'
import { viewOf } from './workforce/worker-view.ts'

interface Source {
  readonly pool: Pool
  /** 0: assigned to this worker or to none. 1: assigned to another worker that is busy. Jobs with 0 go first, whatever their age. */
  readonly turn: 0 | 1
  readonly refuses: Refuses
}

/**
 * Whether, and in which turn, a job assigned to `assigned` may be offered to this worker. Undefined while its own worker is available and has room.
 */
function turnOf(ctx: ReadContext, worker: WorkerRecord, assigned: string | null): Source['turn'] | undefined {
  if (assigned === null || assigned === worker.worker_id) return 0
  const other = ctx.store.workers.get(assigned)
  // A job that is assigned to a person may go to any worker: whoever starts it first has it.
  if (other !== undefined && other.member_id !== null) return 0
  const view = other === undefined ? undefined : viewOf(ctx, other)
  // A worker that let an offer lapse may be a dead connection: jobs that it has not started may go to others, until it answers an offer.
  const silent = ctx.live.presence.of(assigned).silent_offers > 0
  if (silent || view === undefined || view.revoked || view.paused || !isReady(view)) return 0
  return view.running + ctx.live.leases.offersTo(view.worker_id) >= view.slots ? 1 : undefined
}

/** Whether the worker could be offered this queued job now, by the job's requirements and its assignment. */
export const isOpenTo = (ctx: ReadContext, worker: WorkerRecord, job: JobRecord): boolean =>
  turnOf(ctx, worker, job.worker_id) !== undefined && mayDo(requirementsOf(job.spec), viewOf(ctx, worker))

/** The pools that this worker may take jobs from now. */
function sources(ctx: ReadContext, worker: WorkerRecord): readonly Source[] {
  const view = viewOf(ctx, worker)
  const found: Source[] = []
  for (const id of ctx.live.occupied) {
    const pool = ctx.store.pools.get(id)
    if (pool === undefined || !mayDo(pool.wants, view)) continue
    const turn = turnOf(ctx, worker, pool.worker_id)
    if (turn !== undefined) found.push({ pool, turn, refuses: refusesOf(ctx, pool, worker) })
  }
  return found
}

export interface Choice {
  readonly job: JobRecord
  readonly pool: number
}

/** Additional heads to read in a pool where each job has its own decision: this worker may be refused some of them. */
const lookahead = 20

/** Most jobs that are read in one statement, and the average size in bytes up to which this is done. */
const readTogether = 20
const smallBytes = 8 * 1024

/** Up to `max` jobs for this worker, in the order in which it should get them. Jobs that it may not start are left out. */
export function choose(ctx: ReadContext, worker: WorkerRecord, max: number): readonly Choice[] {
  const view = viewOf(ctx, worker)
  const room = admitted(view.breaker, max, view.running + ctx.live.leases.offersTo(worker.worker_id))
  if (room < 1 || view.parked_until != null || view.stopping === true || !mayClaim(ctx.store.killswitch.state().level)) return []
  const heads: (Head & { readonly pool: number; readonly turn: number; readonly refuses: Refuses })[] = []
  for (const { pool, turn, refuses } of sources(ctx, worker)) {
    if (refuses === 'all') continue
    const offered = ctx.live.leases.offersIn(pool.id)
    const found = ctx.store.jobs.headsExcept(pool.id, refuses === 'some' ? room + lookahead : room, offered)
    if (found.length === 0 && offered.size === 0) ctx.live.occupied.delete(pool.id)
    for (const head of found) heads.push({ ...head, pool: pool.id, turn, refuses })
  }
  heads.sort((left, right) => left.turn - right.turn || left.rank - right.rank || left.id - right.id)
  const chosen: Choice[] = []
  let size = 0
  for (const [index, head] of heads.entries()) {
    if (chosen.length === room || size > limits.list_bytes) break
    // Read together only after the first jobs were small: twenty large jobs in one read would be too much.
    if (index % readTogether === 1 && size <= index * smallBytes)
      ctx.store.jobs.readAhead(heads.slice(index, index + Math.min(readTogether, room - chosen.length)).map(({ id }) => id))
    const job = ctx.store.jobs.get(head.id)
    // An expired job is left to the sweep, which also records it in the audit trail.
    if (job === undefined || expiryOf(job) <= ctx.at) continue
    if (head.refuses !== 'none' && clearanceOf(ctx, job, worker).kind !== 'pass') continue
    if (
      head.refuses !== 'none' &&
      excluded(
        ctx,
        worker,
        chosen.map((choice) => choice.job),
        job,
      )
    )
      continue
    size += sizeOf(job)
    chosen.push({ job, pool: head.pool })
  }
  return chosen
}

/** Most refused jobs that one check returns: each of them will need a person's attention. */
const refusedAtOnce = 20

/**
 * Jobs that this worker would be offered if no hold refused them. Jobs that another worker may start without a decision are left out. Cheap for
 * workers to which nothing is refused.
 */
export function refusedTo(ctx: ReadContext, worker: WorkerRecord): readonly JobRecord[] {
  const none = [...ctx.live.occupied].every((id) => {
    const pool = ctx.store.pools.get(id)
    return pool === undefined || refusesOf(ctx, pool, worker) === 'none'
  })
  if (none || !mayClaim(ctx.store.killswitch.state().level)) return []
  const found: JobRecord[] = []
  for (const { pool, turn, refuses } of sources(ctx, worker)) {
    if (refuses === 'none' || turn !== 0) continue
    const heads = ctx.store.jobs.heads(pool.id, refusedAtOnce)
    if (heads.length === 0) ctx.live.occupied.delete(pool.id)
    for (const head of heads) {
      const job = ctx.live.leases.offer(head.id) === undefined ? ctx.store.jobs.get(head.id) : undefined
      const clearance = job === undefined ? undefined : clearanceOf(ctx, job, worker)
      if (job === undefined || clearance?.kind !== 'refused') continue
      if (clearance.staysQueued()) break
      if (found.length === refusedAtOnce) return found
      found.push(job)
    }
  }
  return found
}

/** Holds the jobs that are refused to this worker, so that they do not stay in the queue without an event that moves them. */
export function holdRefused(ctx: CommandContext, worker: WorkerRecord, refused: readonly JobRecord[]): void {
  for (const job of refused) {
    const held = beforeQueue(ctx, job, { kind: 'refused', worker })
    if (held !== job) saveJob(ctx, held)
  }
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

/** Makes an offer: remembers it, and returns it in the shape of the contract. */
export function makeOffer(ctx: ReadContext, worker: WorkerRecord, choice: Choice): Offer {
  const nonce = ctx.randomText(10)
  const expires_at = ctx.at + limits.offer_ms
  const attempt = choice.job.attempt + 1
  ctx.live.due.hint(expires_at)
  ctx.live.leases.makeOffer({ job_id: choice.job.id, worker_id: worker.worker_id, pool: choice.pool, nonce, expires_at })
  const token = leaseToken(ctx, choice.job, { worker_id: worker.worker_id, attempt, nonce })
  ctx.live.leases.issue(choice.job.id, token)
  return { job: showJob(ctx, choice.job), lease: { token, attempt, expires_at: isoTime(expires_at) } }
}
