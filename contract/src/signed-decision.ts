/** Responsible for the shapes of decisions that a member signed with a passkey, as the audit row keeps them. */
import * as z from 'zod'

/** The possible decisions, in the order of display. */
export const verdicts = ['approve', 'deny', 'edit', 'respond'] as const
export const verdict = z.enum(verdicts)
export type Verdict = z.infer<typeof verdict>

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 as 64 lower-case hex digits')

const signedFields = {
  review_id: z.number().int(),
  /** Digest of the payload that the member read. */
  digest: sha256,
  verdict,
  /** With `edit`: digest of the payload to run instead; else null. */
  edited_digest: sha256.nullable(),
  /** SHA-256 of the comment as UTF-8; null without a comment. */
  comment_digest: sha256.nullable(),
  /** Narrower limits for the grant of a session; null: the limits of the policy. */
  grant: z.object({ ttl_ms: z.number().int().nullable(), uses: z.number().int().nullable() }).nullable(),
  /** Issued by the server, valid once, within five minutes. */
  nonce: z.string(),
}

/** The decision without the member who made it: the passkey identifies them. */
const decided = z.object(signedFields)
export type SignedDecision = z.infer<typeof decided>

/** The signature of one decision, with everything that is needed to verify it. All binary fields are base64url without padding. */
export const decisionProof = z
  .object({
    ...signedFields,
    passkey_id: z.string(),
    /** The passkey's name at that time; not signed. */
    passkey_name: z.string(),
    /** COSE algorithm: -7 ES256, -8 EdDSA, -257 RS256. */
    algorithm: z.number().int(),
    /** SubjectPublicKeyInfo, DER. The SHA-256 of this base64url text is the digest of the row `passkey.create`. */
    public_key: z.string(),
    /** The assertion (WebAuthn level 3): `signature` covers `authenticator_data` and the SHA-256 of `client_data`. */
    client_data: z.string(),
    authenticator_data: z.string(),
    signature: z.string(),
  })
  .meta({ id: 'DecisionProof' })
export type DecisionProof = z.infer<typeof decisionProof>
