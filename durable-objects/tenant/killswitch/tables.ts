/** Responsible for the table of who has acknowledged the killswitch. */
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

export const killswitchAcks = sqliteTable('killswitch_acks', {
  worker_id: text().primaryKey(),
  generation: integer().notNull(),
  at: integer().notNull(),
})
