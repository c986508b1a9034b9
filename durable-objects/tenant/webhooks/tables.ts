/** Responsible for the tables of webhooks and of what is sent to them. */
import { sql } from 'drizzle-orm'
import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

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
