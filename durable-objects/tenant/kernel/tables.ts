/** Responsible for the one table that the kernel itself has: single values by their key. */
import { sqliteTable, text } from 'drizzle-orm/sqlite-core'

export const meta = sqliteTable('meta', { key: text().primaryKey(), value: text().notNull() })
