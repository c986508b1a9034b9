/** Responsible for storing grants and the list of actions that should be looked at. */
import { and, asc, desc, eq, gt, inArray, isNotNull, isNull, lt, or, sql } from 'drizzle-orm'
import type { GrantRecord } from '../../../src/domain/review/grant.ts'
import type { TenantDatabase } from '../kernel/open-stores.ts'
import { grants, toLookAt } from './tables.ts'

export type LookRow = typeof toLookAt.$inferSelect

const inForceAt = (at: number) =>
  and(isNull(grants.revoked_at), gt(grants.expires_at, at), or(isNull(grants.max_uses), lt(grants.uses, sql`${grants.max_uses}`)))

export class GrantStore {
  readonly #db: TenantDatabase
  constructor(db: TenantDatabase) {
    this.#db = db
  }

  get(id: string): GrantRecord | undefined {
    return this.#db.select().from(grants).where(eq(grants.grant_id, id)).get()
  }

  save(grant: GrantRecord): void {
    this.#db.insert(grants).values(grant).onConflictDoUpdate({ target: grants.grant_id, set: grant }).run()
  }

  /** Grants for this worker, capability and session that were not revoked, newest first. */
  of(workerId: string, capability: string, session: string): readonly GrantRecord[] {
    return this.#db
      .select()
      .from(grants)
      .where(and(eq(grants.worker_id, workerId), eq(grants.capability, capability), eq(grants.session, session), isNull(grants.revoked_at)))
      .orderBy(desc(grants.created_at))
      .all()
  }

  /** Active grants of all workers at this time. */
  allInForce(at: number): readonly GrantRecord[] {
    return this.#db.select().from(grants).where(inForceAt(at)).all()
  }

  /** Active grants of one worker at this time. */
  inForce(workerId: string, at: number): readonly GrantRecord[] {
    return this.#db
      .select()
      .from(grants)
      .where(and(eq(grants.worker_id, workerId), inForceAt(at)))
      .all()
  }

  /** Ordered by id, which starts with the creation time. `inForceAt`: only grants that are active at this time. */
  list(options: {
    readonly limit: number
    readonly before?: string
    readonly session?: string
    readonly worker_id?: string
    readonly inForceAt?: number
  }): readonly GrantRecord[] {
    const { limit, before, session, worker_id } = options
    return this.#db
      .select()
      .from(grants)
      .where(
        and(
          before === undefined ? undefined : lt(grants.grant_id, before),
          session === undefined ? undefined : eq(grants.session, session),
          worker_id === undefined ? undefined : eq(grants.worker_id, worker_id),
          options.inForceAt === undefined ? undefined : inForceAt(options.inForceAt),
        ),
      )
      .orderBy(desc(grants.grant_id))
      .limit(limit)
      .all()
  }

  /** Deletes grants that expired before `before`. */
  prune(before: number): void {
    this.#db.delete(grants).where(lt(grants.expires_at, before)).run()
  }

  /** Adds an action that should be looked at. */
  flag(row: Omit<LookRow, 'seen_at' | 'seen_by'>): void {
    this.#db
      .insert(toLookAt)
      .values({ ...row, seen_at: null, seen_by: null })
      .run()
  }

  /** Oldest first. */
  flagged(options: { readonly limit: number; readonly after: number; readonly includeSeen: boolean }): readonly LookRow[] {
    return this.#db
      .select()
      .from(toLookAt)
      .where(and(gt(toLookAt.seq, options.after), options.includeSeen ? undefined : isNull(toLookAt.seen_at)))
      .orderBy(asc(toLookAt.seq))
      .limit(options.limit)
      .all()
  }

  /** Marks unseen rows as seen; returns the `seq` of the rows that changed. */
  markSeen(seqs: readonly number[], at: number, by: string): readonly number[] {
    const marked: number[] = []
    // Platform limit: a statement takes at most 100 parameters.
    for (let start = 0; start < seqs.length; start += 90) {
      const rows = this.#db
        .update(toLookAt)
        .set({ seen_at: at, seen_by: by })
        .where(and(inArray(toLookAt.seq, seqs.slice(start, start + 90)), isNull(toLookAt.seen_at)))
        .returning({ seq: toLookAt.seq })
        .all()
      marked.push(...rows.map((row) => row.seq))
    }
    return marked.sort((left, right) => left - right)
  }

  /** Deletes rows that were seen before `before`; unseen rows stay. */
  forgetSeen(before: number): void {
    this.#db
      .delete(toLookAt)
      .where(and(isNotNull(toLookAt.seen_at), lt(toLookAt.seen_at, before)))
      .run()
  }
}
