/** Responsible for the operations on the audit trail: the tenant object authorizes the caller, D1 has the rows, R2 has the signed heads. */
import { askTenant, authorize, tenantOf } from '../tenant-call.ts'
import { exportLines, streamOf } from './export-lines.ts'
import { verifyStep } from './verify-step.ts'
import { type Result, fail, ok } from '../../domain/result.ts'
import type { AuditStatus } from '../../../durable-objects/tenant/call.ts'
import type { Exchange, Reply } from '../exchange.ts'

export async function queryAudit(exchange: Exchange<'audit.query'>): Promise<Reply> {
  const grant = await authorize(exchange)
  if (!grant.ok) return grant
  return exchange.ports.registry(exchange.env).audit.query(grant.value.tenant, exchange.input)
}

/** The audit status, which only the tenant object knows; fails for callers that may not read the trail. */
async function statusOf(exchange: Exchange, sign: boolean): Promise<Result<{ readonly tenant: string; readonly status: AuditStatus }>> {
  const { request_id } = exchange
  const { credential } = exchange.caller
  const tenant = tenantOf(exchange)
  if (tenant === undefined) return fail('forbidden', 'This token does not belong to a tenant.')
  const status = await askTenant(exchange, (gate) => gate.auditStatus({ credential, sign, request_id }), true)
  return status.ok ? ok({ tenant, status: status.value }) : status
}

export async function listHeads(exchange: Exchange<'audit.heads'>): Promise<Reply> {
  const known = await statusOf(exchange, false)
  if (!known.ok) return known
  const { tenant, status } = known.value
  const { limit, cursor } = exchange.input
  const page = await exchange.ports.registry(exchange.env).heads.list(tenant, {
    ...(limit === undefined ? {} : { limit }),
    ...(cursor === undefined ? {} : { cursor }),
  })
  if (!page.ok) return page
  const items = page.value.items.map(({ key_id, ...head }) => ({ ...head, kid: key_id }))
  return ok({ items, next_cursor: page.value.next_cursor, tenant, keys: [status.key] })
}

export async function verifyAudit(exchange: Exchange<'audit.verify'>): Promise<Reply> {
  const known = await statusOf(exchange, false)
  return known.ok ? verifyStep(exchange, { ...known.value, input: exchange.input }) : known
}

/** The numbers of the first and last requested row; the range is empty when the first is greater than the last. */
async function rangeOf(
  exchange: Exchange<'audit.export'>,
  tenant: string,
  newest: number,
): Promise<Result<{ readonly from_seq: number; readonly through_seq: number }>> {
  const { since, until, from_seq = 1, through_seq = newest } = exchange.input
  const { audit } = exchange.ports.registry(exchange.env)
  const first = since === undefined ? undefined : await audit.query(tenant, { since, order: 'asc', limit: 1 })
  if (first !== undefined && !first.ok) return first
  const last = until === undefined ? undefined : await audit.query(tenant, { until, order: 'desc', limit: 1 })
  if (last !== undefined && !last.ok) return last
  const from = Math.max(from_seq, first === undefined ? 1 : (first.value.items[0]?.seq ?? newest + 1))
  const through = Math.min(through_seq, newest, last === undefined ? newest : (last.value.items[0]?.seq ?? 0))
  return ok({ from_seq: from, through_seq: Math.max(through, from - 1) })
}

export async function exportAudit(exchange: Exchange<'audit.export'>): Promise<Reply> {
  const known = await statusOf(exchange, true)
  if (!known.ok) return known
  const { tenant, status } = known.value
  // Leave out rows that were appended after the head, and rows that have not arrived in D1.
  const newest = Math.min(status.head.seq, status.shipped)
  const range = await rangeOf(exchange, tenant, newest)
  if (!range.ok) return range
  const { from_seq, through_seq } = range.value
  const headers = {
    'content-type': 'application/x-ndjson',
    'content-disposition': `attachment; filename="audit-${tenant}-${from_seq}-${through_seq}.ndjson"`,
  }
  return new Response(streamOf(exportLines(exchange, { tenant, ...range.value, newest_seq: newest, key: status.key })), { headers })
}
