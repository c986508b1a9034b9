/** Responsible for the tables of schedules and of their runs. */
import { sql } from 'drizzle-orm'
import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

export const schedules = sqliteTable(
  'schedules',
  {
    schedule_id: text().primaryKey(),
    name: text().notNull(),
    /** JSON, as is `job`. */
    rule: text().notNull(),
    job: text().notNull(),
    runs: integer().notNull(),
    last_job_id: integer(),
    version: integer().notNull(),
    owner_id: text().notNull(),
    created_at: integer().notNull(),
    next_at: integer(),
    fire_at: integer(),
  },
  (table) => [
    index('schedules_fire')
      .on(table.fire_at)
      .where(sql`fire_at is not null`),
  ],
)

export const scheduleRuns = sqliteTable(
  'schedule_runs',
  {
    run_id: integer().primaryKey({ autoIncrement: true }),
    schedule_id: text().notNull(),
    due_at: integer(),
    at: integer().notNull(),
    outcome: text().notNull(),
    job_id: integer(),
    code: text(),
    detail: text(),
  },
  (table) => [index('schedule_runs_schedule').on(table.schedule_id, table.run_id)],
)
