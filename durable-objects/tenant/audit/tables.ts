/** Responsible for the table of the audit trail. */
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/** The chain, which is also the outbox to D1: a row is in the outbox while its `seq` is above the last shipped one. */
export const audit = sqliteTable('audit', { seq: integer().primaryKey(), row: text().notNull() })
