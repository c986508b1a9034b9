/**
 * Responsible for having a member's passkey sign one decision. The signed text is built here from what is on the screen; the server only adds a nonce
 * and, for an edit, what would run. Nothing is signed when the two differ.
 */
import { canonicalJson, signedDecisionText, type Input, type Output, type Review, type Verdict } from '@modelreins/contract'
import { client } from '../../api/client.ts'
import { askPasskey } from '../../api/passkeys.ts'
import { canonicalText, sha256Hex } from './digest.ts'

export interface Saying {
  readonly verdict: Verdict
  readonly comment?: string
  readonly payload?: Output<'reviews.get'>['payload']
}
type Signature = NonNullable<Input<'reviews.decide'>['signature']>

const base64urlOf = (hex: string): string => {
  const bytes = (hex.match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16))
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')
}

const disagrees = (what: string): Error =>
  new Error(`Nothing was signed: ${what} Reload the page; if it stays like this, do not decide here, and tell an owner.`)

/** The fields of a job that an edit may change; the other fields of the payload stay as the server has them. */
const editable = ['prompt', 'input', 'context_text', 'metadata'] as const
const fieldsOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.fromEntries(Object.entries(value)) : {}

/** Whether the payload that would run is the one that was typed. */
function isWhatWasTyped(review: Review, typed: unknown, whole: unknown): boolean {
  if (review.type !== 'dispatch') return canonicalJson(typed) === canonicalJson(whole)
  const [wanted, is] = [fieldsOf(typed), fieldsOf(whole)]
  return editable.every((name) => wanted[name] === undefined || canonicalJson(wanted[name] ?? null) === canonicalJson(is[name] ?? null))
}

async function editedDigest(review: Review, saying: Saying, edited: Output<'reviews.signing_options'>['edited']): Promise<string | null> {
  if (saying.verdict !== 'edit') return null
  if (edited === null || !isWhatWasTyped(review, saying.payload, edited.payload))
    throw disagrees('the server would run something else than you typed.')
  const text = canonicalText({ ...review, payload: edited.payload })
  return text === undefined ? null : sha256Hex(text)
}

export async function signDecision(review: Review, tenant: string, saying: Saying): Promise<Signature> {
  const shown = canonicalText(review)
  const digest = shown === undefined ? undefined : await sha256Hex(shown)
  if (digest === undefined || digest !== review.digest)
    throw disagrees('the payload on this page does not have the digest that the server names.')
  const { options, nonce, edited } = await client.call('reviews.signing_options', { review_id: review.id, digest, ...saying })
  const text = signedDecisionText(tenant, {
    review_id: review.id,
    digest,
    verdict: saying.verdict,
    edited_digest: await editedDigest(review, saying, edited),
    comment_digest: saying.comment === undefined ? null : await sha256Hex(saying.comment),
    grant: null,
    nonce,
  })
  if (options.challenge !== base64urlOf(await sha256Hex(text)))
    throw disagrees('the server asks to sign something else than this decision.')
  return { nonce, credential: await askPasskey(options) }
}
