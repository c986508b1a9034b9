/**
 * Responsible for whether a worker may start a job now: the risk tier of the capability on that worker, the decision or grant that it
 * needs, and whether the decision still matches what would run (I7).
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

/**
 * The approval that a job needs before it may start. `worker` is null when any eligible worker may take the job; `session` is then null
 * too.
 */
export interface Gate {
  readonly tier: 'session' | 'approve'
  readonly policy: Policy
  readonly worker: WorkerRecord | null
  readonly session: string | null
}

/** `pass`: the worker may start the job. `undeclared`: it does not declare the capability. `ask`: a human must approve first. */
export type Clearance =
  | { readonly kind: 'pass'; readonly tier: RiskTier | null; readonly review: ReviewRecord | null; readonly grant: GrantRecord | null }
  | { readonly kind: 'undeclared' }
  /** `broken`: an approval exists, but it is for other content, or its approver may no longer decide. */
  | { readonly kind: 'ask'; readonly gate: Gate; readonly broken: boolean; readonly why: string }

const freely: Clearance = { kind: 'pass', tier: null, review: null, grant: null }

/**
 * Like `mayDecide`, but for work that this worker does: the person behind the worker may approve it only if the policy allows
 * self-approval.
 */
function mayDecideFor(
  ctx: Pick<CommandContext, 'store'>,
  worker: WorkerRecord,
  item: Capability | undefined,
): (memberId: string) => boolean {
  const may = mayDecide(ctx)
  const alone = worker.member_id === null || policyFor(ctx, item).self_approval
  return alone ? may : (memberId) => memberId !== worker.member_id && may(memberId)
}

/** The open review that gates this job itself; undefined for a session's review that the job only waits for. */
export function openReviewOfJob(ctx: Pick<CommandContext, 'store'>, job: JobRecord): ReviewRecord | undefined {
  if (job.review_id === null) return undefined
  const open = ctx.store.reviews.open(job.review_id)
  return open?.type === 'dispatch' && open.job_id === job.id ? ctx.store.reviews.get(open.id) : undefined
}

/** The thread, provider and model that the job would run with now on this worker; without a worker, those that the job asks for. */
export const executionDetails = (job: JobRecord, worker: WorkerRecord | null | undefined): ExecutionDetails => ({
  thread_id: job.thread_id,
  provider: worker == null ? job.spec.provider : (worker.config.provider ?? worker.profile.provider),
  model: worker == null ? job.spec.model : (worker.config.model ?? worker.profile.model),
})

/**
 * The execution details to compare with a review; undefined for an older review whose payload did not include them. Default worker: the one
 * that the review names.
 */
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

/**
 * Whether the job still matches the review: the digest, computed again now, equals the approved one, and no file or turn was added or
 * removed.
 */
export const fitsJob = (ctx: Seeing, review: ReviewRecord, job: JobRecord, worker?: WorkerRecord): boolean =>
  digestOf(ctx, reviewedJob(job.spec, review.artifacts, executionDetailsFor(ctx, review, review.payload, job, worker))) === review.digest &&
  isAsShown(ctx, review, job)

/**
 * Whether the job has an approval under the tier `approve`. Such jobs are in a separate pool from those that workers of this tier must not
 * get.
 */
export function isReleased(ctx: Pick<CommandContext, 'store'>, job: JobRecord): boolean {
  if (job.review_id === null) return false
  const open = ctx.store.reviews.open(job.review_id)
  return open !== undefined && open.status === 'approved' && open.type === 'dispatch' && open.job_id === job.id && open.session === null
}

/** Whether the approval behind the grant still counts. A grant ends when its approvers are revoked or lose the right to decide. */
export function isGrantBacked(ctx: Pick<CommandContext, 'store'>, grant: GrantRecord): boolean {
  const review = ctx.store.reviews.get(grant.review_id)
  return review !== undefined && isBacked(review, mayDecide(ctx))
}

/**
 * Whether enough members other than the job's requesters and its worker approved the grant: an earlier approval must not become
 * self-approval.
 */
function isByOthers(ctx: Pick<CommandContext, 'store'>, grant: GrantRecord, job: JobRecord, worker: WorkerRecord): boolean {
  const review = ctx.store.reviews.get(grant.review_id)
  const wanted = new Set([...requestersOf(job), ...(worker.member_id === null ? [] : [worker.member_id])])
  const may = mayDecide(ctx)
  return review !== undefined && isBacked(review, (memberId) => !wanted.has(memberId) && may(memberId))
}

/** Whether as many members signed the grant's approval as the policy requires today. */
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

/**
 * The gate for which a review was opened, used to ask for the same approval again. A session keeps the worker that it was requested for.
 */
export function gateOfReview(ctx: Pick<CommandContext, 'store'>, review: ReviewRecord): Gate {
  const worker = review.worker_id === null ? null : (ctx.store.workers.get(review.worker_id) ?? null)
  return { tier: review.session === null ? 'approve' : 'session', policy: review.policy, worker, session: review.session }
}

/** The gate of this worker's own risk tier, before any decision or grant is considered; undefined when the tier needs no approval. */
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

/** Whether this worker may start the job now, and what allows it or is missing. Changes nothing. */
export function clearanceOf(ctx: Seeing, job: JobRecord, worker: WorkerRecord): Clearance {
  const { capability } = job.spec
  if (capability === null && job.review_id === null) return freely
  const item = capability === null ? undefined : declared(worker.capabilities, capability)
  if (capability !== null && item === undefined) return { kind: 'undeclared' }
  const tier = item?.risk_tier ?? null
  const gate = gateOfWorker(ctx, job, worker)
  const review = openReviewOfJob(ctx, job)
  if (review !== undefined) {
    // A reviewed job runs as approved or not at all, also on a worker whose own tier needs no approval.
    const again = gate ?? gateOfReview(ctx, review)
    if (review.status !== 'approved') return { kind: 'ask', gate: again, broken: true, why: `review ${review.id} is ${review.status}` }
    if (!fitsJob(ctx, review, job, worker))
      return { kind: 'ask', gate: again, broken: true, why: `it is not what review ${review.id} approved` }
    if (!isApprovalValid(review, mayDecide(ctx)))
      return { kind: 'ask', gate: again, broken: true, why: `the member who approved review ${review.id} may no longer decide reviews` }
    if (!standsBySchedule(ctx, review, job))
      return {
        kind: 'ask',
        gate: again,
        broken: true,
        why: `the approval of its schedule, by which review ${review.id} was decided, has ended`,
      }
    if (!isApprovalValid(review, mayDecideFor(ctx, worker, item)))
      return { kind: 'ask', gate: again, broken: true, why: `review ${review.id} was approved by the person who would do the work` }
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
  // The review was opened while there was no session: its approval is valid for this job only and, under the tier `session`, only for the
  // worker that it names.
  const own = review !== undefined && review.session === null && (review.risk_tier === 'approve' || review.worker_id === worker.worker_id)
  if (own && covers(review, gate.tier, gate.policy)) return { kind: 'pass', tier, review, grant: null }
  return { kind: 'ask', gate, broken: false, why: `${worker.name} has no grant for ${capability} in ${gate.session ?? 'a process'}` }
}
