/**
 * Responsible for the tables of the queue. The platform bills rows written, so there are few indexes: `jobs_place` alone answers which job is next in
 * a pool, what runs (by deadline), what is due (retry, schedule) and what is held. An ended job has no place and costs no index row.
 */
import { sql } from 'drizzle-orm'
import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

export const jobs = sqliteTable(
  'jobs',
  {
    id: integer().primaryKey(),
    status: text().notNull(),
    hold: text(),
    /** Where the job waits or runs: a pool's id, or one of `places` in src/domain/job/queue.ts; null once it has ended. */
    pool: integer(),
    /** Order within the place, in milliseconds since 1970. */
    rank: integer(),
    /** Schedule-to-start expiry, set only when it differs from the default (which follows from rank). */
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
    /** 1 while the job waits and its fallback chain has steps ahead. */
    falls_back: integer(),
    /** 1 when a stream object may exist for it. */
    stream: integer().notNull(),
    spec: text().notNull(),
    outcome: text(),
    /**
     * The dispatch's idempotency key where the index must find it: of jobs from before blocks of keys existed, and of jobs beyond the limit of the
     * blocks.
     */
    idempotency_key: text(),
    /** SHA-256 of the rest of that dispatch. */
    idempotency_digest: text(),
    /** The dispatch's idempotency key, found by `key_blocks`: an index would cost one more row for each job. */
    dispatch_key: text(),
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
    index('jobs_key')
      .on(table.idempotency_key)
      .where(sql`idempotency_key is not null`),
    index('jobs_fallback')
      .on(table.falls_back)
      .where(sql`falls_back is not null`),
    index('jobs_parent')
      .on(table.parent_id)
      .where(sql`parent_id is not null`),
  ],
)

/** Jobs with the same requirements and the same assignment wait in one pool. */
export const pools = sqliteTable('pools', { id: integer().primaryKey(), key: text().notNull().unique() })

/** Idempotency keys of dispatches, those of some hundred jobs in one row: pairs of a 32-bit hash of the key and the id of its job. */
export const keyBlocks = sqliteTable('key_blocks', {
  /** The highest id of a job whose key is in it. */
  through: integer().primaryKey(),
  /** When that job was created, milliseconds since 1970. */
  at: integer().notNull(),
  /** 1 when the row was merged from several blocks. */
  merged: integer().notNull(),
  entries: text().notNull(),
})

/** Jobs that were erased. A row is deleted once no other part needs to know of the erasure. */
export const erasedJobs = sqliteTable(
  'erased_jobs',
  {
    job_id: integer().primaryKey(),
    erasure_id: integer().notNull(),
    state: text().notNull(),
    erased_at: integer().notNull(),
    streamed: integer().notNull(),
    ran: integer().notNull(),
    next_at: integer().notNull(),
    tries: integer().notNull(),
  },
  (table) => [index('erased_jobs_next').on(table.next_at), index('erased_jobs_erasure').on(table.erasure_id, table.state)],
)

/** Keys of other operations (reviews, authorized actions, deletions of threads), and of jobs from before they had columns for their keys. */
export const idempotency = sqliteTable('idempotency', {
  key: text().primaryKey(),
  digest: text().notNull(),
  job_id: integer().notNull(),
  created_at: integer().notNull(),
})
