/**
 * Responsible for the signatures of decisions: whether a review takes none without, what exactly a member's passkey has to sign, and checking
 * what it signed. Whether the decision itself is allowed is for others.
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

/** The capability of a review on the worker that it is about, as it is declared today. */
export function currentlyDeclared(
  ctx: Pick<CommandContext, 'store'>,
  review: Pick<ReviewRecord, 'worker_id' | 'capability'>,
): { readonly worker: WorkerRecord | undefined; readonly item: Capability | undefined } {
  const worker = review.worker_id === null ? undefined : ctx.store.workers.get(review.worker_id)
  const item = worker === undefined || review.capability === null ? undefined : declared(worker.capabilities, review.capability)
  return { worker, item }
}

/** By the policy that the review was opened under, or by the one of today: what was approved under the first would not start under the other. */
export const isSignatureDemanded = (
  ctx: Pick<CommandContext, 'store'>,
  review: Pick<ReviewRecord, 'policy' | 'worker_id' | 'capability'>,
): boolean => review.policy.signed === true || policyFor(ctx, currentlyDeclared(ctx, review).item).signed === true

/** What there is to sign: the payload as it was read, what is made of it, and the words that go with it. */
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

/** The proof of a decision that is about to be written; undefined when it is not signed and need not be. A challenge is spent here. */
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
