/**
 * Responsible for the tables of the registry (D1): what must be seen across time and tenants. Every table begins with the tenant, and every index
 * too: no query can cross tenants by accident, or scan another's rows. Rows written are the bill, each index entry counts as one, and a row read
 * costs a thousandth of that: so `audit` and `jobs` are WITHOUT ROWID (migration 0003: drizzle cannot say it), and have indexes only for what is one
 * row of very many. Other filters walk the newest rows, window by window (scan.ts).
 */
import type { Job, Worker } from '@modelreins/contract'
import { sql } from 'drizzle-orm'
import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

export const tenants = sqliteTable('tenants', {
  tenant: text().primaryKey(),
  name: text().notNull(),
  suspended: integer({ mode: 'boolean' }).notNull().default(false),
  created_at: text().notNull(),
})

/** Mirror of the tenant objects' worker rows. */
export const workers = sqliteTable(
  'workers',
  {
    tenant: text().notNull(),
    worker_id: text().notNull(),
    /** Outbox sequence of the change that this row shows: an older one never overwrites it. */
    updated_seq: integer().notNull(),
    revoked: integer({ mode: 'boolean' }).notNull(),
    worker: text({ mode: 'json' }).$type<Worker>().notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenant, table.worker_id] })],
)

/** The long texts have columns of their own: as JSON a prompt of control characters is six times its size, beyond the row limit of 2 MB. */
export type JobRest = Omit<Job, 'prompt' | 'output' | 'result'> & { readonly stored_result?: string | null }

/** Finished jobs, for good. The long texts stand last, so that a walk by filter reads none of them. */
export const jobs = sqliteTable(
  'jobs',
  {
    tenant: text().notNull(),
    id: integer().notNull(),
    updated_seq: integer().notNull(),
    status: text().$type<Job['status']>().notNull(),
    effort: text().$type<Job['effort']>().notNull(),
    thread_id: text(),
    capability: text(),
    worker_id: text(),
    /** Characters of the row's texts, so that a page can be bounded before it is read. */
    size: integer().notNull(),
    rest: text({ mode: 'json' }).$type<JobRest>().notNull(),
    prompt: text().notNull(),
    output: text().notNull(),
    result: text(),
    /** As a job shows it; computed, so that it takes no room. */
    created_by: text().generatedAlwaysAs(sql`json_extract(rest, '$.created_by')`, { mode: 'virtual' }),
  },
  (table) => [
    primaryKey({ columns: [table.tenant, table.id] }),
    index('jobs_thread')
      .on(table.tenant, table.thread_id, table.id)
      .where(sql`thread_id IS NOT NULL`),
    index('jobs_failed')
      .on(table.tenant, table.status, table.id)
      .where(sql`status = 'failed'`),
  ],
)

/** The audit chain, for good. */
export const audit = sqliteTable(
  'audit',
  {
    tenant: text().notNull(),
    seq: integer().notNull(),
    at: text().notNull(),
    actor_kind: text().notNull(),
    actor_id: text().notNull(),
    actor_name: text().notNull(),
    action: text().notNull(),
    subject: text().notNull(),
    job_id: integer(),
    worker_id: text(),
    capability: text(),
    risk_tier: text(),
    digest: text(),
    summary: text().notNull(),
    /** JSON; of decisions signed with a passkey. */
    proof: text(),
    prev_hash: text().notNull(),
    hash: text().notNull(),
    mac: text().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.tenant, table.seq] }),
    index('audit_job')
      .on(table.tenant, table.job_id, table.seq)
      .where(sql`job_id IS NOT NULL`),
  ],
)

/**
 * Which rows an hour holds: a time range becomes a range of sequences. One row per hour instead
 * of one index entry per audit row, and right even when a clock stepped back.
 */
export const auditHours = sqliteTable(
  'audit_hours',
  {
    tenant: text().notNull(),
    /** Hours since 1970. */
    hour: integer().notNull(),
    first_seq: integer().notNull(),
    last_seq: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenant, table.hour] })],
)

/** Who has ever been called what: a name in a query becomes ids, so that rows need no index by name. */
export const names = sqliteTable('names', { tenant: text().notNull(), name: text().notNull(), id: text().notNull() }, (table) => [
  primaryKey({ columns: [table.tenant, table.name, table.id] }),
])

/** How far a tenant's audit rows are stored without a hole. */
export const shipments = sqliteTable('shipments', {
  tenant: text().primaryKey(),
  audit_seq: integer().notNull(),
})

/** Copy of the signed heads; the ones that prove something are kept outside the database. */
export const heads = sqliteTable(
  'heads',
  {
    tenant: text().notNull(),
    seq: integer().notNull(),
    hash: text().notNull(),
    at: text().notNull(),
    key_id: text().notNull(),
    /** Ed25519, base64url. */
    signature: text().notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenant, table.seq] })],
)
