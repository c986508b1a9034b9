/** Responsible for storing browser sessions, passkeys, failed sign-ins and used challenges. It never sees a session token. */
import { and, asc, desc, eq, isNull, lte, or } from 'drizzle-orm'
import { limits } from '@modelreins/contract'
import { waitAfter, banFrom } from '../../../src/domain/session/ban.ts'
import type { FailureRecord } from '../../../src/domain/session/ban.ts'
import type { SessionRecord } from '../../../src/domain/session/session.ts'
import type { TenantDatabase } from '../kernel/open-stores.ts'
import type { Forget } from '../kernel/rollback.ts'
import { passkeys, sessions, signInFailures, usedChallenges } from './tables.ts'

export type PasskeyRow = typeof passkeys.$inferSelect

/** Maximum number of addresses whose failures below a ban are in memory; the oldest is dropped first. */
const mostInMemory = 2_000

const record = (row: typeof sessions.$inferSelect): SessionRecord => ({
  ...row,
  method: row.method === 'passkey' ? 'passkey' : 'key',
})

export class SessionStore {
  readonly #db: TenantDatabase
  /** In memory because every call with a cookie reads its session. */
  readonly #known = new Map<string, SessionRecord>()
  /** Failures below a ban, in memory only: an eviction of the object forgives a few typing errors. */
  readonly #failures = new Map<string, FailureRecord>()
  readonly #forget: Forget
  constructor(db: TenantDatabase, forget: Forget) {
    this.#db = db
    this.#forget = forget
  }

  #changed(id: string): void {
    this.#known.delete(id)
    this.#forget(() => void this.#known.delete(id))
  }

  find(id: string): SessionRecord | undefined {
    const known = this.#known.get(id)
    if (known !== undefined) return known
    const row = this.#db.select().from(sessions).where(eq(sessions.session_id, id)).get()
    if (row === undefined) return undefined
    const found = record(row)
    this.#known.set(id, found)
    return found
  }

  /** Sessions that were not ended, most recently used first; some may have expired. */
  ofMember(memberId: string): readonly SessionRecord[] {
    return this.#db
      .select()
      .from(sessions)
      .where(and(eq(sessions.member_id, memberId), isNull(sessions.ended_at)))
      .orderBy(desc(sessions.last_used_at), desc(sessions.session_id))
      .all()
      .map(record)
  }

  add(session: SessionRecord): void {
    this.#db.insert(sessions).values(session).run()
    this.#changed(session.session_id)
  }

  touch(id: string, at: number): void {
    this.#db.update(sessions).set({ last_used_at: at }).where(eq(sessions.session_id, id)).run()
    this.#changed(id)
  }

  end(id: string, at: number): void {
    this.#db.update(sessions).set({ ended_at: at }).where(eq(sessions.session_id, id)).run()
    this.#changed(id)
  }

  passkey(id: string): PasskeyRow | undefined {
    return this.#db.select().from(passkeys).where(eq(passkeys.passkey_id, id)).get()
  }

  passkeyByCredential(credentialId: string): PasskeyRow | undefined {
    return this.#db.select().from(passkeys).where(eq(passkeys.credential_id, credentialId)).get()
  }

  passkeysOf(memberId: string): readonly PasskeyRow[] {
    return this.#db.select().from(passkeys).where(eq(passkeys.member_id, memberId)).orderBy(asc(passkeys.created_at)).all()
  }

  addPasskey(row: PasskeyRow): void {
    this.#db.insert(passkeys).values(row).run()
  }

  updatePasskey(id: string, change: Partial<Pick<PasskeyRow, 'name' | 'sign_count' | 'last_used_at'>>): void {
    this.#db.update(passkeys).set(change).where(eq(passkeys.passkey_id, id)).run()
  }

  removePasskey(id: string): void {
    this.#db.delete(passkeys).where(eq(passkeys.passkey_id, id)).run()
  }

  /** Marks the challenge as used; false when it was used before. */
  useChallenge(nonce: string, expiresAt: number): boolean {
    const used = this.#db.select().from(usedChallenges).where(eq(usedChallenges.nonce, nonce)).get()
    if (used !== undefined) return false
    this.#db.insert(usedChallenges).values({ nonce, expires_at: expiresAt }).run()
    return true
  }

  /** The failures of an address or member (`subject`); undefined when there are none. */
  failure(subject: string): FailureRecord | undefined {
    return this.#failures.get(subject) ?? this.#db.select().from(signInFailures).where(eq(signInFailures.subject, subject)).get()
  }

  /** Keeps a failure in memory and, once it is a ban, in a row. Call it on commit, or where nothing is rolled back. */
  noteFailure(failure: FailureRecord): void {
    this.#failures.delete(failure.subject)
    if (this.#failures.size >= mostInMemory) {
      const oldest = this.#failures.keys().next()
      if (oldest.done !== true) this.#failures.delete(oldest.value)
    }
    this.#failures.set(failure.subject, failure)
    if (waitAfter(failure.failures) < banFrom) return
    this.#db.insert(signInFailures).values(failure).onConflictDoUpdate({ target: signInFailures.subject, set: failure }).run()
  }

  forgetFailures(subject: string): void {
    this.#failures.delete(subject)
    if (this.#db.select().from(signInFailures).where(eq(signInFailures.subject, subject)).get() === undefined) return
    this.#db.delete(signInFailures).where(eq(signInFailures.subject, subject)).run()
  }

  /** Stored bans, the one that ends last first; some may have ended. */
  bans(): readonly FailureRecord[] {
    return this.#db.select().from(signInFailures).orderBy(desc(signInFailures.until)).all()
  }

  /** Deletes ended and expired sessions, expired challenges and old failures. */
  prune(at: number): void {
    const idle = at - limits.session_idle_ms - limits.retention_ms
    this.#db
      .delete(sessions)
      .where(or(lte(sessions.last_used_at, idle), lte(sessions.ended_at, at - limits.retention_ms)))
      .run()
    this.#db.delete(usedChallenges).where(lte(usedChallenges.expires_at, at)).run()
    this.#db
      .delete(signInFailures)
      .where(lte(signInFailures.last_at, at - limits.sign_in_memory_ms))
      .run()
    this.#known.clear()
  }
}
