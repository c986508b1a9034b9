/** Responsible for which review a job must wait for, and for opening it. Functions return the job as it should be; the caller writes it. */
import { isReady, mayDo, requirementsOf } from '../../../src/domain/director/matching.ts'
import { requestersOf } from '../../../src/domain/job/job-machine.ts'
import type { JobRecord } from '../../../src/domain/job/job-machine.ts'
import { covers } from '../../../src/domain/review/review.ts'
import type { ReviewRecord } from '../../../src/domain/review/review.ts'
import { holdForReview } from '../../../src/domain/review/review-job.ts'
import { jobPayload, reviewedJob } from '../../../src/domain/review/review-payload.ts'
import { declared, isGated, strictest } from '../../../src/domain/review/risk.ts'
import type { CommandContext } from '../kernel/context.ts'
import { gateOfReview, gateOfWorker, openReviewOfJob, grantFor, executionDetails, executionDetailsFor } from './clearance.ts'
import type { Gate } from './clearance.ts'
import { announceReview, digestOf, openQuietly, supersedeReview } from './review-log.ts'
import { approvedBySchedule } from './schedule-approval.ts'
import { filesToShow, isAsShown } from './reviewed-files.ts'
import { releaseHold } from '../queue/hold.ts'
import { withTurns } from '../queue/thread.ts'
import { viewOf } from '../queue/workforce/worker-view.ts'
import { policyFor } from './policy.ts'

/** The gate of a job without an assigned worker: the strictest tier and policy among the workers that may take it. */
function gateOfAnybody(ctx: CommandContext, job: JobRecord): Gate | undefined {
  const { capability } = job.spec
  if (capability === null) return undefined
  const wants = requirementsOf(job.spec)
  const having = [...ctx.store.workers.active()].flatMap((worker) => {
    const item = declared(worker.capabilities, capability)
    return item === undefined ? [] : [{ worker, item }]
  })
  const fitting = having.filter(({ worker }) => mayDo(wants, viewOf(ctx, worker)))
  const candidates = fitting.length > 0 ? fitting : having
  const approving = candidates.filter(({ item }) => item.risk_tier === 'approve')
  if (approving.length > 0) {
    const policy = strictest(approving.map(({ item }) => policyFor(ctx, item)))
    return { tier: 'approve', policy, worker: null, session: null }
  }
  // A session belongs to one worker. If several workers may take the job, the review is opened for the one that asks for it.
  const [only, ...others] = candidates
  return only !== undefined && others.length === 0 ? gateOfWorker(ctx, job, only.worker) : undefined
}

/** The gate of the job's own worker, or of all that may take it; undefined when a grant covers it already. */
function ownGate(ctx: CommandContext, job: JobRecord, strict: boolean): Gate | undefined {
  const assigned = job.worker_id === null ? undefined : ctx.store.workers.get(job.worker_id)
  const gate = assigned === undefined ? (strict ? gateOfAnybody(ctx, job) : undefined) : gateOfWorker(ctx, job, assigned)
  if (gate?.tier !== 'session' || gate.worker === null || gate.session === null) return gate
  return grantFor(ctx, gate.worker, job.spec.capability ?? '', gate.session, job) === undefined ? gate : undefined
}

/**
 * The gate that this job must pass before it may be offered; undefined when there is none. A reviewed job is reviewed again at every later
 * step of its fallback chain, under the stricter of both policies: it must not avoid the review by moving to a worker with a looser tier.
 */
function gateOf(ctx: CommandContext, job: JobRecord, strict: boolean): Gate | undefined {
  const gate = ownGate(ctx, job, strict)
  const before = (job.spec.fallback?.step ?? 0) > 0 && job.review_id !== null ? ctx.store.reviews.get(job.review_id) : undefined
  if (before?.type !== 'dispatch') return gate
  const policy = gate === undefined ? before.policy : strictest([before.policy, gate.policy])
  const assigned = job.worker_id === null ? undefined : ctx.store.workers.get(job.worker_id)
  return { tier: 'approve', policy, worker: assigned ?? null, session: null }
}

/**
 * Holds the job for a review: the pending one for its session, or a new one that replaces the review that gated it before. Members who
 * requested the job in its current form may not approve it.
 */
export function requestReview(ctx: CommandContext, asked: JobRecord, gate: Gate, why: string): JobRecord {
  const before = openReviewOfJob(ctx, asked)
  const { capability } = asked.spec
  if (gate.session !== null && gate.worker !== null && before === undefined) {
    const asking = ctx.store.reviews.asking(gate.worker.worker_id, capability ?? '', gate.session)
    if (asking !== undefined) return holdForReview(asked, asking.id)
  }
  const job = withTurns(ctx.store, asked)
  const whom = gate.worker === null ? '' : ` on ${gate.worker.name}`
  const review = openQuietly(ctx, {
    type: 'dispatch',
    title: `Job ${job.id}: ${capability ?? 'no capability'}${whom}${gate.session === null ? '' : `, for ${gate.session}`}`,
    content: '',
    preview: null,
    target: null,
    capability,
    payload: jobPayload(job.spec, executionDetails(job, gate.worker)),
    artifacts: filesToShow(ctx, job, before),
    risk_tier: gate.tier,
    session: gate.session,
    policy: gate.policy,
    irreversible: gate.policy.irreversible,
    job_id: job.id,
    worker_id: gate.worker?.worker_id ?? null,
    attempt: null,
    requested_by: [...new Set([...requestersOf(job), ...(before?.requested_by ?? [])])],
  })
  if (before !== undefined) supersedeReview(ctx, before, review.id, why)
  const approved = approvedBySchedule(ctx, review, job)
  if (approved === undefined) {
    announceReview(ctx, review)
    return holdForReview(job, review.id)
  }
  const released = { ...job, review_id: review.id }
  return job.hold === 'review' ? releaseHold(ctx, released, 'review') : released
}

/**
 * Whether a review, decided or not, still matches this job. An edit that waits for its quorum is not yet applied to the job, so the
 * original payload is compared.
 */
export const isReviewOf = (ctx: CommandContext, review: ReviewRecord, job: JobRecord): boolean => {
  const payload = review.status === 'pending' && review.asked_payload !== undefined ? review.asked_payload : review.payload
  const { capability, artifacts } = review
  return (
    isAsShown(ctx, review, job) &&
    digestOf(ctx, { capability, payload, artifacts }) ===
      digestOf(ctx, reviewedJob(job.spec, artifacts, executionDetailsFor(ctx, review, payload, job)))
  )
}

/** The gate of the earlier review, for the worker that is assigned now. */
function gateFor(ctx: CommandContext, job: JobRecord, review: ReviewRecord): Gate {
  const worker = job.worker_id === null ? undefined : ctx.store.workers.get(job.worker_id)
  return { ...gateOfReview(ctx, review), ...(worker === undefined || review.session !== null ? {} : { worker }) }
}

/**
 * Returns the job, held if a human must approve it first. `strict`: without an assigned worker, the tiers of all eligible workers count;
 * otherwise the job is only offered to workers that need no approval. `moved`: the assigned worker is no longer the one that the reviewer
 * was shown.
 */
export function holdIfReviewNeeded(ctx: CommandContext, job: JobRecord, strict: boolean, moved = false): JobRecord {
  if (ctx.store.reviews.openOf(job.id).some((review) => review.type === 'escalation')) return job
  const gate = gateOf(ctx, job, strict)
  const review = openReviewOfJob(ctx, job)
  if (review !== undefined) {
    const same = isReviewOf(ctx, review, job) && !moved
    if (same && (gate === undefined || covers(review, gate.tier, gate.policy))) return job
    return requestReview(ctx, job, gate ?? gateFor(ctx, job, review), 'the job, or who is to do it, has changed')
  }
  if (gate !== undefined) return requestReview(ctx, job, gate, '')
  return job.hold === 'review' ? releaseHold(ctx, job, 'review') : job
}

/** The jobs that waited for a session's review, each in the state that follows from the settled review. */
export function* jobsBehindReview(ctx: CommandContext, reviewId: number): Generator<JobRecord> {
  for (const job of ctx.store.jobs.heldBehind(reviewId)) {
    const own = ctx.store.reviews.get(reviewId)?.job_id === job.id
    if (!own) yield holdIfReviewNeeded(ctx, { ...job, review_id: null }, true)
  }
}

/** Whether another worker that is ready may start this job without an approval. */
export function mayStartElsewhere(ctx: Pick<CommandContext, 'at' | 'store' | 'live'>, job: JobRecord, workerId: string): boolean {
  const wants = requirementsOf(job.spec)
  for (const worker of ctx.store.workers.active()) {
    if (worker.worker_id === workerId) continue
    const item = job.spec.capability === null ? undefined : declared(worker.capabilities, job.spec.capability)
    if (item === undefined || isGated(item.risk_tier)) continue
    const view = viewOf(ctx, worker)
    if (isReady(view) && mayDo(wants, view)) return true
  }
  return false
}
