/**
 * Responsible for the WebAuthn options and the text that a member's passkey signs for one decision. A decision that would be refused anyway
 * is refused here.
 */
import { Buffer } from 'node:buffer'
import { limits, signedDecisionText } from '@modelreins/contract'
import type { Output, Parsed } from '@modelreins/contract'
import { fail, ok } from '../../../../src/domain/result.ts'
import type { Result } from '../../../../src/domain/result.ts'
import { newChallenge } from '../../../../src/domain/session/challenge.ts'
import type { CommandContext } from '../../kernel/context.ts'
import { decisionToSign } from '../signature.ts'
import { prepareDecision } from './decide.ts'

type Reply = Output<'reviews.signing_options'>

/** `options` go to `navigator.credentials.get`; `nonce` is returned with the signature and expires after `limits.challenge_ms`. */
export function signingOptions(ctx: CommandContext, input: Parsed<'reviews.signing_options'>): Result<Reply> {
  const prepared = prepareDecision(ctx, input)
  if (!prepared.ok) return prepared
  const { member, review, word, decided } = prepared.value
  if (decided.change === 'none') return fail('wrong-state', `You have decided review ${review.id} like this already.`)
  const { visit } = ctx
  if (visit === undefined) throw new Error('The edge told nothing of the visit')
  const passkeys = ctx.store.sessions.passkeysOf(member.member_id)
  if (passkeys.length === 0)
    return fail('signature-required', `${member.name} has no passkey to sign with. Add one in the dashboard under Settings, Sign-in.`)
  const nonce = newChallenge('decide', member.member_id, ctx.randomText(32), ctx.at, ctx.key)
  const text = signedDecisionText(ctx.tenant, decisionToSign(ctx, review, word, nonce))
  return ok({
    options: {
      challenge: Buffer.from(ctx.sha256(text), 'hex').toString('base64url'),
      rpId: visit.rp_id,
      timeout: limits.challenge_ms,
      userVerification: 'required',
      allowCredentials: passkeys.map((row) => ({ type: 'public-key' as const, id: row.credential_id })),
    },
    text,
    nonce,
    // The cast is safe: the payload arrived as JSON.
    edited:
      word.edit === undefined ? null : { payload: word.edit.payload as NonNullable<Reply['edited']>['payload'], digest: word.edit.digest },
  })
}
