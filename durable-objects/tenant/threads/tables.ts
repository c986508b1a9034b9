/** Responsible for the tables of threads, one row each, written with the thread's first job and when somebody changes it; and of deleted ones. */
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
  /** The last activity of jobs whose rows have gone; what is kept of them says the rest. */
  last_activity: integer().notNull().default(0),
})

/** Deleted threads: how far their erasure is, and for a while that they were deleted. A thread may be made and deleted again under its id. */
export const erasedThreads = sqliteTable(
  'erased_threads',
  {
    id: integer().primaryKey({ autoIncrement: true }),
    thread_id: text().notNull(),
    /** The highest job id at the time: a later job is of another thread with the same id. */
    through_id: integer().notNull(),
    stage: text().notNull(),
    jobs: integer().notNull(),
    /** JSON: ids of the jobs that were aborted for it. */
    aborted: text().notNull(),
    /** The call that deleted it, as logs name it. */
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
