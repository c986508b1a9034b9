/** Responsible for the tables of browser sessions, passkeys, failed sign-ins and used challenges. */
import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/** Contains only hashes of session tokens; the token itself is in the browser's cookie. */
export const sessions = sqliteTable(
  'sessions',
  {
    session_id: text().primaryKey(),
    member_id: text().notNull(),
    method: text().notNull(),
    passkey_id: text(),
    hash: text().notNull(),
    device: text().notNull(),
    place: text(),
    created_at: integer().notNull(),
    last_used_at: integer().notNull(),
    ended_at: integer(),
  },
  (table) => [index('sessions_member').on(table.member_id)],
)

export const passkeys = sqliteTable(
  'passkeys',
  {
    passkey_id: text().primaryKey(),
    member_id: text().notNull(),
    name: text().notNull(),
    /** base64url, as the browser sends it. */
    credential_id: text().notNull().unique(),
    /** COSE algorithm. */
    algorithm: integer().notNull(),
    /** SubjectPublicKeyInfo, DER, base64url. */
    public_key: text().notNull(),
    sign_count: integer().notNull(),
    created_at: integer().notNull(),
    last_used_at: integer(),
  },
  (table) => [index('passkeys_member').on(table.member_id)],
)

/** Failed sign-ins that have reached a ban; failures below a ban are in memory only. */
export const signInFailures = sqliteTable('sign_in_failures', {
  subject: text().primaryKey(),
  ban_id: text().notNull(),
  failures: integer().notNull(),
  last_at: integer().notNull(),
  until: integer().notNull(),
})

/** Used challenges, kept until they expire. */
export const usedChallenges = sqliteTable('used_challenges', { nonce: text().primaryKey(), expires_at: integer().notNull() })
