/** Responsible for the table of threads: one row each, written with the thread's first job, and when somebody changes it. */
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

export const threads = sqliteTable('threads', {
  id: integer().primaryKey({ autoIncrement: true }),
  thread_id: text().notNull().unique(),
  title: text().notNull(),
  archived: integer().notNull(),
  /** JSON */
  defaults: text().notNull(),
  created_at: integer().notNull(),
})
