/**
 * Responsible for signatures of decisions: whether a review needs one, which text a member's passkey signs, and verifying the signature. It
 * does not decide whether the decision is allowed.
 */
import { Buffer } from 'node:buffer'
import { signedDecisionText } from '@modelreins/contract'
import type { Capability, DecisionProof, Parsed, SignedDecision } from '@modelreins/contract'
import { fail, ok } from '../../../src/domain/result.ts'
import type { Result } from '../../../src/domain/result.ts'
import type { DecisionInput, ReviewRecord } from '../../../src/domain/review/review.ts'
import { declared } from '../../../src/domain/review/risk.ts'
import { readChallenge } from '../../../src/domain/session/challenge.ts'
import type { Caller, CommandContext } from '../kernel/context.ts'
import type { WorkerRecord } from '../queue/workforce/worker-store.ts'
import { checkAssertion, rpIdHash } from '../sessions/webauthn-response.ts'
import { policyFor } from './policy.ts'

type Member = Extract<Caller, { kind: 'member' }>['member']
type Signature = NonNullable<Parsed<'reviews.decide'>['signature']>

/** The worker of a review, and the review's capability as that worker declares it today. */
export function currentlyDeclared(
  ctx: Pick<CommandContext, 'store'>,
  review: Pick<ReviewRecord, 'worker_id' | 'capability'>,
): { readonly worker: WorkerRecord | undefined; readonly item: Capability | undefined } {
  const worker = review.worker_id === null ? undefined : ctx.store.workers.get(review.worker_id)
  const item = worker === undefined || review.capability === null ? undefined : declared(worker.capabilities, review.capability)
  return { worker, item }
}

/**
 * True if the review's own policy or the current one demands signatures: an unsigned approval could not start the job under the current
 * policy.
 */
export const isSignatureDemanded = (
  ctx: Pick<CommandContext, 'store'>,
  review: Pick<ReviewRecord, 'policy' | 'worker_id' | 'capability'>,
): boolean => review.policy.signed === true || policyFor(ctx, currentlyDeclared(ctx, review).item).signed === true

/** The content to sign: the digest of the payload as it was read, that of the edited one, and the verdict with its comment. */
export function decisionToSign(ctx: CommandContext, review: ReviewRecord, word: DecisionInput, nonce: string): SignedDecision {
  return {
    review_id: review.id,
    digest: review.digest,
    verdict: word.verdict,
    edited_digest: word.edit?.digest ?? null,
    comment_digest: word.comment === null ? null : ctx.sha256(word.comment),
    grant: word.grant ?? null,
    nonce,
  }
}

function demand(ctx: CommandContext, review: ReviewRecord, member: Member): Result<never> {
  const whose = review.capability === null ? `Review ${review.id}` : `The policy of ${review.capability}`
  const first = ctx.store.sessions.passkeysOf(member.member_id).length > 0 ? '' : ' (you have none yet: add one under Settings, Sign-in)'
  return fail(
    'signature-required',
    `${whose} takes only decisions that are signed with a passkey. Open /reviews/${review.id} in the dashboard, signed in as ${member.name}, ` +
      `and decide there with your passkey${first}. Keys, the command line and bulk decisions cannot sign. Nothing was decided.`,
  )
}

/** The proof of a decision that is about to be written; undefined when it is not signed and need not be. The challenge is used up here. */
export function proofFor(
  ctx: CommandContext,
  of: { readonly member: Member; readonly review: ReviewRecord; readonly word: DecisionInput },
  signature: Signature | undefined,
): Result<DecisionProof | undefined> {
  const { member, review, word } = of
  if (signature === undefined) return isSignatureDemanded(ctx, review) ? demand(ctx, review, member) : ok(undefined)
  const { visit } = ctx
  if (visit === undefined) throw new Error('The edge told nothing of the visit')
  const refused = (why: string): Result<never> =>
    fail('signature-required', `The signature was not accepted: ${why}. Nothing was decided; decide again.`)
  const { nonce, credential } = signature
  const passkey = ctx.store.sessions.passkeyByCredential(credential.rawId)
  if (passkey === undefined || passkey.member_id !== member.member_id) return refused(`it is not by a passkey of ${member.name}`)
  const challenge = readChallenge(nonce, 'decide', member.member_id, ctx.at, [ctx.key])
  if (challenge === undefined) return refused('its challenge is not one of ours, or is older than five minutes')
  const signed = decisionToSign(ctx, review, word, nonce)
  const wanted = Buffer.from(ctx.sha256(signedDecisionText(ctx.tenant, signed)), 'hex').toString('latin1')
  const checked = checkAssertion(credential, passkey, {
    origin: visit.origin,
    rpIdHash: rpIdHash(visit.rp_id),
    challenge: (text) => text === wanted && ctx.store.sessions.useChallenge(challenge.nonce, challenge.expires_at),
  })
  if (!checked.ok) return refused(checked.reason)
  ctx.store.sessions.updatePasskey(passkey.passkey_id, { sign_count: checked.value.sign_count, last_used_at: ctx.at })
  return ok({
    ...signed,
    passkey_id: passkey.passkey_id,
    passkey_name: passkey.name,
    algorithm: passkey.algorithm,
    public_key: passkey.public_key,
    client_data: credential.response.clientDataJSON,
    authenticator_data: credential.response.authenticatorData,
    signature: credential.response.signature,
  })
}
