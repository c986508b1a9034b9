/** Responsible for reviews, decisions and grants as callers see them. */
import * as z from 'zod'
import { capabilityName, flag, integer, jsonValue, page, paging, refuseMeaningless, seconds, text, time } from './fields.ts'
import { publicId } from './ids.ts'
import { jobRequestFields } from './job.ts'
import { limits } from './limits.ts'
import { assertionCredential, requestOptions } from './session.ts'
import { decisionProof, verdict } from './signed-decision.ts'
import { riskTier } from './worker.ts'

export const reviewStatuses = ['pending', 'approved', 'denied', 'withdrawn', 'expired', 'superseded', 'consumed'] as const
export const reviewStatus = z.enum(reviewStatuses)
export type ReviewStatus = z.infer<typeof reviewStatus>

export const decision = z.object({
  verdict,
  comment: z.string().nullable(),
  by: z.string(),
  member_id: z.string(),
  at: time,
  digest: z.string(),
  /** Absent when it was not signed with a passkey. */
  proof: decisionProof.optional(),
  /** Absent unless the member said it of the schedule that dispatched the job, not of this review. */
  schedule_id: z.string().optional(),
})
export type Decision = z.infer<typeof decision>

export const review = z
  .object({
    id: z.number().int(),
    status: reviewStatus,
    /** `dispatch` and `action` gate work; `content` and `escalation` are what workers submit. */
    type: z.string(),
    title: z.string(),
    content: z.string(),
    preview: z.string().nullable(),
    target: z.string().nullable(),
    capability: z.string().nullable(),
    payload: z.json(),
    /** SHA-256 of the canonical JSON (RFC 8785) of capability, payload and artifact digests, in hex. */
    digest: z.string(),
    /** What was asked for before a reviewer edited it; null when nobody has. */
    edited_from: z.object({ payload: z.json(), digest: z.string() }).nullable(),
    /** The tier that asked for this review; null when no tier did. */
    risk_tier: riskTier.nullable(),
    /** Tier `session`: approving makes a grant for this session. */
    session: z.string().nullable(),
    irreversible: z.boolean(),
    job_id: z.number().int().nullable(),
    worker_id: z.string().nullable(),
    created_by: z.string(),
    /** Slugs; `artifact_digests` has the SHA-256 of each, in the same order. */
    artifacts: z.array(z.string()),
    artifact_digests: z.array(z.string()),
    decisions: z.array(decision),
    quorum: z.object({ approve: z.number().int(), deny: z.number().int() }),
    /** The policy takes only decisions that are signed with a passkey; absent when it does not. */
    signed: z.literal('required').optional(),
    superseded_by: z.number().int().nullable(),
    /** What an approval will not achieve as things are: nobody could start the work, or nobody would read the answer. */
    caveat: z.string().optional(),
    created_at: time,
    expires_at: time.nullable(),
    settled_at: time.nullable(),
    consumed_at: time.nullable(),
  })
  .meta({ id: 'Review' })
export type Review = z.infer<typeof review>
export const reviewPage = page(review)

export const reviewSubmission = z.strictObject({
  type: z.string().min(1).max(60).optional(),
  title: text(500).min(1),
  content: text(limits.input_bytes).optional(),
  preview: text(limits.input_bytes).optional(),
  target: text(2_000).optional(),
  payload: jsonValue(limits.input_bytes).optional(),
  capability: capabilityName.optional(),
  irreversible: flag.optional(),
  job_id: integer(1, Number.MAX_SAFE_INTEGER).optional(),
  created_by: z.string().max(255).optional(),
  idempotency_key: z.string().min(1).max(200).optional(),
})
export const reviewList = z.strictObject({
  status: z.preprocess((value) => (typeof value === 'string' ? value.split(',') : value), z.array(reviewStatus).max(7)).optional(),
  job_id: integer(1, Number.MAX_SAFE_INTEGER).optional(),
  capability: capabilityName.optional(),
  type: z.string().min(1).max(60).optional(),
  /** As a review shows it: `member:NAME` or `worker:NAME`. */
  created_by: z.string().min(1).max(255).optional(),
  ...paging,
})
export const reviewId = integer(1, Number.MAX_SAFE_INTEGER)
export const reviewGet = z.strictObject({ review_id: reviewId, wait: integer(0, limits.long_poll_max_s).optional() })
/** What the reviewer saw. A decision about anything else is refused. */
const seenDigest = z.string().regex(/^[0-9a-f]{64}$/)
const decisionFields = z.strictObject({
  review_id: reviewId,
  verdict,
  /** Required to deny: the worker reads it. */
  comment: text(4_000).optional(),
  digest: seenDigest.optional(),
  /** With `edit`: what is to run instead. Of a job: {prompt, input, context_text, metadata}; what is left out stays as it was. */
  payload: jsonValue(limits.prompt_bytes + 2 * limits.input_bytes + limits.metadata_bytes).optional(),
  /** Tier `session`: narrower terms for the grant than the policy's: seconds, and uses. */
  grant: z
    .strictObject({ ttl: seconds(limits.grant_max_ms).optional(), uses: z.number().int().min(1).max(1_000_000).optional() })
    .optional(),
})
/** The answer of a passkey to the challenge of `reviews.signing_options`, for the very same decision. */
const decisionSignature = z.strictObject({ nonce: z.string().min(1).max(300), credential: assertionCredential })
const signableFields = decisionFields.extend({ signature: decisionSignature.optional() })
const decisionRules = refuseMeaningless<z.output<typeof decisionFields>>(
  {
    field: 'payload',
    when: ({ verdict: said }) => said !== 'edit',
    message: 'is for the verdict `edit`; `approve` releases the payload unchanged',
  },
  {
    field: 'grant',
    when: ({ verdict: said }) => said !== 'approve' && said !== 'edit',
    message: 'goes with the verdicts approve and edit: nothing else makes a grant',
  },
)
export const reviewDecision = signableFields.check(decisionRules)
/** On `/api/v1` a decision needs the digest of what was read. */
export const reviewDecisionRead = signableFields.required({ digest: true }).check(decisionRules)
/** The decision that is to be signed, whole: its comment and its payload are part of what is signed. */
export const reviewSigning = decisionFields.required({ digest: true }).check(decisionRules)
export const signingOptions = z
  .object({
    /** For `PublicKeyCredential.parseRequestOptionsFromJSON()`. The challenge is the SHA-256 of `text`. */
    options: requestOptions,
    /** RFC 8785 of everything that is signed (`signedDecisionText`): compare it with what you mean to sign. */
    text: z.string(),
    nonce: z.string(),
    /** With `edit`: what would run, whole, and its digest. */
    edited: z.object({ payload: z.json(), digest: z.string() }).nullable(),
  })
  .meta({ id: 'SigningOptions' })
/** What an edit may change of a job. */
export const jobEdit = jobRequestFields.pick({ prompt: true, input: true, context_text: true, metadata: true }).partial()
export type JobEdit = z.output<typeof jobEdit>
export const reviewWithdrawal = z.strictObject({ review_id: reviewId, comment: text(4_000).optional() })
export const reviewBulkDecision = z.strictObject({
  /** A review whose digest has moved is left out. */
  review_ids: z
    .array(z.union([reviewId, z.strictObject({ review_id: reviewId, digest: seenDigest })]))
    .min(1)
    .max(100),
  verdict: z.enum(['approve', 'deny']),
  comment: text(4_000).optional(),
})
export const reviewBulkDecisionRead = reviewBulkDecision.extend({
  review_ids: z
    .array(z.strictObject({ review_id: reviewId, digest: seenDigest }, { error: 'give review_id and the digest that was read' }))
    .min(1)
    .max(100),
})
export const reviewBulkReply = z.object({
  decided: z.array(z.number().int()),
  left_out: z.array(z.object({ review_id: z.number().int(), reason: z.string() })),
})

/** `ctx.authorize(capability, action)`: asked with the attempt's lease token. */
export const authorization = z.strictObject({
  job_id: integer(1, Number.MAX_SAFE_INTEGER),
  capability: capabilityName,
  action: jsonValue(limits.input_bytes),
  title: text(500).optional(),
  irreversible: flag.optional(),
  wait: integer(0, limits.long_poll_max_s).optional(),
  /**
   * New for each action, the same in every repetition of one call: an answer that was lost is given again, while a second action,
   * alike to the last byte, needs a decision of its own.
   */
  idempotency_key: z.string().min(1).max(200).optional(),
})
export const authorizationReply = z.object({
  outcome: z.enum(['allowed', 'waiting', 'refused']),
  review_id: z.number().int().nullable(),
  grant_id: z.string().nullable(),
  /** The action as approved: an edit changes it. */
  action: z.json(),
  comment: z.string().nullable(),
})

export const grant = z
  .object({
    grant_id: z.string(),
    worker_id: z.string(),
    capability: z.string(),
    session: z.string(),
    uses: z.number().int(),
    max_uses: z.number().int().nullable(),
    granted_by: z.string(),
    /** The review whose approval made it. */
    review_id: z.number().int(),
    created_at: time,
    expires_at: time,
    revoked_at: time.nullable(),
  })
  .meta({ id: 'Grant' })
export type Grant = z.infer<typeof grant>
export const grantPage = page(grant)
/** `session`: as a grant spells it, `thread:<id>` or `process:<instance>`. Without `include_ended`, grants that still let something pass. */
export const grantList = z.strictObject({ session: z.string().min(1).max(300).optional(), include_ended: flag.optional(), ...paging })
export const grantRevoke = z.strictObject({ grant_id: publicId })
