/**
 * Responsible for writing reviews when they are opened, changed, settled or spent, with the audit row and the notification of waiting
 * calls.
 */
import type { Actor, AuditVerb, DecisionProof, WebhookEvent } from '@modelreins/contract'
import { consume, openReview as opened, supersede, withdraw } from '../../../src/domain/review/review.ts'
import type { ReviewDraft, ReviewRecord } from '../../../src/domain/review/review.ts'
import { reviewedText } from '../../../src/domain/review/review-payload.ts'
import type { Reviewed } from '../../../src/domain/review/review-payload.ts'
import type { JobRecord } from '../../../src/domain/job/job-machine.ts'
import { asWord, isoTime, systemActor } from '../kernel/context.ts'
import type { CommandContext } from '../kernel/context.ts'
import { tellDevices, untellDevices } from '../devices/tell.ts'
import { queueWebhookEvent } from '../webhooks/webhook-queue.ts'
import { mayDecide } from './may-decide.ts'
import { isBarredAsOwn } from './own-work.ts'

export const reviewSubject = (review: Pick<ReviewRecord, 'id'>): string => `review:${review.id}`

/** SHA-256, hexadecimal, of what a reviewer approves. */
export const digestOf = (ctx: Pick<CommandContext, 'sha256'>, reviewed: Reviewed): string => ctx.sha256(reviewedText(reviewed))

/** Writes one audit row about a review. */
export function recordReview(
  ctx: CommandContext,
  review: ReviewRecord,
  action: AuditVerb<'review'>,
  summary: string,
  more: { readonly actor?: Actor | undefined; readonly proof?: DecisionProof | undefined } = {},
): void {
  ctx.record({
    action: `review.${action}`,
    subject: reviewSubject(review),
    job_id: review.job_id,
    worker_id: review.worker_id,
    capability: review.capability,
    risk_tier: review.risk_tier,
    digest: review.digest,
    summary,
    ...(more.actor === undefined ? {} : { actor: more.actor }),
    ...(more.proof === undefined ? {} : { proof: more.proof }),
  })
}

/** Notifies the devices of members who may decide the review; withdraws the notification once it is settled. */
function tellReviewers(ctx: CommandContext, event: WebhookEvent, review: ReviewRecord): void {
  const thing = { what: 'review', id: review.id, again: event !== 'review.created' } as const
  // A member who has decided on the current digest has nothing left to do: the quorum needs another member.
  const hasDecided = (memberId: string): boolean =>
    review.decisions.some((word) => word.member_id === memberId && word.digest === review.digest)
  if (review.status !== 'pending') untellDevices(ctx, thing)
  else tellDevices(ctx, thing, (memberId) => mayDecide(ctx)(memberId) && !hasDecided(memberId) && !isBarredAsOwn(ctx, review, memberId))
}

/** Queues the event for every webhook that subscribes to it, and notifies members' devices. */
export function queueReviewEvent(ctx: CommandContext, event: WebhookEvent, review: ReviewRecord): void {
  tellReviewers(ctx, event, review)
  const worker = review.worker_id === null ? null : (ctx.store.workers.get(review.worker_id)?.name ?? null)
  const last = review.decisions.at(-1)
  const said: Readonly<Record<string, string>> = {
    'review.created': 'waits for a decision',
    'review.reminded': 'still waits for a decision',
    'review.escalated': 'was not decided in time and still waits',
  }
  queueWebhookEvent(ctx, event, `Review ${review.id} ${said[event] ?? `is ${review.status}`}: ${review.title}`, {
    review_id: review.id,
    status: review.status,
    type: review.type,
    title: review.title,
    capability: review.capability,
    risk_tier: review.risk_tier,
    digest: review.digest,
    irreversible: review.irreversible,
    job_id: review.job_id,
    worker,
    created_by: review.created_by,
    decided_by: last?.by ?? null,
    verdict: last?.verdict ?? null,
    expires_at: isoTime(review.expires_at),
    path: `/api/v1/reviews/${review.id}`,
  })
}

/** Additional requesters of a review: the calling member, and the member whose companion asks. */
function askers(ctx: CommandContext, draft: Pick<ReviewDraft, 'type' | 'worker_id'>): readonly string[] {
  // The caller of a dispatch already passes its requesters, and any member may settle an escalation.
  if (draft.type === 'dispatch' || draft.type === 'escalation') return []
  const companion = draft.worker_id === null ? null : (ctx.store.workers.get(draft.worker_id)?.companion_of ?? null)
  return [...(companion === null ? [] : [companion]), ...(ctx.caller.kind === 'member' ? [ctx.caller.actor.id] : [])]
}

type Asked = Omit<ReviewDraft, 'id' | 'digest' | 'created_by'> & { readonly created_by?: string }

/** Opens a review and announces it. */
export function openReview(ctx: CommandContext, asked: Asked): ReviewRecord {
  const review = openQuietly(ctx, asked)
  announceReview(ctx, review)
  return review
}

export const announceReview = (ctx: CommandContext, review: ReviewRecord): void => queueReviewEvent(ctx, 'review.created', review)

/** Opens a review without announcing it, because it may be approved at once. */
export function openQuietly(ctx: CommandContext, asked: Asked): ReviewRecord {
  const draft = { ...asked, requested_by: [...new Set([...asked.requested_by, ...askers(ctx, asked)])] }
  const digest = digestOf(ctx, { capability: draft.capability, payload: draft.payload, artifacts: draft.artifacts ?? [] })
  const { kind, name } = ctx.caller.actor
  const review = opened({ created_by: `${kind}:${name}`, ...draft, id: ctx.store.reviews.nextId(), digest }, ctx.at)
  ctx.store.reviews.insert(review)
  hintDue(ctx, review)
  const tier = review.risk_tier === null ? '' : `, tier ${review.risk_tier}`
  recordReview(ctx, review, 'open', `${asWord(review.type)}${tier}${review.irreversible ? ', irreversible' : ''}`)
  return review
}

function hintDue(ctx: CommandContext, review: ReviewRecord): void {
  const { next } = review
  if (next !== null) ctx.onCommit(() => ctx.live.due.hint(next.at))
}

/** Notifies long-polling calls, the worker's socket and webhooks. */
export function notifyReviewSettled(ctx: CommandContext, review: ReviewRecord): void {
  ctx.after({ kind: 'settled_review', review_id: review.id })
  if (review.worker_id !== null && review.type !== 'dispatch') {
    const { id: review_id, job_id, status } = review
    ctx.after({ kind: 'push', worker_id: review.worker_id, frames: [{ type: 'review', review_id, job_id, status }] })
  }
  queueReviewEvent(ctx, 'review.settled', review)
}

/** Withdraws an open review; the caller handles the job. */
export function withdrawReview(ctx: CommandContext, review: ReviewRecord, why: string, actor?: Actor): ReviewRecord {
  const after = withdraw(review, ctx.at)
  if (!after.ok) return review
  ctx.store.reviews.update(after.value)
  recordReview(ctx, after.value, 'withdraw', why, { actor })
  notifyReviewSettled(ctx, after.value)
  return after.value
}

/** Closes an open review whose subject has changed. `by`: the id of the review that replaces it, or null. */
export function supersedeReview(ctx: CommandContext, review: ReviewRecord, by: number | null, why: string): void {
  const after = supersede(review, by, ctx.at)
  if (!after.ok) return
  ctx.store.reviews.update(after.value)
  recordReview(ctx, after.value, 'supersede', why, { actor: systemActor })
  notifyReviewSettled(ctx, after.value)
}

/** Spends an approval on one attempt. The caller has checked that the approval is valid for it. */
export function spendReview(ctx: CommandContext, review: ReviewRecord, by: string): void {
  const after = consume(review, by, ctx.at)
  // Checked earlier in the same transaction: spending twice is a bug, and must not run anything.
  if (!after.ok) throw new Error(after.failure.detail)
  ctx.store.reviews.update(after.value)
  recordReview(ctx, after.value, 'consume', `spent on ${by.split('/')[0] ?? by}`)
}

/**
 * Withdraws the gating reviews of an ended job, so that no approval outlives it. Reviews that its worker submitted for people to read stay,
 * unless the job was aborted. Returns the withdrawn reviews.
 */
export function withdrawReviewsOf(ctx: CommandContext, job: JobRecord): readonly ReviewRecord[] {
  const aborted = job.outcome?.error?.type === 'aborted'
  return ctx.store.reviews.openOf(job.id).flatMap((open) => {
    const gates = open.type === 'dispatch' || open.type === 'action' || open.type === 'escalation'
    const review = gates || (aborted && open.status === 'pending') ? ctx.store.reviews.get(open.id) : undefined
    return review === undefined
      ? []
      : [withdrawReview(ctx, review, `job ${job.id} ${aborted ? 'was aborted' : `is ${job.status}`}`, systemActor)]
  })
}
