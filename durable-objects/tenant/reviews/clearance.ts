/**
 * Responsible for whether a worker may start a job as things are now: the tier of the capability on that very worker, the decision or grant it
 * needs, and whether the decision still fits what would run (I7).
 */
import type { Capability, RiskTier } from '@modelreins/contract'
import { isGrantActive } from '../../../src/domain/review/grant.ts'
import type { GrantRecord } from '../../../src/domain/review/grant.ts'
import { requestersOf } from '../../../src/domain/job/job-machine.ts'
import type { JobRecord } from '../../../src/domain/job/job-machine.ts'
import { covers, isBacked, isApprovalValid, signedApprovals } from '../../../src/domain/review/review.ts'
import type { ReviewRecord } from '../../../src/domain/review/review.ts'
import { bindsExecutionDetails, reviewedJob } from '../../../src/domain/review/review-payload.ts'
import type { ExecutionDetails } from '../../../src/domain/review/review-payload.ts'
import { declared, isGated, sessionOf } from '../../../src/domain/review/risk.ts'
import type { Policy } from '../../../src/domain/review/risk.ts'
import type { CommandContext } from '../kernel/context.ts'
import { mayDecide } from './may-decide.ts'
import { digestOf } from './review-log.ts'
import { standsBySchedule } from './schedule-approval.ts'
import type { WorkerRecord } from '../queue/workforce/worker-store.ts'
import { isAsShown } from './reviewed-files.ts'
import { policyFor } from './policy.ts'

type Seeing = Pick<CommandContext, 'at' | 'store' | 'sha256'>

/** What must be asked before a job may start. `worker` null: whoever may take it; then there is no session to grant. */
export interface Gate {
  readonly tier: 'session' | 'approve'
  readonly policy: Policy
  readonly worker: WorkerRecord | null
  readonly session: string | null
}

export type Clearance =
  | { readonly kind: 'pass'; readonly tier: RiskTier | null; readonly review: ReviewRecord | null; readonly grant: GrantRecord | null }
  | { readonly kind: 'undeclared' }
  /** `broken`: there is an approval, but not for this, or not by somebody who may still decide. */
  | { readonly kind: 'ask'; readonly gate: Gate; readonly broken: boolean; readonly why: string }

const freely: Clearance = { kind: 'pass', tier: null, review: null, grant: null }

/** As `mayDecide`, for work that this worker does: whoever does it themselves approves it only where its policy lets them. */
function mayDecideFor(
  ctx: Pick<CommandContext, 'store'>,
  worker: WorkerRecord,
  item: Capability | undefined,
): (memberId: string) => boolean {
  const may = mayDecide(ctx)
  const alone = worker.member_id === null || policyFor(ctx, item).self_approval
  return alone ? may : (memberId) => memberId !== worker.member_id && may(memberId)
}

/** The open review that gates this very job; not one for a session that it only waits behind. */
export function openReviewOfJob(ctx: Pick<CommandContext, 'store'>, job: JobRecord): ReviewRecord | undefined {
  if (job.review_id === null) return undefined
  const open = ctx.store.reviews.open(job.review_id)
  return open?.type === 'dispatch' && open.job_id === job.id ? ctx.store.reviews.get(open.id) : undefined
}

/** What the job is done with as things are, for the worker that does it. */
export const executionDetails = (job: JobRecord, worker: WorkerRecord | null | undefined): ExecutionDetails => ({
  thread_id: job.thread_id,
  provider: worker == null ? job.spec.provider : (worker.config.provider ?? worker.profile.provider),
  model: worker == null ? job.spec.model : (worker.config.model ?? worker.profile.model),
})

/** The same for comparing with a review; undefined for one of before, which bound none of it. By default its own worker does it. */
export function executionDetailsFor(
  ctx: Pick<CommandContext, 'store'>,
  review: Pick<ReviewRecord, 'worker_id'>,
  payload: unknown,
  job: JobRecord,
  worker?: WorkerRecord,
): ExecutionDetails | undefined {
  if (!bindsExecutionDetails(payload)) return undefined
  return executionDetails(job, review.worker_id === null ? undefined : (worker ?? ctx.store.workers.get(review.worker_id)))
}

/** The digest of what the job would run, taken again now, is the one that was decided on, and nothing has come to it or gone from it. */
export const fitsJob = (ctx: Seeing, review: ReviewRecord, job: JobRecord, worker?: WorkerRecord): boolean =>
  digestOf(ctx, reviewedJob(job.spec, review.artifacts, executionDetailsFor(ctx, review, review.payload, job, worker))) === review.digest &&
  isAsShown(ctx, review, job)

/** A job with an approval under the tier `approve`: it waits apart from those that no such worker may have. */
export function isReleased(ctx: Pick<CommandContext, 'store'>, job: JobRecord): boolean {
  if (job.review_id === null) return false
  const open = ctx.store.reviews.open(job.review_id)
  return open !== undefined && open.status === 'approved' && open.type === 'dispatch' && open.job_id === job.id && open.session === null
}

/** A grant lasts as long as the yes that it rests on: who has been revoked, or may not decide any more, allows nothing. */
export function isGrantBacked(ctx: Pick<CommandContext, 'store'>, grant: GrantRecord): boolean {
  const review = ctx.store.reviews.get(grant.review_id)
  return review !== undefined && isBacked(review, mayDecide(ctx))
}

/** Whether the grant rests on enough members who did not want this job themselves: nobody approves that by an earlier yes, either. */
function isByOthers(ctx: Pick<CommandContext, 'store'>, grant: GrantRecord, job: JobRecord, worker: WorkerRecord): boolean {
  const review = ctx.store.reviews.get(grant.review_id)
  const wanted = new Set([...requestersOf(job), ...(worker.member_id === null ? [] : [worker.member_id])])
  const may = mayDecide(ctx)
  return review !== undefined && isBacked(review, (memberId) => !wanted.has(memberId) && may(memberId))
}

/** Whether the yes that a grant rests on was signed by as many members as the policy asks for today. */
function isGrantSigned(ctx: Pick<CommandContext, 'store'>, grant: GrantRecord, policy: Policy): boolean {
  const review = ctx.store.reviews.get(grant.review_id)
  return review !== undefined && signedApprovals(review) >= policy.quorum.approve
}

/** The newest grant that lets this worker use the capability in this session, for this job. */
export function grantFor(
  ctx: Pick<CommandContext, 'at' | 'store'>,
  worker: WorkerRecord,
  capability: string,
  session: string,
  job: JobRecord,
): GrantRecord | undefined {
  const item = declared(worker.capabilities, capability)
  const policy = policyFor(ctx, item)
  const signed = (grant: GrantRecord): boolean => policy.signed !== true || isGrantSigned(ctx, grant, policy)
  return ctx.store.grants
    .of(worker.worker_id, capability, session)
    .find(
      (grant) =>
        isGrantActive(grant, ctx.at) &&
        isGrantBacked(ctx, grant) &&
        signed(grant) &&
        (policy.self_approval || isByOthers(ctx, grant, job, worker)),
    )
}

/** The gate that a review stood at, for asking the same again. A session stays the worker's that it was asked for. */
export function gateOfReview(ctx: Pick<CommandContext, 'store'>, review: ReviewRecord): Gate {
  const worker = review.worker_id === null ? null : (ctx.store.workers.get(review.worker_id) ?? null)
  return { tier: review.session === null ? 'approve' : 'session', policy: review.policy, worker, session: review.session }
}

/** What this worker's own tier asks for, before any decision or grant is looked at. */
export function gateOfWorker(
  ctx: Pick<CommandContext, 'store'>,
  job: Pick<JobRecord, 'thread_id' | 'spec'>,
  worker: WorkerRecord,
): Gate | undefined {
  const item = job.spec.capability === null ? undefined : declared(worker.capabilities, job.spec.capability)
  if (item === undefined || !isGated(item.risk_tier)) return undefined
  const tier = item.risk_tier
  return { tier, policy: policyFor(ctx, item), worker, session: tier === 'session' ? sessionOf(job.thread_id, worker) : null }
}

export function clearanceOf(ctx: Seeing, job: JobRecord, worker: WorkerRecord): Clearance {
  const { capability } = job.spec
  if (capability === null && job.review_id === null) return freely
  const item = capability === null ? undefined : declared(worker.capabilities, capability)
  if (capability !== null && item === undefined) return { kind: 'undeclared' }
  const tier = item?.risk_tier ?? null
  const gate = gateOfWorker(ctx, job, worker)
  const review = openReviewOfJob(ctx, job)
  if (review !== undefined) {
    // Whoever starts it: a reviewed job runs as it was decided, or not at all.
    const again = gate ?? gateOfReview(ctx, review)
    if (review.status !== 'approved') return { kind: 'ask', gate: again, broken: true, why: `review ${review.id} is ${review.status}` }
    if (!fitsJob(ctx, review, job, worker))
      return { kind: 'ask', gate: again, broken: true, why: `it is not what review ${review.id} approved` }
    if (!isApprovalValid(review, mayDecide(ctx)))
      return { kind: 'ask', gate: again, broken: true, why: `who approved review ${review.id} may not decide any more` }
    if (!standsBySchedule(ctx, review, job))
      return {
        kind: 'ask',
        gate: again,
        broken: true,
        why: `the approval of its schedule, by which review ${review.id} was decided, has ended`,
      }
    if (!isApprovalValid(review, mayDecideFor(ctx, worker, item)))
      return { kind: 'ask', gate: again, broken: true, why: `whoever does the work may not approve it, as in review ${review.id}` }
  }
  if (gate === undefined) return { kind: 'pass', tier, review: review ?? null, grant: null }
  if (gate.tier === 'approve') {
    if (review === undefined) return { kind: 'ask', gate, broken: false, why: `${worker.name} needs an approval for ${capability}` }
    if (!covers(review, gate.tier, gate.policy))
      return { kind: 'ask', gate, broken: false, why: `review ${review.id} was decided under a looser policy than ${worker.name} has` }
    return { kind: 'pass', tier, review, grant: null }
  }
  const grant = gate.session === null ? undefined : grantFor(ctx, worker, capability ?? '', gate.session, job)
  if (grant !== undefined) return { kind: 'pass', tier, review: review ?? null, grant }
  // Asked while there was no session: the yes is for this job alone, and for the worker it was asked of.
  const own = review !== undefined && review.session === null && (review.risk_tier === 'approve' || review.worker_id === worker.worker_id)
  if (own && covers(review, gate.tier, gate.policy)) return { kind: 'pass', tier, review, grant: null }
  return { kind: 'ask', gate, broken: false, why: `${worker.name} has no grant for ${capability} in ${gate.session ?? 'a process'}` }
}
