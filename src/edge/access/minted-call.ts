/** Responsible for operations that create a token: mint it, have the object store hash and ciphertext, answer with the view's address. */
import type { Parsed, TenantOperationId } from '@modelreins/contract'
import type { Exchange, Reply } from '../exchange.ts'
import { signingKeys } from './gatekeeper.ts'
import { type MintRequest, mint } from './mint.ts'
import { perform, tenantOf } from '../tenant-call.ts'

type MintingOperationId = Extract<TenantOperationId, 'members.create' | 'members.rotate' | 'workers.register' | 'workers.rotate'>

/** Performs the operation with a new token; `name` is null when the token replaces an earlier one. */
export async function performMinted<Id extends MintingOperationId>(
  exchange: Exchange,
  operation: Id,
  input: Parsed<Id>,
  who: Pick<MintRequest, 'kind' | 'name'>,
): Promise<Reply> {
  const keys = signingKeys(exchange)
  if (!keys.ok) return keys
  const { ports, origin } = exchange
  const sealed = await mint({ ...who, tenant: tenantOf(exchange) ?? '', origin }, keys.value[0], ports.random)
  const reply = await perform(exchange, operation, input, { minted: sealed.minted })
  return reply.ok ? { ...reply, value: { ...reply.value, view_url: sealed.view_url } } : reply
}
