/** Responsible for the audit search: the tenant object says whether the caller may, D1 has the rows. */
import type { Exchange, Reply } from '../exchange.ts'
import { authorize } from '../tenant-call.ts'

export async function queryAudit(exchange: Exchange<'audit.query'>): Promise<Reply> {
  const grant = await authorize(exchange)
  if (!grant.ok) return grant
  return exchange.ports.registry(exchange.env).audit.query(grant.value.tenant, exchange.input)
}
