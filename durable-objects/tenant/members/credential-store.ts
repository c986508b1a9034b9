/** Responsible for storing members, hashes of tokens, and one-time views. It never sees a token. */
import { and, asc, desc, eq, inArray, isNotNull, isNull, lt, lte, max, min } from 'drizzle-orm'
import type { Role } from '@modelreins/contract'
import type { TenantDatabase } from '../kernel/open-stores.ts'
import type { Forget } from '../kernel/rollback.ts'
import { credentials, members, views } from './tables.ts'

export type CredentialRow = typeof credentials.$inferSelect
export type MemberRow = Omit<typeof members.$inferSelect, 'role'> & { readonly role: Role }
export type ViewRow = typeof views.$inferSelect

/** Below the platform limit of 100 parameters per statement. */
const subjectsPerRead = 90

export class CredentialStore {
  readonly #db: TenantDatabase
  /** In memory because every call reads its credential; there are few, and only this class changes them. */
  readonly #known = new Map<string, CredentialRow>()
  /** In memory because every call with a lease reads it. */
  readonly #issued = new Map<string, number | undefined>()
  /** In memory because every call with a key reads its member; a member changes only by being revoked. */
  readonly #members = new Map<string, MemberRow>()
  readonly #forget: Forget
  constructor(db: TenantDatabase, forget: Forget) {
    this.#db = db
    this.#forget = forget
  }

  find(credential: string): CredentialRow | undefined {
    const known = this.#known.get(credential)
    if (known !== undefined) return known
    const row = this.#db.select().from(credentials).where(eq(credentials.credential, credential)).get()
    if (row !== undefined) this.#known.set(credential, row)
    return row
  }

  add(row: Omit<CredentialRow, 'revoked_at'>): void {
    this.#db
      .insert(credentials)
      .values({ ...row, revoked_at: null })
      .run()
    this.#changed(row.subject, row.credential)
  }

  /** When the current token was issued, in milliseconds since 1970; undefined while there is none. */
  issuedAt(subject: string): number | undefined {
    if (!this.#issued.has(subject)) {
      const row = this.#db
        .select({ at: max(credentials.created_at) })
        .from(credentials)
        .where(and(eq(credentials.subject, subject), isNull(credentials.revoked_at)))
        .get()
      this.#issued.set(subject, row?.at ?? undefined)
    }
    return this.#issued.get(subject)
  }

  /** The newest current token of each of these subjects. */
  inForceOf(subjects: readonly string[]): ReadonlyMap<string, Pick<CredentialRow, 'credential' | 'created_at'>> {
    const found = new Map<string, Pick<CredentialRow, 'credential' | 'created_at'>>()
    for (let from = 0; from < subjects.length; from += subjectsPerRead) {
      const rows = this.#db
        .select()
        .from(credentials)
        .where(and(inArray(credentials.subject, subjects.slice(from, from + subjectsPerRead)), isNull(credentials.revoked_at)))
        .orderBy(asc(credentials.created_at))
        .all()
      for (const { subject, credential, created_at } of rows) found.set(subject, { credential, created_at })
    }
    return found
  }

  /** Revokes every current token of a subject. */
  revokeOf(subject: string, at: number): void {
    this.#db
      .update(credentials)
      .set({ revoked_at: at })
      .where(and(eq(credentials.subject, subject), isNull(credentials.revoked_at)))
      .run()
    this.#changed(subject)
  }

  /** Drops what memory holds about this subject or credential, now and again if the write is rolled back. */
  #changed(subject: string, credential?: string): void {
    const drop = (): void => {
      this.#issued.delete(subject)
      if (credential !== undefined) this.#known.delete(credential)
      for (const row of this.#known.values()) if (row.subject === subject) this.#known.delete(row.credential)
    }
    drop()
    this.#forget(drop)
  }

  readonly #names = new Map<string, string>()

  addMember(row: MemberRow): void {
    this.#db.insert(members).values(row).run()
    this.#forget(() => void this.#members.delete(row.member_id))
  }

  member(id: string): MemberRow | undefined {
    const known = this.#members.get(id)
    if (known !== undefined) return known
    const row = this.#db.select().from(members).where(eq(members.member_id, id)).get() as MemberRow | undefined
    if (row !== undefined) this.#members.set(id, row)
    return row
  }

  /** The member who has this name, or the last one who had it. */
  everNamed(name: string): MemberRow | undefined {
    return (this.memberNamed(name) ??
      this.#db.select().from(members).where(eq(members.name, name)).orderBy(desc(members.member_id)).limit(1).get()) as
      | MemberRow
      | undefined
  }

  /** In memory because every shown job needs a name; names never change. */
  nameOf(id: string): string | undefined {
    const known = this.#names.get(id) ?? this.member(id)?.name
    if (known !== undefined) this.#names.set(id, known)
    return known
  }

  idOf(nameOrId: string): string | undefined {
    return (this.member(nameOrId) ?? this.everNamed(nameOrId))?.member_id
  }

  /** The member with this name who is not revoked. */
  memberNamed(name: string): MemberRow | undefined {
    return this.#db
      .select()
      .from(members)
      .where(and(eq(members.name, name), isNull(members.revoked_at)))
      .get() as MemberRow | undefined
  }

  /** Members that are not revoked, by name. */
  membersInForce(): readonly MemberRow[] {
    return this.#db.select().from(members).where(isNull(members.revoked_at)).orderBy(asc(members.name)).all() as MemberRow[]
  }

  /** Members in force whose current key was taken from its one-time view: nobody can use a key that was never revealed. */
  membersWithKey(): readonly MemberRow[] {
    const taken = this.#db
      .select({ subject: credentials.subject })
      .from(credentials)
      // A key and its view are stored together; an older view belongs to a key that has been replaced.
      .innerJoin(views, and(eq(views.subject, credentials.subject), eq(views.created_at, credentials.created_at)))
      .where(and(isNull(credentials.revoked_at), isNotNull(views.revealed_at)))
      .all()
    const subjects = new Set(taken.map((row) => row.subject))
    return this.membersInForce().filter((member) => subjects.has(member.member_id))
  }

  /** How many owners are not revoked. */
  owners(): number {
    return this.#db
      .select({ id: members.member_id })
      .from(members)
      .where(and(eq(members.role, 'owner'), isNull(members.revoked_at)))
      .all().length
  }

  revokeMember(id: string, at: number): void {
    this.#db.update(members).set({ revoked_at: at }).where(eq(members.member_id, id)).run()
    const drop = (): void => void this.#members.delete(id)
    drop()
    this.#forget(drop)
  }

  /** Newest first, revoked members included. `before` is the last member_id of the previous page. */
  listMembers(limit: number, before?: string): readonly MemberRow[] {
    return this.#db
      .select()
      .from(members)
      .where(before === undefined ? undefined : lt(members.member_id, before))
      .orderBy(desc(members.member_id))
      .limit(limit)
      .all() as MemberRow[]
  }

  addView(row: Omit<ViewRow, 'revealed_at'>): void {
    this.#db
      .insert(views)
      .values({ ...row, revealed_at: null })
      .run()
  }

  view(id: string): ViewRow | undefined {
    return this.#db.select().from(views).where(eq(views.view_id, id)).get()
  }

  /** Erases the ciphertext; the row stays, so that a second visitor can be told when it was revealed. */
  eraseView(id: string, revealedAt: number | null): void {
    this.#db.update(views).set({ iv: null, ciphertext: null, revealed_at: revealedAt }).where(eq(views.view_id, id)).run()
  }

  /** Erases the ciphertext of expired views. */
  eraseExpiredViews(at: number): void {
    this.#db
      .update(views)
      .set({ iv: null, ciphertext: null })
      .where(and(isNotNull(views.ciphertext), lte(views.expires_at, at)))
      .run()
  }

  /** When the next view that still has a ciphertext expires, in milliseconds since 1970. */
  nextViewExpiry(): number | undefined {
    const row = this.#db
      .select({ at: min(views.expires_at) })
      .from(views)
      .where(isNotNull(views.ciphertext))
      .get()
    return row?.at ?? undefined
  }
}
