/** Responsible for decisions that a member signs with a passkey, as they are kept with the audit row. */
import * as z from 'zod'

/** What a decision may be; the order is the one people see. */
export const verdicts = ['approve', 'deny', 'edit', 'respond'] as const
export const verdict = z.enum(verdicts)
export type Verdict = z.infer<typeof verdict>

const sha256 = z.string().regex(/^[0-9a-f]{64}$/)

const signedFields = {
  review_id: z.number().int(),
  /** Of the payload that the member read. */
  digest: sha256,
  verdict,
  /** With `edit`: of what is to run instead; else null. */
  edited_digest: sha256.nullable(),
  /** SHA-256 of the comment as UTF-8; null without one. */
  comment_digest: sha256.nullable(),
  /** Narrower terms of a grant for a session; null: those of the policy. */
  grant: z.object({ ttl_ms: z.number().int().nullable(), uses: z.number().int().nullable() }).nullable(),
  /** Issued by the server, good once, for five minutes. */
  nonce: z.string(),
}

/** What the member decided, without who they are: the passkey says that. */
const decided = z.object(signedFields)
export type SignedDecision = z.infer<typeof decided>

/** The signature of one decision, with everything that checking it takes. All binary fields are base64url without padding. */
export const decisionProof = z
  .object({
    ...signedFields,
    passkey_id: z.string(),
    /** As it was called then; not signed. */
    passkey_name: z.string(),
    /** COSE algorithm: -7 ES256, -8 EdDSA, -257 RS256. */
    algorithm: z.number().int(),
    /** SubjectPublicKeyInfo, DER. Its SHA-256 (of this very text) is the digest of the row `passkey.create`. */
    public_key: z.string(),
    /** The assertion (WebAuthn level 3): `signature` is over `authenticator_data` and the SHA-256 of `client_data`. */
    client_data: z.string(),
    authenticator_data: z.string(),
    signature: z.string(),
  })
  .meta({ id: 'DecisionProof' })
export type DecisionProof = z.infer<typeof decisionProof>
