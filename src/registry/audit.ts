/**
 * Responsible for reading the audit chain: by actor, action, time, job and worker. Only a job's rows have an index; a query by actor, worker or
 * action scans the rows (scan.ts).
 */
import type { AuditRow, DecisionProof, auditQuery } from '@modelreins/contract'
import { actorKind } from '@modelreins/contract'
import { and, asc, desc, eq, gt, gte, lt, lte, sql, type SQL } from 'drizzle-orm'
import type * as z from 'zod'
import { countingCursor } from '../domain/cursor.ts'
import { ok, type Result } from '../domain/result.ts'
import { idsOf, isOneOf } from './names.ts'
import { callD1, pageLimit, pageOf, type Page, type RegistryDb } from './page.ts'
import { scan, type Span } from './scan.ts'
import { audit, auditHours } from './schema.ts'

export type AuditQuery = z.output<typeof auditQuery>

export interface RegistryAudit {
  /**
   * In the order of the chain, newest first unless `order` is `asc`. `since` is inclusive and `until` exclusive, so that adjacent ranges share no
   * row. By actor, worker, action or capability a page may be short, or empty, and still have a next page.
   */
  query(tenant: string, query: AuditQuery): Promise<Result<Page<AuditRow>>>
  /** Rows `after < seq <= through`, ascending, at most `limit` (1,000 at most): for export and verification. */
  range(
    tenant: string,
    range: { readonly after: number; readonly through?: number; readonly limit?: number },
  ): Promise<Result<readonly AuditRow[]>>
  /** Highest sequence number below which no row is missing; 0 when nothing is stored. */
  shippedSeq(tenant: string): Promise<Result<number>>
}

const rangeMax = 1_000
export const hourOf = (time: string): number => Math.floor(Date.parse(time) / 3_600_000)
/** Rows store times with milliseconds; a query may write the same time in another form. */
const spelled = (time: string): string => new Date(time).toISOString()

/** Text that is not JSON was not written by this code: it is answered unchanged, and a verification names its row. */
function proofOf(json: string): DecisionProof {
  try {
    return JSON.parse(json)
  } catch {
    // The hash of such a row never matches.
    return json as unknown as DecisionProof
  }
}

/** The row as it was shipped, with every field, because its hash covers all of them. */
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

const hourOfTenant = (tenant: string): SQL => sql`FROM ${auditHours} WHERE ${auditHours.tenant} = ${tenant} AND ${auditHours.hour}`
const firstFrom = (tenant: string, since: string): SQL =>
  sql`(SELECT min(${auditHours.first_seq}) ${hourOfTenant(tenant)} >= ${hourOf(since)})`
const lastUntil = (tenant: string, until: string): SQL =>
  sql`(SELECT max(${auditHours.last_seq}) ${hourOfTenant(tenant)} <= ${hourOf(until)})`

/** The hours limit the possible sequence numbers; `at` decides exactly. If there is no such hour, the bound is NULL, which matches nothing. */
function during(tenant: string, query: AuditQuery): SQL | undefined {
  const { since, until } = query
  return and(
    since === undefined ? undefined : and(sql`likely(${audit.seq} >= ${firstFrom(tenant, since)})`, gte(audit.at, spelled(since))),
    until === undefined ? undefined : and(sql`likely(${audit.seq} <= ${lastUntil(tenant, until)})`, lt(audit.at, spelled(until))),
  )
}

/** Whether the query needs a scan. */
const isWalked = ({ actor, worker, action, capability, job_id }: AuditQuery): boolean =>
  job_id === undefined && (actor ?? worker ?? action ?? capability) !== undefined

/** The range of numbers that rows of this query can have. */
async function spanOf(db: RegistryDb, tenant: string, query: AuditQuery, beyond: number | undefined): Promise<Span> {
  const { since, until, order } = query
  const first = since === undefined ? sql`1` : firstFrom(tenant, since)
  const last =
    until === undefined ? sql`(SELECT max(${audit.seq}) FROM ${audit} WHERE ${audit.tenant} = ${tenant})` : lastUntil(tenant, until)
  const [found] = await db.all<{ first: number | null; last: number | null }>(sql`SELECT ${first} AS first, ${last} AS last`)
  if (found?.first == null || found.last === null) return { first: 1, last: 0 }
  if (beyond === undefined) return { first: found.first, last: found.last }
  return order === 'asc'
    ? { first: Math.max(found.first, beyond + 1), last: found.last }
    : { first: found.first, last: Math.min(found.last, beyond - 1) }
}

/**
 * The page as one statement; exported for the tests that check its query plan. The bounds on `seq` are `likely`: otherwise SQLite would consider two
 * of them as selective as a job (which is `unlikely`), and would scan all rows.
 */
export async function pageQuery(db: RegistryDb, tenant: string, query: AuditQuery, beyond: number | undefined) {
  const ascending = query.order === 'asc'
  const filter = and(
    eq(audit.tenant, tenant),
    beyond === undefined ? undefined : sql`likely(${ascending ? gt(audit.seq, beyond) : lt(audit.seq, beyond)})`,
    query.actor === undefined ? undefined : isOneOf(audit.actor_id, await idsOf(db, tenant, query.actor)),
    query.worker === undefined ? undefined : isOneOf(audit.worker_id, await idsOf(db, tenant, query.worker)),
    query.action === undefined ? undefined : eq(audit.action, query.action),
    query.job_id === undefined ? undefined : sql`unlikely(${eq(audit.job_id, query.job_id)})`,
    query.capability === undefined ? undefined : eq(audit.capability, query.capability),
    during(tenant, query),
  )
  return {
    statement: within(undefined, pageLimit(query.limit) + 1),
    /** Only the matching rows of a window. */
    within,
  }
  function within(window: Span | undefined, limit: number) {
    return db
      .select()
      .from(audit)
      .where(window === undefined ? filter : and(filter, gte(audit.seq, window.first), lte(audit.seq, window.last)))
      .orderBy(ascending ? asc(audit.seq) : desc(audit.seq))
      .limit(limit)
  }
}

async function walked(db: RegistryDb, tenant: string, query: AuditQuery, beyond: number | undefined): Promise<Page<AuditRow>> {
  const [span, { within }] = await Promise.all([spanOf(db, tenant, query, beyond), pageQuery(db, tenant, query, undefined)])
  const page = await scan({
    span,
    descending: query.order !== 'asc',
    limit: pageLimit(query.limit),
    read: (window, limit) => within(window, limit),
    numberOf: (row) => row.seq,
  })
  return { ...page, items: page.items.map(whole) }
}

export const auditOf = (db: RegistryDb): RegistryAudit => ({
  async query(tenant, query) {
    const beyond = countingCursor(query.cursor, undefined)
    if (!beyond.ok) return beyond
    if (isWalked(query)) return callD1(() => walked(db, tenant, query, beyond.value))
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

/** Highest audit sequence number of the tenant below which no row is missing; 0 when nothing is stored. */
export const shippedSeq = (database: D1Database, tenant: string): Promise<Result<number>> =>
  callD1(
    async () => (await database.prepare('SELECT audit_seq FROM shipments WHERE tenant = ?').bind(tenant).first<number>('audit_seq')) ?? 0,
  )
