/** Responsible for the table of the workers that a tenant has. */
import { sql } from 'drizzle-orm'
import { integer, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core'

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
    /** The member who works as it, without a token; null for every worker that is no person of the dashboard. */
    member_id: text(),
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
