/** Responsible for the table of killswitch acknowledgements. */
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

export const killswitchAcks = sqliteTable('killswitch_acks', {
  worker_id: text().primaryKey(),
  generation: integer().notNull(),
  at: integer().notNull(),
})
