/**
 * Responsible for finding the tenant object of a one-time view, and for checking who may open it: access logs and link previews contain the
 * id, so the caller must prove that they have the key. The object performs the reveal.
 */
import { parseViewId, viewProofPrefix } from '@modelreins/contract'
import { type Result, fail, ok } from '../../domain/result.ts'
import { isMacValid, equalInConstantTime } from '../../domain/access/token.ts'
import type { Exchange, Reply } from '../exchange.ts'
import { signingKeys } from '../access/gatekeeper.ts'
import { commitment } from '../access/mint.ts'
import { callObject } from '../tenant-call.ts'

/** True for a request from a page of another site, by the headers that browsers send; other programs send none. */
function fromElsewhere({ request, origin }: Pick<Exchange, 'request' | 'origin'>): boolean {
  const site = request.headers.get('sec-fetch-site')
  if (site !== null) return site !== 'same-origin' && site !== 'none'
  const from = request.headers.get('origin')
  return from !== null && from !== origin
}

const nothingUsed = 'Nothing has been used up.'

/**
 * Checks the proof of the key. Older programs send none; the JSON content type distinguishes them from link scanners and from pages of other
 * sites, which cannot send it. The ids of older views contain no commitment, so their proof cannot be checked.
 */
function mayReveal(exchange: Exchange<'views.reveal'>, middle: string): Result<null> {
  const { proof } = exchange.input
  if (proof !== undefined && middle.startsWith(viewProofPrefix)) {
    return equalInConstantTime(commitment(proof), middle)
      ? ok(null)
      : fail('forbidden', `The key in the URL does not match this view. ${nothingUsed}`)
  }
  if (exchange.env.MODELREINS_VIEW_PROOF === 'required' && middle.startsWith(viewProofPrefix))
    return fail('forbidden', `Send the \`proof\` of the key that the address has behind the #. ${nothingUsed}`)
  const json = exchange.request.headers.get('content-type')?.toLowerCase().startsWith('application/json') === true
  if (json && !fromElsewhere(exchange)) return ok(null)
  return fail('forbidden', `Send JSON with the \`proof\` of the key that the address has behind the #. ${nothingUsed}`)
}

/** Reveals a view. An id without a valid MAC was never issued, so no object is called for it. */
export async function revealView(exchange: Exchange<'views.reveal'>): Promise<Reply> {
  const { input, env, ports, request_id } = exchange
  const keys = signingKeys(exchange)
  if (!keys.ok) return keys
  const view = parseViewId(input.view_id)
  if (view === undefined || !isMacValid(view.signed, view.mac, keys.value)) return fail('not-found', 'There is no such view.')
  const allowed = mayReveal(exchange, view.middle)
  if (!allowed.ok) return allowed
  const call = { operation: 'views.reveal', input, credential: { kind: 'none' }, request_id } as const
  const about = { object: 'tenant', operation: exchange.id, idempotent: false } as const
  return callObject(exchange, about, () => ports.tenant(env, view.tenant).perform(call))
}
