/**
 * Responsible for the tables of one tenant's object. Rows written are the bill, so each index earns its keep:
 * `jobs_place` alone answers what is next in a pool, what runs (by deadline), what is due (retry, schedule) and what is held.
 * A job that has ended has no place and costs no index row.
 */
import { sql } from 'drizzle-orm'
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core'

export { passkeys, sessions, signInFailures, usedChallenges } from '../sessions/table.ts'

export const meta = sqliteTable('meta', { key: text().primaryKey(), value: text().notNull() })

export const jobs = sqliteTable(
  'jobs',
  {
    id: integer().primaryKey(),
    status: text().notNull(),
    hold: text(),
    /** Where it stands: a pool's id, or one of `places` in src/domain/job/queue.ts; null once it has ended. */
    pool: integer(),
    /** Order within the place, in milliseconds since 1970. */
    rank: integer(),
    /** Schedule-to-start expiry, only when it is not the default one (that is derived from rank). */
    expires_at: integer(),
    effort: text().notNull(),
    priority: integer().notNull(),
    thread_id: text(),
    worker_id: text(),
    attempt: integer().notNull(),
    max_attempts: integer().notNull(),
    nonce: text(),
    long_lease: integer().notNull(),
    created_by: text().notNull(),
    created_at: integer().notNull(),
    queued_at: integer().notNull(),
    started_at: integer(),
    ended_at: integer(),
    retry_at: integer(),
    review_id: integer(),
    parent_id: integer(),
    /** 1 when a stream object may exist for it. */
    stream: integer().notNull(),
    spec: text().notNull(),
    outcome: text(),
  },
  (table) => [
    index('jobs_place')
      .on(table.pool, table.rank)
      .where(sql`pool is not null`),
    index('jobs_expiry')
      .on(table.expires_at)
      .where(sql`expires_at is not null`),
    index('jobs_thread')
      .on(table.thread_id)
      .where(sql`thread_id is not null`),
    index('jobs_parent')
      .on(table.parent_id)
      .where(sql`parent_id is not null`),
  ],
)

/** Jobs that ask for the same things of a worker, and are assigned alike, wait in one pool. */
export const pools = sqliteTable('pools', { id: integer().primaryKey(), key: text().notNull().unique() })

export const idempotency = sqliteTable('idempotency', {
  key: text().primaryKey(),
  digest: text().notNull(),
  job_id: integer().notNull(),
  created_at: integer().notNull(),
})

export const workers = sqliteTable(
  'workers',
  {
    worker_id: text().primaryKey(),
    name: text().notNull(),
    kind: text().notNull(),
    description: text().notNull(),
    capabilities: text().notNull(),
    requires_secrets: text().notNull(),
    config: text().notNull(),
    config_version: integer().notNull(),
    may_raise_killswitch: integer().notNull(),
    paused: integer().notNull(),
    /** What it last said of itself (tags, networks, provider, model, slots): routing must survive a cold start. */
    profile: text().notNull(),
    /** The member under whose key a companion works; null for a worker with a token of its own. */
    companion_of: text(),
    created_at: integer().notNull(),
    last_seen_at: integer(),
    revoked_at: integer(),
  },
  (table) => [
    uniqueIndex('workers_name')
      .on(table.name)
      .where(sql`revoked_at is null`),
  ],
)

export const members = sqliteTable('members', {
  member_id: text().primaryKey(),
  name: text().notNull(),
  role: text().notNull(),
  created_at: integer().notNull(),
  revoked_at: integer(),
})

/** Hashes only. */
export const credentials = sqliteTable(
  'credentials',
  {
    credential: text().primaryKey(),
    kind: text().notNull(),
    subject: text().notNull(),
    hash: text().notNull(),
    created_at: integer().notNull(),
    revoked_at: integer(),
  },
  (table) => [index('credentials_subject').on(table.subject)],
)

/** Ciphertext whose key the server never had; erased at the first reveal. */
export const views = sqliteTable('views', {
  view_id: text().primaryKey(),
  subject: text().notNull(),
  iv: text(),
  ciphertext: text(),
  created_at: integer().notNull(),
  expires_at: integer().notNull(),
  revealed_at: integer(),
})

/** The chain, and at the same time the outbox to D1: a row is in the outbox while its seq is above the shipped one. */
export const audit = sqliteTable('audit', { seq: integer().primaryKey(), row: text().notNull() })

export const killswitchAcks = sqliteTable('killswitch_acks', {
  worker_id: text().primaryKey(),
  generation: integer().notNull(),
  at: integer().notNull(),
})

/** Reviews outlive their jobs. Columns are what is searched for; the rest is in `doc`. */
export const reviews = sqliteTable(
  'reviews',
  {
    id: integer().primaryKey(),
    status: text().notNull(),
    type: text().notNull(),
    job_id: integer(),
    worker_id: text(),
    capability: text(),
    session: text(),
    asked_digest: text().notNull(),
    /** When time alone does something next; null once it is settled. */
    next_at: integer(),
    settled_at: integer(),
    doc: text().notNull(),
  },
  (table) => [
    index('reviews_status').on(table.status, table.id),
    index('reviews_job')
      .on(table.job_id)
      .where(sql`job_id is not null`),
    index('reviews_next')
      .on(table.next_at)
      .where(sql`next_at is not null`),
  ],
)

/** A row of its own each: payloads are as large as prompts, and a review that was edited has two. `kind`: asked, edited. */
export const reviewPayloads = sqliteTable(
  'review_payloads',
  { review_id: integer().notNull(), kind: text().notNull(), payload: text().notNull() },
  (table) => [primaryKey({ columns: [table.review_id, table.kind] })],
)

export const grants = sqliteTable(
  'grants',
  {
    grant_id: text().primaryKey(),
    worker_id: text().notNull(),
    capability: text().notNull(),
    session: text().notNull(),
    uses: integer().notNull(),
    max_uses: integer(),
    review_id: integer().notNull(),
    granted_by: text().notNull(),
    created_at: integer().notNull(),
    expires_at: integer().notNull(),
    revoked_at: integer(),
  },
  (table) => [index('grants_scope').on(table.worker_id, table.capability, table.session)],
)

/** Audit rows of the tier `audit` that somebody should look at: rows move to D1, so what the list shows is kept here. */
export const toLookAt = sqliteTable(
  'to_look_at',
  {
    seq: integer().primaryKey(),
    at: integer().notNull(),
    action: text().notNull(),
    job_id: integer(),
    worker_id: text(),
    capability: text(),
    digest: text(),
    summary: text().notNull(),
    seen_at: integer(),
    seen_by: text(),
  },
  (table) => [
    index('to_look_at_unseen')
      .on(table.seq)
      .where(sql`seen_at is null`),
  ],
)

/** No secret is stored: it is derived from the signing key `kid` and the id. */
export const webhooks = sqliteTable('webhooks', {
  webhook_id: text().primaryKey(),
  url: text().notNull(),
  events: text().notNull(),
  kid: text().notNull(),
  created_by: text().notNull(),
  created_at: integer().notNull(),
  disabled_at: integer(),
})

export const webhookDeliveries = sqliteTable(
  'webhook_deliveries',
  {
    id: integer().primaryKey({ autoIncrement: true }),
    webhook_id: text().notNull(),
    message_id: text().notNull(),
    event: text().notNull(),
    body: text().notNull(),
    state: text().notNull(),
    created_at: integer().notNull(),
    /** Null once it is delivered or given up. */
    next_at: integer(),
    /** JSON: when each try was made, and what came of it. */
    attempts: text().notNull(),
  },
  (table) => [
    index('webhook_deliveries_webhook').on(table.webhook_id, table.id),
    index('webhook_deliveries_next')
      .on(table.next_at)
      .where(sql`next_at is not null`),
  ],
)

/** Where bytes are in R2 follows from the slug. Rows outlive their jobs; a deleted one stays for a while, to say so. */
export const artifacts = sqliteTable(
  'artifacts',
  {
    id: integer().primaryKey({ autoIncrement: true }),
    slug: text().notNull().unique(),
    state: text().notNull(),
    filename: text().notNull(),
    content_type: text().notNull(),
    size_bytes: integer().notNull(),
    sha256: text().notNull(),
    job_id: integer(),
    review_id: integer(),
    worker_id: text(),
    actor_id: text().notNull(),
    created_by: text().notNull(),
    share: integer().notNull(),
    created_at: integer().notNull(),
    expires_at: integer(),
    gone_at: integer(),
    gone_why: text(),
    /** When time alone does something next: an upload is given up, an artifact expires, an erasure is tried again. */
    next_at: integer(),
    erasures: integer().notNull(),
    idempotency_key: text(),
  },
  (table) => [
    index('artifacts_job')
      .on(table.job_id, table.id)
      .where(sql`job_id is not null`),
    index('artifacts_review')
      .on(table.review_id, table.id)
      .where(sql`review_id is not null`),
    index('artifacts_worker')
      .on(table.worker_id, table.id)
      .where(sql`worker_id is not null`),
    index('artifacts_next')
      .on(table.next_at)
      .where(sql`next_at is not null`),
    uniqueIndex('artifacts_key')
      .on(table.idempotency_key)
      .where(sql`idempotency_key is not null`),
  ],
)
