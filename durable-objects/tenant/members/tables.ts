/** Responsible for the tables of members, token hashes and one-time views. */
import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

export const members = sqliteTable('members', {
  member_id: text().primaryKey(),
  name: text().notNull(),
  role: text().notNull(),
  created_at: integer().notNull(),
  revoked_at: integer(),
})

/** Contains only hashes of tokens. */
export const credentials = sqliteTable(
  'credentials',
  {
    credential: text().primaryKey(),
    kind: text().notNull(),
    subject: text().notNull(),
    hash: text().notNull(),
    created_at: integer().notNull(),
    revoked_at: integer(),
  },
  (table) => [index('credentials_subject').on(table.subject)],
)

/** Ciphertext that the server cannot decrypt, since it never had the key; erased at the first reveal. */
export const views = sqliteTable('views', {
  view_id: text().primaryKey(),
  subject: text().notNull(),
  iv: text(),
  ciphertext: text(),
  created_at: integer().notNull(),
  expires_at: integer().notNull(),
  revealed_at: integer(),
})
