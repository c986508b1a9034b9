/** Responsible for the table of artifacts. */
import { sql } from 'drizzle-orm'
import { index, integer, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core'

/** The key in R2 is derived from the slug. Rows outlive their jobs; the row of a deleted artifact stays for a while, to answer `gone`. */
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
    /** Next due time, milliseconds since 1970: the upload is ended, the artifact expires, or the erasure is retried. */
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
