/**
 * Responsible for the tables of the registry (D1): data that must be readable across time and tenants. Every primary key and every index begins with
 * the tenant, so that no query can cross tenants by accident or scan another tenant's rows. D1 bills written rows, each index entry counts as one,
 * and reading a row costs a thousandth of that. So `audit` and `jobs` are WITHOUT ROWID (migration 0003, since drizzle cannot express it) and have an
 * index only where it selects very few rows. Other filters scan the newest rows, window by window (scan.ts).
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

/** A copy of the tenant objects' worker rows. */
export const workers = sqliteTable(
  'workers',
  {
    tenant: text().notNull(),
    worker_id: text().notNull(),
    /** Outbox sequence number of the change that this row shows; an older change never overwrites it. */
    updated_seq: integer().notNull(),
    revoked: integer({ mode: 'boolean' }).notNull(),
    worker: text({ mode: 'json' }).$type<Worker>().notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenant, table.worker_id] })],
)

/**
 * The long texts have their own columns: as JSON, a prompt of control characters grows to six times its size, which exceeds the row limit of 2 MB.
 */
export type JobRest = Omit<Job, 'prompt' | 'output' | 'result'> & { readonly stored_result?: string | null }

/** Finished jobs, kept forever. The long texts are the last columns, so that a scan by filter does not read them. */
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
    /** The creator as a job shows it; a virtual column, so that it takes no space. */
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

/** The audit chain, kept forever. */
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
    /** JSON; only for decisions that were signed with a passkey. */
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
 * The range of rows in each hour, which turns a time range into a range of sequence numbers. It needs one row per hour instead of one index entry per
 * audit row, and stays correct when a clock steps back.
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

/** Every name that an id ever had. A name in a query is resolved to ids, so that rows need no index by name. */
export const names = sqliteTable('names', { tenant: text().notNull(), name: text().notNull(), id: text().notNull() }, (table) => [
  primaryKey({ columns: [table.tenant, table.name, table.id] }),
])

/** The highest sequence number of a tenant's audit rows below which none is missing. */
export const shipments = sqliteTable('shipments', {
  tenant: text().primaryKey(),
  audit_seq: integer().notNull(),
})

/** A copy of the signed heads; the originals, which serve as proof, are kept outside the database. */
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
