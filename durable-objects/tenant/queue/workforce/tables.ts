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
    /** What the worker last reported about itself (tags, networks, provider, model, slots): stored, because routing must survive a cold start. */
    profile: text().notNull(),
    /** The member whose key a companion uses; null for a worker with its own token. */
    companion_of: text(),
    /** The member who acts as this worker in the dashboard, without a token; null for every other worker. */
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
