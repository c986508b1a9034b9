/** Responsible for finding the object of a one-time view; what a reveal does is the object's business. */
import { parseViewId } from '@modelreins/contract'
import { fail } from '../../domain/result.ts'
import { genuine } from '../../domain/access/token.ts'
import type { Exchange, Reply } from '../exchange.ts'
import { signingKeys } from '../access/gatekeeper.ts'
import { callObject } from '../tenant-call.ts'

/** An id whose MAC is not ours was never given out: no object is touched for it. */
export async function revealView(exchange: Exchange<'views.reveal'>): Promise<Reply> {
  const { input, env, ports, request_id } = exchange
  const keys = signingKeys(exchange)
  if (!keys.ok) return keys
  const view = parseViewId(input.view_id)
  if (view === undefined || !genuine(view.signed, view.mac, keys.value)) return fail('not-found', 'There is no such view.')
  const call = { operation: 'views.reveal', input, credential: { kind: 'none' }, request_id } as const
  const about = { object: 'tenant', operation: exchange.id, idempotent: false } as const
  return callObject(exchange, about, () => ports.tenant(env, view.tenant).perform(call))
}
