/** Responsible for the shapes of reviews, decisions and grants. */
import * as z from 'zod'
import { capabilityName, flag, integer, jsonValue, page, paging, reviewId, refuseMeaningless, seconds, text, time } from './fields.ts'
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
  /** Absent when the decision was not signed with a passkey. */
  proof: decisionProof.optional(),
  /** Present only when the decision comes from an approval of the schedule that dispatched the job, not of this review. */
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
    /** The original request before a reviewer edited it; null when nobody has. */
    edited_from: z.object({ payload: z.json(), digest: z.string() }).nullable(),
    /** The risk tier that required this review; null when none did. */
    risk_tier: riskTier.nullable(),
    /** Tier `session`: an approval makes a grant for this session. */
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
    /** The policy accepts only decisions that are signed with a passkey; absent when it does not. */
    signed: z.literal('required').optional(),
    superseded_by: z.number().int().nullable(),
    /** Why an approval would have no effect at present: no worker could start the work, or no worker would read the answer. */
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
  /** Who asked for it, as a review shows it: `member:NAME` or `worker:NAME`. */
  created_by: z.string().min(1).max(255).optional(),
  ...paging,
})
export const reviewGet = z.strictObject({ review_id: reviewId, wait: integer(0, limits.long_poll_max_s).optional() })
/** The digest of what the reviewer read. A decision with another digest is refused. */
const seenDigest = z.string().regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 as 64 lower-case hex digits')
const decisionFields = z.strictObject({
  review_id: reviewId,
  verdict,
  /** Required with `deny`: the worker reads it. */
  comment: text(4_000).optional(),
  digest: seenDigest.optional(),
  /** With `edit`: the payload to run instead. For a job: {prompt, input, context_text, metadata}; an omitted field is not changed. */
  payload: jsonValue(limits.prompt_bytes + 2 * limits.input_bytes + limits.metadata_bytes).optional(),
  /** Tier `session`: narrower limits for the grant than those of the policy: duration in seconds, and number of uses. */
  grant: z
    .strictObject({ ttl: seconds(limits.grant_max_ms).optional(), uses: z.number().int().min(1).max(1_000_000).optional() })
    .optional(),
})
/** The passkey's answer to the challenge of `reviews.signing_options`, for exactly this decision. */
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
/** On `/api/v1` a decision must contain the digest of what was read. */
export const reviewDecisionRead = signableFields.required({ digest: true }).check(decisionRules)
/** The complete decision that is to be signed, because its comment and payload are part of the signed text. */
export const reviewSigning = decisionFields.required({ digest: true }).check(decisionRules)
export const signingOptions = z
  .object({
    /** The argument of `PublicKeyCredential.parseRequestOptionsFromJSON()`. The challenge is the SHA-256 of `text`. */
    options: requestOptions,
    /** RFC 8785 of everything that is signed (`signedDecisionText`). Compare it with the decision that you intend to sign. */
    text: z.string(),
    nonce: z.string(),
    /** With `edit`: the complete payload that would run, and its digest. */
    edited: z.object({ payload: z.json(), digest: z.string() }).nullable(),
  })
  .meta({ id: 'SigningOptions' })
/** The fields of a job that an edit may change. */
export const jobEdit = jobRequestFields.pick({ prompt: true, input: true, context_text: true, metadata: true }).partial()
export type JobEdit = z.output<typeof jobEdit>
export const reviewWithdrawal = z.strictObject({ review_id: reviewId, comment: text(4_000).optional() })
export const reviewBulkDecision = z.strictObject({
  /** A review whose digest has changed is skipped. */
  review_ids: z
    .array(z.union([reviewId, z.strictObject({ review_id: reviewId, digest: seenDigest })]))
    .min(1)
    .max(100),
  verdict: z.enum(['approve', 'deny']),
  comment: text(4_000).optional(),
})
export const reviewBulkDecisionRead = reviewBulkDecision.extend({
  review_ids: z
    .array(
      z.strictObject(
        { review_id: reviewId, digest: seenDigest },
        { error: 'must be an object with review_id and the digest that was read' },
      ),
    )
    .min(1)
    .max(100),
})
export const reviewBulkReply = z.object({
  decided: z.array(z.number().int()),
  left_out: z.array(z.object({ review_id: z.number().int(), reason: z.string() })),
})

/** The request behind `ctx.authorize(capability, action)`, made with the attempt's lease token. */
export const authorization = z.strictObject({
  job_id: integer(1, Number.MAX_SAFE_INTEGER),
  capability: capabilityName,
  action: jsonValue(limits.input_bytes),
  title: text(500).optional(),
  irreversible: flag.optional(),
  wait: integer(0, limits.long_poll_max_s).optional(),
  /**
   * Different for each action and equal in all repetitions of one call. A repeated call gets the lost answer again, while a second action needs its
   * own decision even if its bytes are the same.
   */
  idempotency_key: z.string().min(1).max(200).optional(),
})
export const authorizationReply = z.object({
  outcome: z.enum(['allowed', 'waiting', 'refused']),
  review_id: z.number().int().nullable(),
  grant_id: z.string().nullable(),
  /** The action as approved, which may contain an edit. */
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
    /** The review whose approval made the grant. */
    review_id: z.number().int(),
    created_at: time,
    expires_at: time,
    revoked_at: time.nullable(),
  })
  .meta({ id: 'Grant' })
export type Grant = z.infer<typeof grant>
export const grantPage = page(grant)
/** `session`: as a grant writes it, `thread:<id>` or `process:<instance>`. Without `include_ended`: only grants that are still usable. */
export const grantList = z.strictObject({ session: z.string().min(1).max(300).optional(), include_ended: flag.optional(), ...paging })
export const grantRevoke = z.strictObject({ grant_id: publicId('/api/v1/grants') })
