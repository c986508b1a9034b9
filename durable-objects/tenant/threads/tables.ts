/**
 * Responsible for the tables of threads and of deleted threads. A thread's row is written with its first job and when a member changes it.
 */
import { sql } from 'drizzle-orm'
import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

export const threads = sqliteTable('threads', {
  id: integer().primaryKey({ autoIncrement: true }),
  thread_id: text().notNull().unique(),
  title: text().notNull(),
  archived: integer().notNull(),
  /** JSON */
  defaults: text().notNull(),
  created_at: integer().notNull(),
  /** The last activity of jobs whose rows were pruned, in milliseconds since 1970; that of stored jobs is read from their rows. */
  last_activity: integer().notNull().default(0),
})

/**
 * Deleted threads with the progress of their erasure; rows are kept for a while after it is done. A thread id may be used and deleted
 * again.
 */
export const erasedThreads = sqliteTable(
  'erased_threads',
  {
    id: integer().primaryKey({ autoIncrement: true }),
    thread_id: text().notNull(),
    /** The highest job id at the time of the deletion: a later job belongs to a new thread with the same id. */
    through_id: integer().notNull(),
    stage: text().notNull(),
    jobs: integer().notNull(),
    /** JSON: ids of the jobs that the deletion aborted. */
    aborted: text().notNull(),
    /** The request id of the deleting call, for finding it in logs. */
    request_id: text().notNull(),
    erased_at: integer().notNull(),
    next_at: integer(),
    tries: integer().notNull(),
  },
  (table) => [
    index('erased_threads_thread').on(table.thread_id),
    index('erased_threads_next')
      .on(table.next_at)
      .where(sql`next_at is not null`),
  ],
)
