/**
 * Responsible for decisions on reviews and for what each does to the waiting job. Every call that decides goes through `decideReview`.
 * Expiry, which settles a review without a decision, is here too.
 */
import type { Capability, JobError, Parsed } from '@modelreins/contract'
import { roleMay } from '../../../../src/domain/access/access.ts'
import { canonicalJson } from '@modelreins/contract'
import { termsOf } from '../../../../src/domain/review/grant.ts'
import { end, requestersOf } from '../../../../src/domain/job/job-machine.ts'
import type { JobRecord } from '../../../../src/domain/job/job-machine.ts'
import { fail, ok } from '../../../../src/domain/result.ts'
import type { Result } from '../../../../src/domain/result.ts'
import { decide, applyTime, grantTerms, withProof } from '../../../../src/domain/review/review.ts'
import type { ReviewRecord, DecisionInput, DecisionResult } from '../../../../src/domain/review/review.ts'
import { settleEscalated } from '../../../../src/domain/review/review-job.ts'
import { applyEdit, jobPayload } from '../../../../src/domain/review/review-payload.ts'
import { fitsJob, gateOfReview, executionDetailsFor } from '../clearance.ts'
import { mayDecide } from '../may-decide.ts'
import { isBarredAsOwn, isOwnWork } from '../own-work.ts'
import { asWord, systemActor } from '../../kernel/context.ts'
import type { Caller, CommandContext } from '../../kernel/context.ts'
import { untellDevices } from '../../devices/tell.ts'
import { recordRelease, releaseJobsBehind } from '../behind.ts'
import { requestReview, isReviewOf } from '../gate.ts'
import type { Duty } from '../../kernel/room.ts'
import { releaseHold } from '../../queue/hold.ts'
import { closeStream, jobSubject, saveJob, settleJob } from '../../queue/save-job.ts'
import type { WorkerRecord } from '../../queue/workforce/worker-store.ts'
import { queueReviewEvent, digestOf, recordReview, supersedeReview, notifyReviewSettled } from '../review-log.ts'
import { currentlyDeclared, proofFor } from '../signature.ts'
import { applyLoosening, isLooseningStale, looseningType } from './loosening.ts'
import { escalatedPayload } from './escalate.ts'

type Input = Parsed<'reviews.decide'>
type Member = Extract<Caller, { kind: 'member' }>['member']

/** The job that this review holds now. */
function heldJob(ctx: CommandContext, review: ReviewRecord): JobRecord | undefined {
  const job = review.job_id === null ? undefined : ctx.store.jobs.get(review.job_id)
  return job !== undefined && job.status === 'pending' && job.review_id === review.id ? job : undefined
}

/** Why this member may not approve the review; null when they may. */
function selfRefusal(ctx: CommandContext, review: ReviewRecord, memberId: string): string | null {
  const { worker, item } = currentlyDeclared(ctx, review)
  if (!isBarredAsOwn(ctx, review, memberId)) return null
  const own = isOwnWork(ctx, review, worker, memberId)
  const job = review.job_id === null ? undefined : ctx.store.jobs.get(review.job_id)
  // When false, the request came from the member's companion, in a job that another member requested.
  const wanted = job !== undefined && requestersOf(job).includes(memberId)
  const what =
    own && !wanted
      ? `are to do job ${review.job_id} yourself`
      : wanted
        ? `dispatched or changed job ${job.id}`
        : `asked for review ${review.id}`
  const decides = (member: Member): boolean =>
    roleMay(member.role, 'reviews.decide') &&
    !review.requested_by.includes(member.member_id) &&
    !isOwnWork(ctx, review, worker, member.member_id)
  const others = ctx.store.credentials.membersWithKey().filter(decides)
  if (others.length > 0) return `You ${what}, so another member must approve it: ${namesOf(others)}. You may deny it.`
  const keyless = ctx.store.credentials.membersInForce().filter(decides)
  const unopened = keyless.length === 0 ? '' : ` (the one-time view with the key is still unopened for ${namesOf(keyless)})`
  const reviewer = 'Add a reviewer: POST /api/v1/members {"name": "NAME", "role": "reviewer"}, and open the view_url of the answer'
  const allowed = review.capability === null ? '' : `. Or allow self-approval: ${selfApprovalCall(review.capability, item, worker)}`
  return `You ${what}, and no other member can approve it${unopened}. ${reviewer}${allowed}. You may deny it.`
}

const namesOf = (members: readonly Member[]): string => members.map((member) => member.name).join(', ')

/** The API call that would allow self-approval. It can be sent unchanged, unless the worker has other capabilities to include. */
function selfApprovalCall(name: string, item: Capability | undefined, worker: WorkerRecord | undefined): string {
  // No worker is assigned yet: the review keeps the policy it was opened under, so the job must be dispatched again.
  if (item === undefined || worker === undefined)
    return `PATCH /api/v1/workers/WORKER_ID, "policy": {"self_approval": true} on ${name} in its capabilities, and dispatch again`
  const changed = JSON.stringify({ ...item, policy: { ...item.policy, self_approval: true } })
  const others = worker.capabilities.length > 1 ? ', and its other capabilities as they are' : ''
  return `PATCH /api/v1/workers/${worker.worker_id} {"capabilities": [${changed}${others}]}`
}

/** For the verdict `edit`: the complete edited payload and its digest. */
function editOf(ctx: CommandContext, review: ReviewRecord, payload: unknown): Result<DecisionInput['edit']> {
  if (payload === undefined) return ok(undefined)
  let whole = payload
  if (review.type === 'dispatch') {
    const job = review.job_id === null ? undefined : ctx.store.jobs.get(review.job_id)
    if (job === undefined) return ok(undefined)
    const spec = applyEdit(job.spec, payload)
    if (!spec.ok) return spec
    whole = jobPayload(spec.value, executionDetailsFor(ctx, review, review.payload, job))
  }
  const { capability, artifacts } = review
  return ok({ payload: whole, digest: digestOf(ctx, { capability, payload: whole, artifacts }) })
}

/** Whether the job no longer matches the pending review, because it was changed without a new review. */
function isStale(ctx: CommandContext, review: ReviewRecord): boolean {
  if (review.status !== 'pending') return false
  const job = heldJob(ctx, review)
  if (review.type === 'dispatch') return job !== undefined && !isReviewOf(ctx, review, job)
  if (review.type !== 'escalation' || job === undefined || review.asked_payload !== undefined) return false
  return canonicalJson(escalatedPayload(job)) !== canonicalJson(review.payload)
}

interface Prepared {
  readonly member: Member
  readonly review: ReviewRecord
  readonly word: DecisionInput
  /** The review as the decision would change it. */
  readonly decided: DecisionResult
}

/**
 * Applies every rule of a decision except its signature, and returns the resulting review. It writes only when the subject of the review
 * has changed in the meantime.
 */
export function prepareDecision(ctx: CommandContext, input: Omit<Input, 'signature'>): Result<Prepared> {
  if (ctx.caller.kind !== 'member') return fail('forbidden', 'Only members decide.')
  const { member } = ctx.caller
  const review = ctx.store.reviews.get(input.review_id)
  if (review === undefined) return fail('not-found', `There is no review ${input.review_id}.`)
  const job = heldJob(ctx, review)
  if (job !== undefined && isStale(ctx, review)) {
    const held = review.type === 'dispatch' ? requestReview(ctx, job, gateOfReview(ctx, review), 'the job has changed') : job
    if (held !== job) saveJob(ctx, held)
    ctx.keep()
    return fail(
      'conflict',
      `Job ${job.id} has changed since review ${review.id} was opened. Decide review ${held.review_id}, which covers the current payload.`,
    )
  }
  if (input.grant !== undefined && review.session === null) {
    const detail = `Review ${review.id} asks for no session: approving it makes no grant.`
    return fail('invalid-request', detail, { issues: [{ path: 'grant', message: 'goes with reviews of the tier session' }] })
  }
  if (review.type === looseningType && review.status === 'pending') {
    if (input.verdict === 'edit') return fail('invalid-request', 'A settings change cannot be edited: approve or deny it.')
    if (isLooseningStale(ctx, review)) {
      supersedeReview(ctx, review, null, 'what it would change has changed')
      ctx.keep()
      return fail('conflict', `The target of review ${review.id} has changed since. Submit the change again.`)
    }
  }
  const edit = input.verdict === 'edit' ? editOf(ctx, review, input.payload) : ok(undefined)
  if (!edit.ok) return edit
  const word: DecisionInput = {
    verdict: input.verdict,
    comment: input.comment ?? null,
    by: { member_id: member.member_id, name: member.name },
    at: ctx.at,
    digest: input.digest,
    edit: edit.value,
    ...(input.grant === undefined
      ? {}
      : { grant: { ttl_ms: input.grant.ttl === undefined ? null : Math.round(input.grant.ttl * 1000), uses: input.grant.uses ?? null } }),
  }
  const decided = decide(review, word, { selfRefusal: selfRefusal(ctx, review, member.member_id), mayDecide: mayDecide(ctx) })
  return decided.ok ? ok({ member, review, word, decided: decided.value }) : decided
}

/** Records one decision by one member. */
export function decideReview(ctx: CommandContext, input: Input): Result<ReviewRecord> {
  const prepared = prepareDecision(ctx, input)
  if (!prepared.ok) return prepared
  if (prepared.value.decided.change === 'none') return ok(prepared.value.decided.review)
  const proof = proofFor(ctx, prepared.value, input.signature)
  if (!proof.ok) return proof
  const { review: after, change } = withProof(prepared.value.decided, proof.value)
  ctx.store.reviews.update(after, input.verdict === 'edit')
  recordReview(
    ctx,
    after,
    input.verdict,
    `${asWord(after.type)}: ${change === 'settled' ? after.status : 'recorded, the quorum asks for more'}${
      input.digest === undefined ? ', sent without a digest: applied to the payload at that time' : ''
    }`,
    { proof: proof.value },
  )
  if (change === 'settled') settled(ctx, after)
  else untellDevices(ctx, { what: 'review', id: after.id }, prepared.value.member.member_id)
  return ok(after)
}

/** Applies the consequences of a review that has just been settled; the review itself is already written. */
function settled(ctx: CommandContext, review: ReviewRecord): void {
  const job = heldJob(ctx, review)
  if (review.status === 'approved') {
    grantSession(ctx, review)
    if (review.type === looseningType) applyLoosening(ctx, review)
    if (job !== undefined && review.type === 'dispatch') releaseJob(ctx, review, job)
    if (job !== undefined && review.type === 'escalation') answerJob(ctx, review, job)
  } else if (job !== undefined) {
    failJob(ctx, review, job)
  }
  if (review.session !== null) releaseJobsBehind(ctx, review.id)
  notifyReviewSettled(ctx, review)
}

/** Tier `session`: the approval creates a grant for the session, within the policy's terms. */
function grantSession(ctx: CommandContext, review: ReviewRecord): void {
  const { session, worker_id, capability } = review
  if (session === null || worker_id === null || capability === null) return
  const grant = {
    grant_id: `gr${ctx.at.toString(36)}${ctx.randomText(10)}`,
    worker_id,
    capability,
    session,
    uses: 0,
    ...termsOf(review.policy, grantTerms(review), ctx.at),
    review_id: review.id,
    granted_by: review.decisions.at(-1)?.by ?? '',
    created_at: ctx.at,
    revoked_at: null,
  }
  ctx.store.grants.save(grant)
  ctx.record({
    action: 'grant.create',
    subject: `grant:${grant.grant_id}`,
    job_id: review.job_id,
    worker_id,
    capability,
    risk_tier: 'session',
    summary: `${session}, ${Math.round((grant.expires_at - ctx.at) / 60_000)} min${grant.max_uses === null ? '' : `, ${grant.max_uses} uses`}`,
  })
}

/** Releases the job as it was approved. This is the only place where a reviewer's edit is applied to the job. */
function releaseJob(ctx: CommandContext, review: ReviewRecord, job: JobRecord): void {
  const spec = review.asked_payload === undefined ? ok(job.spec) : applyEdit(job.spec, review.payload)
  const after = spec.ok ? releaseHold(ctx, { ...job, spec: spec.value }, 'review') : job
  // The start checks the digest again and would only hold a job that does not match here.
  if (!spec.ok || !fitsJob(ctx, review, after)) throw new Error(`Job ${job.id} is not what review ${review.id} approved`)
  saveJob(ctx, after)
  recordRelease(ctx, after, review.id)
}

const lastWord = (review: ReviewRecord): string | null => review.decisions.at(-1)?.comment ?? null

/** A human settles an escalated job: with the worker's result, or with their own answer. */
function answerJob(ctx: CommandContext, review: ReviewRecord, job: JobRecord): void {
  const { payload } = review
  const written = typeof payload === 'object' && payload !== null && 'result' in payload ? payload.result : payload
  const answers = review.decisions.filter((word) => word.verdict === 'respond' && word.digest === review.digest)
  const answer =
    answers.at(-1)?.comment ?? (review.asked_payload === undefined ? null : typeof written === 'string' ? written : JSON.stringify(written))
  const after = settleEscalated(job, answer, ctx.at)
  settleJob(ctx, after)
  ctx.record({
    action: 'job.complete',
    subject: jobSubject(job),
    job_id: job.id,
    worker_id: job.worker_id,
    capability: job.spec.capability,
    digest: ctx.sha256(after.outcome?.result ?? ''),
    summary: `settled by review ${review.id}${answer === null ? '' : ', in the words of a human'}`,
  })
  closeStream(ctx, after, '')
}

/**
 * Fails the job of a review that was denied, expired or withdrawn (`reason`: the comment of the withdrawal). Nothing runs, and the job's
 * error gives the reason.
 */
export function failJob(ctx: CommandContext, review: ReviewRecord, job: JobRecord, reason?: string): void {
  const words: Readonly<Record<string, JobError>> = {
    denied: { type: 'denied', message: lastWord(review) ?? `Review ${review.id} was denied.`, retryable: false },
    expired: { type: 'denied', message: `Review ${review.id} expired without a decision.`, retryable: false },
  }
  const error = words[review.status] ?? {
    type: 'withdrawn',
    message: `Review ${review.id} was withdrawn${reason === undefined ? '.' : `: ${reason}`}`,
    retryable: false,
  }
  const after = end(job, error, ctx.at)
  settleJob(ctx, after)
  ctx.record({
    action: 'job.fail',
    subject: jobSubject(job),
    job_id: job.id,
    worker_id: job.worker_id,
    capability: job.spec.capability,
    summary: `${error.type}: review ${review.id} is ${review.status}`,
  })
  if (job.stream) closeStream(ctx, after, '')
}

/** Reviews processed in one sweep; the duty runs again for the rest. */
const atOnce = 500

/**
 * Sends reminders and escalations and expires reviews without a decision. After a long hibernation, several steps of one review may be due
 * at once.
 */
function elapseReviews(ctx: CommandContext): void {
  for (const due of ctx.store.reviews.due(ctx.at, atOnce)) {
    let elapsed = applyTime(due, ctx.at)
    while (elapsed !== undefined) {
      const { review, step } = elapsed
      ctx.store.reviews.update(review)
      const left = Math.round((review.expires_at - ctx.at) / 3_600_000)
      recordReview(ctx, review, step, step === 'expire' ? 'expired without a decision' : `undecided, expires in ${left} h`, {
        actor: systemActor,
      })
      if (step === 'expire') settled(ctx, review)
      else queueReviewEvent(ctx, step === 'escalate' ? 'review.escalated' : 'review.reminded', review)
      elapsed = applyTime(review, ctx.at)
    }
  }
}

export const reviewDuty: Duty = { next: ({ store }) => store.reviews.nextDue(), run: elapseReviews }
