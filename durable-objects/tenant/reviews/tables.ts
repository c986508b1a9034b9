/** Responsible for the tables of reviews, grants and actions to look at. */
import { sql } from 'drizzle-orm'
import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/** Reviews outlive their jobs. Searched fields have columns; the rest is JSON in `doc`. */
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
    /** When the next reminder, escalation or expiry is due, in milliseconds since 1970; null once the review is settled. */
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

/** Payloads have their own rows because they are as large as prompts, and an edited review has two. `kind`: asked, edited. */
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

/** Audit rows of the tier `audit` that should be looked at. Audit rows move to D1, so the fields that the list shows are copied here. */
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
