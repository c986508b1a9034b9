/** Responsible for reading the audit chain: by whom, what, when, on which job, by which worker. */
import type { AuditRow, DecisionProof, auditQuery } from '@modelreins/contract'
import { actorKind } from '@modelreins/contract'
import { and, asc, desc, eq, gt, gte, lt, lte, sql, type SQL } from 'drizzle-orm'
import type * as z from 'zod'
import { countingCursor } from '../domain/cursor.ts'
import { ok, type Result } from '../domain/result.ts'
import { idsOf, isOneOf } from './names.ts'
import { callD1, pageLimit, pageOf, type Page, type RegistryDb } from './page.ts'
import { audit, auditHours } from './schema.ts'

export type AuditQuery = z.output<typeof auditQuery>

export interface RegistryAudit {
  /** In the chain's order, newest first unless `order` is `asc`. `since` is inclusive, `until` is not: ranges tile. */
  query(tenant: string, query: AuditQuery): Promise<Result<Page<AuditRow>>>
  /** Rows `after < seq <= through`, ascending, at most `limit` (1,000 at most): for export and verification. */
  range(
    tenant: string,
    range: { readonly after: number; readonly through?: number; readonly limit?: number },
  ): Promise<Result<readonly AuditRow[]>>
  /** Highest sequence without a hole below it; 0 when nothing is stored. */
  shippedSeq(tenant: string): Promise<Result<number>>
}

const rangeMax = 1_000
export const hourOf = (time: string): number => Math.floor(Date.parse(time) / 3_600_000)
/** Rows hold times with milliseconds; a query may spell one otherwise. */
const spelled = (time: string): string => new Date(time).toISOString()

/** As it was shipped, with every field: the row's hash is over all of them. */
const proofOf = (json: string): DecisionProof => JSON.parse(json)

const whole = (row: typeof audit.$inferSelect): AuditRow => ({
  seq: row.seq,
  at: row.at,
  actor: { kind: actorKind.parse(row.actor_kind), id: row.actor_id, name: row.actor_name },
  action: row.action,
  subject: row.subject,
  job_id: row.job_id,
  worker_id: row.worker_id,
  capability: row.capability,
  risk_tier: row.risk_tier,
  digest: row.digest,
  summary: row.summary,
  ...(row.proof === null ? {} : { proof: proofOf(row.proof) }),
  prev_hash: row.prev_hash,
  hash: row.hash,
  mac: row.mac,
})

/** The hours bound the sequences that can lie in the range; `at` decides. No such hour is NULL, and NULL matches nothing. */
function during(tenant: string, query: AuditQuery): SQL | undefined {
  const { since, until } = query
  const first = sql`(SELECT min(${auditHours.first_seq}) FROM ${auditHours} WHERE ${auditHours.tenant} = ${tenant} AND ${auditHours.hour} >= `
  const last = sql`(SELECT max(${auditHours.last_seq}) FROM ${auditHours} WHERE ${auditHours.tenant} = ${tenant} AND ${auditHours.hour} <= `
  return and(
    since === undefined ? undefined : and(sql`likely(${audit.seq} >= ${first}${hourOf(since)}))`, gte(audit.at, spelled(since))),
    until === undefined ? undefined : and(sql`likely(${audit.seq} <= ${last}${hourOf(until)}))`, lt(audit.at, spelled(until))),
  )
}

/**
 * The page as one statement, also for the tests that look at its plan. Bounds on `seq` are `likely`: SQLite would take two of
 * them for as selective as an actor or an action, and walk everybody's rows.
 */
export async function pageQuery(db: RegistryDb, tenant: string, query: AuditQuery, beyond: number | undefined) {
  const ascending = query.order === 'asc'
  const filter = and(
    eq(audit.tenant, tenant),
    beyond === undefined ? undefined : sql`likely(${ascending ? gt(audit.seq, beyond) : lt(audit.seq, beyond)})`,
    query.actor === undefined ? undefined : isOneOf(audit.actor_id, await idsOf(db, tenant, query.actor)),
    query.worker === undefined ? undefined : isOneOf(audit.worker_id, await idsOf(db, tenant, query.worker)),
    query.action === undefined ? undefined : eq(audit.action, query.action),
    query.job_id === undefined ? undefined : eq(audit.job_id, query.job_id),
    query.capability === undefined ? undefined : eq(audit.capability, query.capability),
    during(tenant, query),
  )
  return {
    statement: db
      .select()
      .from(audit)
      .where(filter)
      .orderBy(ascending ? asc(audit.seq) : desc(audit.seq))
      .limit(pageLimit(query.limit) + 1),
  }
}

export const auditOf = (db: RegistryDb): RegistryAudit => ({
  async query(tenant, query) {
    const beyond = countingCursor(query.cursor, undefined)
    if (!beyond.ok) return beyond
    const found = await callD1(async () => (await pageQuery(db, tenant, query, beyond.value)).statement)
    return found.ok ? ok(pageOf(found.value.map(whole), pageLimit(query.limit), (row) => String(row.seq))) : found
  },

  async range(tenant, { after, through, limit }) {
    const found = await callD1(() =>
      db
        .select()
        .from(audit)
        .where(and(eq(audit.tenant, tenant), gt(audit.seq, after), through === undefined ? undefined : lte(audit.seq, through)))
        .orderBy(asc(audit.seq))
        .limit(Math.min(limit ?? rangeMax, rangeMax)),
    )
    return found.ok ? ok(found.value.map(whole)) : found
  },

  shippedSeq: (tenant) => shippedSeq(db.$client, tenant),
})

/** Highest audit sequence of the tenant that is stored without a hole below it; 0 when nothing is. */
export const shippedSeq = (database: D1Database, tenant: string): Promise<Result<number>> =>
  callD1(
    async () => (await database.prepare('SELECT audit_seq FROM shipments WHERE tenant = ?').bind(tenant).first<number>('audit_seq')) ?? 0,
  )
