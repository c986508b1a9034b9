/** Responsible for the tables of webhooks and their deliveries. */
import { sql } from 'drizzle-orm'
import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/** The secret is not stored: it is derived from the signing key `kid` and the webhook's id. */
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
    /** Time of the next attempt, milliseconds since 1970; null once it is delivered or given up. */
    next_at: integer(),
    /** JSON: the time and outcome of each attempt. */
    attempts: text().notNull(),
  },
  (table) => [
    index('webhook_deliveries_webhook').on(table.webhook_id, table.id),
    index('webhook_deliveries_next')
      .on(table.next_at)
      .where(sql`next_at is not null`),
  ],
)
