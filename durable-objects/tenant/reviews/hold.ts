/** Responsible for the hold `review`: implements the queue's hold interface with the gate and clearance of reviews. */
import type { JobRecord } from '../../../src/domain/job/job-machine.ts'
import { recordGrantUse } from '../../../src/domain/review/grant.ts'
import { reviewedJob } from '../../../src/domain/review/review-payload.ts'
import { declared } from '../../../src/domain/review/risk.ts'
import type { CommandContext, ReadContext } from '../kernel/context.ts'
import type { Hold, HoldTrigger, Refuses, Spent } from '../queue/hold.ts'
import type { Pool } from '../queue/pool-store.ts'
import type { WorkerRecord } from '../queue/workforce/worker-store.ts'
import { clearanceOf, isReleased } from './clearance.ts'
import { requestReview, holdIfReviewNeeded, mayStartElsewhere } from './gate.ts'
import { digestOf, spendReview } from './review-log.ts'

function before(ctx: CommandContext, job: JobRecord, trigger: HoldTrigger): JobRecord {
  if (trigger.kind === 'refused') return askForWorker(ctx, job, trigger.worker)
  const { was } = trigger
  // A job that needed a release before needs one again, on any worker. A job that was never held depends on its worker's tier only.
  const strict = was === null || was.review_id !== null
  const moved = was?.status === 'pending' && (was.spec.pinned !== job.spec.pinned || was.worker_id !== job.worker_id)
  return holdIfReviewNeeded(ctx, job, strict, moved)
}

function askForWorker(ctx: CommandContext, job: JobRecord, worker: WorkerRecord): JobRecord {
  const clearance = clearanceOf(ctx, job, worker)
  if (clearance.kind !== 'ask' || (!clearance.broken && mayStartElsewhere(ctx, job, worker.worker_id))) return job
  return requestReview(ctx, job, clearance.gate, clearance.why)
}

function clear(ctx: ReadContext, job: JobRecord, worker: WorkerRecord): ReturnType<Hold['clear']> {
  const clearance = clearanceOf(ctx, job, worker)
  if (clearance.kind !== 'ask') return { kind: 'pass' }
  const { broken, why } = clearance
  return {
    kind: 'refused',
    why: `needs a decision first: ${why}`,
    staysQueued: () => !broken && mayStartElsewhere(ctx, job, worker.worker_id),
  }
}

/** Spends the approval or grant that allowed the start. Starts under the tier `audit` are added to the list of actions to look at. */
function spend(ctx: CommandContext, running: JobRecord, worker: WorkerRecord): Spent {
  const pass = clearanceOf(ctx, running, worker)
  // Clearance was checked earlier in the same transaction: a start without it is a bug, and must not run anything.
  if (pass.kind !== 'pass') throw new Error(`Job ${running.id} was started without clearance`)
  const { review, grant, tier } = pass
  const { capability } = running.spec
  if (review !== null) spendReview(ctx, review, `job ${running.id} attempt ${running.attempt}/${running.nonce ?? ''}`)
  if (grant !== null) ctx.store.grants.save(recordGrantUse(grant))
  const digest = tier === null ? null : (review?.digest ?? digestOf(ctx, reviewedJob(running.spec, [])))
  const about = { job_id: running.id, worker_id: worker.worker_id, capability, digest }
  return {
    risk_tier: tier,
    digest,
    note: `${review === null ? '' : `, review ${review.id}`}${grant === null ? '' : `, grant ${grant.grant_id}`}`,
    ...(tier === 'audit'
      ? { recorded: (seq, summary) => ctx.store.grants.flag({ seq, at: ctx.at, action: 'job.start', ...about, summary }) }
      : {}),
  }
}

/** Approved jobs have their own pools, so that a long queue of unapproved jobs does not hide them. */
function refuses(pool: Pool, worker: WorkerRecord): Refuses {
  const { capability } = pool.wants
  const tier = capability === null ? null : (declared(worker.capabilities, capability)?.risk_tier ?? null)
  if (tier === 'approve') return pool.released === true ? 'some' : 'all'
  return tier === 'session' || pool.released === true ? 'some' : 'none'
}

export const reviewHold: Hold = { reason: 'review', before, clear, spend, pools: { released: isReleased, refuses } }
