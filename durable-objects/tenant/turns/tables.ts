/** Responsible for the tables of keys. Only unfinished jobs that name a key have rows here. */
import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

export const keyUses = sqliteTable(
  'key_uses',
  {
    job_id: integer().notNull(),
    kind: text().notNull(),
    key: text().notNull(),
    /** `holds`, `waits`, or `apart`: neither of them now. */
    state: text().notNull(),
    /** Order among waiting jobs, in milliseconds since 1970. */
    turn: integer().notNull(),
    /** How many jobs or starts the job's own limit or rate allows. */
    most: integer().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.job_id, table.kind] }),
    index('key_uses_turn').on(table.kind, table.state, table.key, table.turn, table.job_id),
  ],
)

/** Recent starts, counted by rates. */
export const rateStarts = sqliteTable(
  'rate_starts',
  { id: integer().primaryKey(), key: text().notNull(), at: integer().notNull() },
  (table) => [index('rate_starts_key').on(table.key, table.at)],
)
