/** Responsible for converting stored reviews and grants to the form of the contract. */
import type { Grant, Review } from '@modelreins/contract'
import type { GrantRecord } from '../../../src/domain/review/grant.ts'
import type { ReviewRecord } from '../../../src/domain/review/review.ts'
import { isoTime, isoTimeOrNull } from '../kernel/context.ts'
import { isSignatureDemanded } from './signature.ts'
import { caveatOf } from './caveat.ts'
import type { Seeing } from './caveat.ts'
import { digestOf } from './review-log.ts'
import type { CommandContext } from '../kernel/context.ts'

export function showReview(ctx: Pick<CommandContext, 'sha256'> & Seeing, review: ReviewRecord): Review {
  const caveat = caveatOf(ctx, review)
  const { capability, artifacts, asked_payload } = review
  return {
    id: review.id,
    status: review.status,
    type: review.type,
    title: review.title,
    content: review.content,
    preview: review.preview,
    target: review.target,
    capability,
    payload: review.payload as Review['payload'],
    digest: review.digest,
    edited_from:
      asked_payload === undefined
        ? null
        : { payload: asked_payload as Review['payload'], digest: digestOf(ctx, { capability, payload: asked_payload, artifacts }) },
    risk_tier: review.risk_tier,
    session: review.session,
    irreversible: review.irreversible,
    job_id: review.job_id,
    worker_id: review.worker_id,
    created_by: review.created_by,
    artifacts: artifacts.map((one) => one.slug),
    artifact_digests: artifacts.map((one) => one.sha256),
    decisions: review.decisions.map(({ grant: _, ...word }) => ({ ...word, at: isoTime(word.at) })),
    quorum: { ...review.policy.quorum },
    ...(isSignatureDemanded(ctx, review) ? { signed: 'required' as const } : {}),
    superseded_by: review.superseded_by,
    ...(caveat === undefined ? {} : { caveat }),
    created_at: isoTime(review.created_at),
    expires_at: isoTime(review.expires_at),
    settled_at: isoTimeOrNull(review.settled_at),
    consumed_at: isoTimeOrNull(review.consumed_at),
  }
}

export const showGrant = (grant: GrantRecord): Grant => ({
  ...grant,
  created_at: isoTime(grant.created_at),
  expires_at: isoTime(grant.expires_at),
  revoked_at: isoTimeOrNull(grant.revoked_at),
})
