/**
 * Responsible for the life cycle of a review: pending -> approved | denied | withdrawn | expired | superseded, and approved -> consumed once. An
 * approval that has not been consumed may still be withdrawn or superseded. Every function takes the time and returns a new record.
 */
import { canonicalJson, limits } from '@modelreins/contract'
import type { DecisionProof, ReviewStatus, RiskTier, Verdict } from '@modelreins/contract'
import { fail, ok } from '../result.ts'
import type { Result } from '../result.ts'
import type { ReviewedArtifact } from './review-payload.ts'
import { atLeast } from './risk.ts'
import type { Policy } from './risk.ts'

export interface DecisionRecord {
  /** Decision of the member. */
  readonly verdict: Verdict
  /** Comment for the requester; null without one. */
  readonly comment: string | null
  /** Name of the member at the time of the decision. */
  readonly by: string
  /** Id of the member; decides whether the decision still counts. */
  readonly member_id: string
  /** Time of the decision, milliseconds since 1970. */
  readonly at: number
  /** Digest of the payload that was decided on: a decision on another digest does not count. */
  readonly digest: string
  /** Tier `session`: narrower terms for the grant; absent: those of the policy. */
  readonly grant?: GrantTerms
  /** The schedule that the member approved, in place of this review; absent when they decided the review itself. */
  readonly schedule_id?: string
  /** Signature of the member's passkey; absent when it was not signed. */
  readonly proof?: DecisionProof
}

export interface GrantTerms {
  /** Lifetime of the grant; null: as the policy says. */
  readonly ttl_ms: number | null
  /** Number of uses; null: as the policy says. */
  readonly uses: number | null
}

/** The next thing that time alone does to a pending review. */
export type Step = 'remind' | 'escalate' | 'expire'

export interface ReviewRecord {
  /** Number of the review in its tenant. */
  readonly id: number
  /** State of the review. Only the functions of this module change it. */
  readonly status: ReviewStatus
  /** `dispatch` and `action` gate work, `escalation` settles a job; anything else is what a worker or member submitted. */
  readonly type: string
  /** Title for lists. Fixed at creation. */
  readonly title: string
  /** Text for the reviewer; empty when the payload is sufficient. Fixed at creation. */
  readonly content: string
  /** Preview for the reviewer; null without one. Fixed at creation. */
  readonly preview: string | null
  /** Where the action would take effect, as the requester names it; null without one. */
  readonly target: string | null
  /** Capability that the approval allows; null for submitted content. */
  readonly capability: string | null
  /** What an approval allows to run. Replaced by an edit. */
  readonly payload: unknown
  /** SHA-256 of the canonical JSON of the payload, capability and artifacts. Changes with an edit or an attached artifact. */
  readonly digest: string
  /** Digest of the first request: a repeated call finds its review by it. Fixed at creation. */
  readonly asked_digest: string
  /** Payload before the first edit; absent while nobody has edited. */
  readonly asked_payload?: unknown
  /** Tier under which it was asked; null for submitted content. */
  readonly risk_tier: RiskTier | null
  /** Session that an approval grants; null when it allows one job or action. */
  readonly session: string | null
  /** Policy of the capability when the review was opened. Fixed at creation. */
  readonly policy: Policy
  /** The action cannot be undone; shown to the reviewer. */
  readonly irreversible: boolean
  /** Job that it gates or belongs to; null without one. */
  readonly job_id: number | null
  /** Worker that asked; for a dispatch the assigned worker; null when any may run it. */
  readonly worker_id: string | null
  /** Attempt that asked last; null unless an attempt did. */
  readonly attempt: number | null
  /** Who opened it, as `kind:name`. */
  readonly created_by: string
  /** Ids of the members who asked for the work and may therefore not approve it. */
  readonly requested_by: readonly string[]
  /** Files shown to the reviewer; grows while the review is pending, and each changes the digest. */
  readonly artifacts: readonly ReviewedArtifact[]
  /** All decisions, oldest first; only grows. */
  readonly decisions: readonly DecisionRecord[]
  /** Review that replaced it; null while none did. */
  readonly superseded_by: number | null
  /** Time of creation, milliseconds since 1970. */
  readonly created_at: number
  /** When time alone changes the review, and how; null once it is settled. */
  readonly next: { readonly at: number; readonly step: Step } | null
  /** When a pending review is denied because nobody decided. */
  readonly expires_at: number
  /** Time at which it left `pending`; null before. */
  readonly settled_at: number | null
  /** Time at which an approval was used; null before. */
  readonly consumed_at: number | null
  /** Attempt and call that used the approval; null before. */
  readonly consumed_by: string | null
}

export type ReviewDraft = Pick<
  ReviewRecord,
  | 'id'
  | 'type'
  | 'title'
  | 'content'
  | 'preview'
  | 'target'
  | 'capability'
  | 'payload'
  | 'digest'
  | 'risk_tier'
  | 'session'
  | 'policy'
  | 'irreversible'
  | 'job_id'
  | 'worker_id'
  | 'attempt'
  | 'created_by'
  | 'requested_by'
> &
  Partial<Pick<ReviewRecord, 'artifacts'>>

/** Types whose approval lets work start. The approval is consumed by that. */
export const gatesWork = (type: string): boolean => type === 'dispatch' || type === 'action'

/** Still undecided, or approved and not yet consumed. */
export const isOpen = (review: Pick<ReviewRecord, 'status' | 'type'>): boolean =>
  review.status === 'pending' || (review.status === 'approved' && gatesWork(review.type))

export function openReview(draft: ReviewDraft, at: number): ReviewRecord {
  const last = at + limits.review_deny_ms
  const { on_expiry, ttl_ms } = draft.policy
  const first = at + Math.min(ttl_ms ?? (on_expiry === 'deny' ? limits.review_deny_ms : limits.review_remind_ms), limits.review_deny_ms)
  const step: Step = on_expiry === 'deny' || first >= last ? 'expire' : on_expiry === 'escalate' ? 'escalate' : 'remind'
  return {
    ...draft,
    status: 'pending',
    asked_digest: draft.digest,
    artifacts: draft.artifacts ?? [],
    decisions: [],
    superseded_by: null,
    created_at: at,
    next: { at: first, step },
    expires_at: step === 'expire' ? first : last,
    settled_at: null,
    consumed_at: null,
    consumed_by: null,
  }
}

/** A decision that comes too late is answered with the name of the member who decided first. */
function settledIn(review: ReviewRecord, verb: string): Result<never> {
  const decided = review.status === 'approved' || review.status === 'denied' || review.status === 'consumed'
  const by = decided ? review.decisions.at(-1)?.by : undefined
  const how = review.superseded_by !== null ? ` by review ${review.superseded_by}` : by === undefined ? '' : ` (decided by ${by})`
  return fail('wrong-state', `Review ${review.id} is ${review.status}${how} and cannot be ${verb}.`)
}

/** A `respond` verdict settles an escalation like an approval. For every other type it rejects the request with an explanation. */
const approves = (type: string, verdict: Verdict): boolean =>
  verdict === 'approve' || verdict === 'edit' || (verdict === 'respond' && type === 'escalation')

/** The latest decision of each member who is allowed to decide at present. */
function words(review: ReviewRecord, mayDecide: (memberId: string) => boolean): readonly DecisionRecord[] {
  const last = new Map(review.decisions.map((decision) => [decision.member_id, decision]))
  return [...last.values()].filter((decision) => mayDecide(decision.member_id))
}

function tally(review: ReviewRecord, mayDecide: (memberId: string) => boolean): { readonly approve: number; readonly deny: number } {
  const counted = words(review, mayDecide)
  return {
    approve: counted.filter((word) => approves(review.type, word.verdict) && word.digest === review.digest).length,
    deny: counted.filter((word) => !approves(review.type, word.verdict)).length,
  }
}

/** Whether enough of the members who approved are still allowed to decide. It does not check whether the approval was consumed. */
export const isBacked = (review: ReviewRecord, mayDecide: (memberId: string) => boolean): boolean =>
  tally(review, mayDecide).approve >= review.policy.quorum.approve

/** Whether an approval is still valid: not consumed, and enough of the members who gave it are still allowed to decide. */
export const isApprovalValid = (review: ReviewRecord, mayDecide: (memberId: string) => boolean): boolean =>
  review.status === 'approved' && isBacked(review, mayDecide)

/** The narrowest grant limits that any approving decision named. */
export function grantTerms(review: ReviewRecord): GrantTerms {
  const named = review.decisions.flatMap((word) => (approves(review.type, word.verdict) && word.grant !== undefined ? [word.grant] : []))
  const least = (values: readonly (number | null)[]): number | null => {
    const given = values.filter((value) => value !== null)
    return given.length === 0 ? null : Math.min(...given)
  }
  return { ttl_ms: least(named.map((terms) => terms.ttl_ms)), uses: least(named.map((terms) => terms.uses)) }
}

/** Whether one of the members who approved had also asked for the work. */
export const isSelfApproved = (review: ReviewRecord): boolean =>
  review.decisions.some((word) => approves(review.type, word.verdict) && review.requested_by.includes(word.member_id))

/** How many members approved exactly this payload with a signature. */
export const signedApprovals = (review: ReviewRecord): number =>
  new Set(
    review.decisions
      .filter((word) => word.proof !== undefined && approves(review.type, word.verdict) && word.digest === review.digest)
      .map((word) => word.member_id),
  ).size

/** Whether the approved tier and policy are at least as strict as the worker's present tier and policy. */
export const covers = (review: ReviewRecord, tier: RiskTier, policy: Policy): boolean =>
  atLeast(review.risk_tier, tier) &&
  review.policy.quorum.approve >= policy.quorum.approve &&
  (policy.signed !== true || signedApprovals(review) >= policy.quorum.approve) &&
  (policy.self_approval || !isSelfApproved(review))

export interface DecisionInput {
  readonly verdict: Verdict
  readonly comment: string | null
  readonly by: { readonly member_id: string; readonly name: string }
  readonly at: number
  /** The digest of what the reviewer saw. */
  readonly digest?: string | undefined
  /** With `edit`: the payload to run instead, and its digest. */
  readonly edit?: { readonly payload: unknown; readonly digest: string } | undefined
  readonly grant?: GrantTerms | undefined
}

export interface DecisionResult {
  readonly review: ReviewRecord
  /** `none`: a repetition. `recorded`: the quorum needs more decisions. */
  readonly change: 'none' | 'recorded' | 'settled'
}

/** The same decision by the same member again: a double click, or a retry after a lost answer. */
function isRepeated(review: ReviewRecord, word: DecisionInput): boolean {
  const mine = review.decisions.findLast((decision) => decision.member_id === word.by.member_id)
  if (mine === undefined || mine.verdict !== word.verdict) return false
  // A decision with another comment or other grant limits is a different decision. It must not be treated as a repetition and dropped.
  if (mine.comment !== word.comment || canonicalJson(mine.grant ?? null) !== canonicalJson(word.grant ?? null)) return false
  if (word.verdict === 'edit' && mine.digest !== word.edit?.digest) return false
  if (review.status === 'pending') return mine.digest === review.digest
  return approves(review.type, word.verdict) ? review.status === 'approved' || review.status === 'consumed' : review.status === 'denied'
}

const missing = (path: string, detail: string): Result<never> =>
  fail('invalid-request', detail, { issues: [{ path, message: 'is required' }] })

/**
 * Applies one decision. `selfRefusal`: why this member may not approve their own request; null when they may, or when it is not their own.
 * `mayDecide`: whether a member's earlier decision still counts.
 */
export function decide(
  review: ReviewRecord,
  word: DecisionInput,
  rules: { readonly selfRefusal: string | null; readonly mayDecide: (memberId: string) => boolean },
): Result<DecisionResult> {
  if (isRepeated(review, word)) return ok({ review, change: 'none' })
  if (review.status !== 'pending') return settledIn(review, 'decided')
  const { verdict, edit } = word
  if (word.digest !== undefined && word.digest !== review.digest) {
    return fail('conflict', `Review ${review.id} has changed since you read it: its current digest is ${review.digest}.`)
  }
  if ((verdict === 'deny' || verdict === 'respond') && (word.comment ?? '').trim() === '') {
    return missing(
      'comment',
      verdict === 'deny'
        ? 'A denial needs a `comment` with the reason; the worker reads it.'
        : 'A response needs a `comment` with the answer; the worker reads it.',
    )
  }
  if (verdict === 'edit' && edit === undefined) return missing('payload', 'An edit needs a `payload`: what should run instead.')
  if (rules.selfRefusal !== null && approves(review.type, verdict)) return fail('forbidden', rules.selfRefusal)
  const changed: ReviewRecord =
    verdict === 'edit' && edit !== undefined
      ? { ...review, payload: edit.payload, digest: edit.digest, asked_payload: review.asked_payload ?? review.payload }
      : review
  const decision: DecisionRecord = {
    verdict,
    comment: word.comment,
    by: word.by.name,
    member_id: word.by.member_id,
    at: word.at,
    digest: changed.digest,
    ...(word.grant === undefined ? {} : { grant: word.grant }),
  }
  const after: ReviewRecord = { ...changed, decisions: [...review.decisions, decision] }
  const votes = tally(after, rules.mayDecide)
  if (votes.deny >= review.policy.quorum.deny) return ok({ review: settle(after, 'denied', word.at), change: 'settled' })
  if (votes.approve >= review.policy.quorum.approve) return ok({ review: settle(after, 'approved', word.at), change: 'settled' })
  return ok({ review: after, change: 'recorded' })
}

/** The same result with the signature of the decision that was just made; the caller has verified it. */
export const withProof = (result: DecisionResult, proof: DecisionProof | undefined): DecisionResult => {
  const last = result.review.decisions.at(-1)
  if (proof === undefined || last === undefined) return result
  return { ...result, review: { ...result.review, decisions: [...result.review.decisions.slice(0, -1), { ...last, proof }] } }
}

const settle = (review: ReviewRecord, status: ReviewStatus, at: number): ReviewRecord => ({ ...review, status, settled_at: at, next: null })

/** Withdrawn by the requester, by a member, or because its job has ended. */
export const withdraw = (review: ReviewRecord, at: number): Result<ReviewRecord> =>
  isOpen(review) ? ok(settle(review, 'withdrawn', at)) : settledIn(review, 'withdrawn')

/** The reviewed payload has changed; `by` is the review of the new payload, if there is one. */
export const supersede = (review: ReviewRecord, by: number | null, at: number): Result<ReviewRecord> =>
  isOpen(review) ? ok({ ...settle(review, 'superseded', at), superseded_by: by }) : settledIn(review, 'superseded')

/** Uses the approval up. A second call fails. */
export const consume = (review: ReviewRecord, by: string, at: number): Result<ReviewRecord> =>
  review.status === 'approved' ? ok({ ...review, status: 'consumed', consumed_at: at, consumed_by: by }) : settledIn(review, 'consumed')

/** Adds an artifact to a pending review. This changes the digest, so earlier decisions no longer apply. */
export function attach(review: ReviewRecord, artifact: ReviewedArtifact, digest: string): Result<ReviewRecord> {
  if (review.status !== 'pending') return settledIn(review, 'given an artifact')
  if (review.artifacts.length >= limits.review_artifacts) {
    return fail('conflict', `Review ${review.id} has ${limits.review_artifacts} artifacts already.`)
  }
  return ok({ ...review, artifacts: [...review.artifacts, artifact], digest })
}

/** The effect of time on a pending review so far; undefined when there is none. */
export function applyTime(review: ReviewRecord, at: number): { readonly review: ReviewRecord; readonly step: Step } | undefined {
  if (review.status !== 'pending' || review.next === null || review.next.at > at) return undefined
  const { step } = review.next
  if (step === 'expire') return { review: settle(review, 'expired', at), step }
  return { review: { ...review, next: { at: review.expires_at, step: 'expire' } }, step }
}

/** The review of an erased job: it keeps who decided what and when, on which digest, and no content. */
export const erased = (review: ReviewRecord): ReviewRecord => ({
  ...review,
  title: `Job ${review.job_id}, erased`,
  content: '',
  preview: null,
  target: null,
  payload: null,
  decisions: review.decisions.map((decision) => ({ ...decision, comment: null })),
})
