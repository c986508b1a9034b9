/** Responsible for the text that a passkey signs for a decision. It does not hash the text, because the contract has no cryptography. */
import { canonicalJson } from './canonical-json.ts'
import type { SignedDecision } from './signed-decision.ts'

/** The challenge of the assertion is the SHA-256 of this text: RFC 8785 of a label, the tenant and the fields that are signed. */
export function signedDecisionText(tenant: string, of: SignedDecision): string {
  return canonicalJson({
    // Keeps these signatures distinct from all others that a passkey of the same origin may make.
    label: 'modelreins/signed-decision/1',
    tenant,
    review_id: of.review_id,
    digest: of.digest,
    verdict: of.verdict,
    edited_digest: of.edited_digest,
    comment_digest: of.comment_digest,
    grant: of.grant === null ? null : { ttl_ms: of.grant.ttl_ms, uses: of.grant.uses },
    nonce: of.nonce,
  })
}
