/** Responsible for storing which jobs hold a key and which wait for it. It decides nothing. */
import { and, asc, count, desc, eq, gt, inArray, lt, lte, min, ne, or } from 'drizzle-orm'
import type { JobKey, KeyKind, KeyState, KeyUse } from '../../../src/domain/job/keys.ts'
import type { TenantDatabase } from '../kernel/open-stores.ts'
import { keyUses, rateStarts } from './tables.ts'

/** One job's relation to one key. `turn` is its order among waiting jobs, in milliseconds since 1970. */
export interface StoredUse {
  readonly job_id: number
  readonly kind: KeyKind
  readonly key: string
  readonly state: KeyState
  readonly turn: number
}

type Named = Pick<JobKey, 'kind' | 'key'>

const ofKey = ({ kind, key }: Named, state: KeyState) => and(eq(keyUses.kind, kind), eq(keyUses.key, key), eq(keyUses.state, state))
const useOf = ({ most: _, ...row }: typeof keyUses.$inferSelect): StoredUse => ({
  ...row,
  kind: row.kind as KeyKind,
  state: row.state as KeyState,
})

export class TurnStore {
  readonly #db: TenantDatabase
  constructor(db: TenantDatabase) {
    this.#db = db
  }

  of(jobId: number, kind: KeyKind): StoredUse | undefined {
    const row = this.#db
      .select()
      .from(keyUses)
      .where(and(eq(keyUses.job_id, jobId), eq(keyUses.kind, kind)))
      .get()
    return row === undefined ? undefined : useOf(row)
  }

  save(use: StoredUse, most: number): void {
    const row = { ...use, most }
    this.#db
      .insert(keyUses)
      .values(row)
      .onConflictDoUpdate({ target: [keyUses.job_id, keyUses.kind], set: row })
      .run()
  }

  delete(jobId: number): void {
    this.#db.delete(keyUses).where(eq(keyUses.job_id, jobId)).run()
  }

  /** The use of the key at this time as seen by this job; `turn` is the job's place among the waiting ones. */
  use(key: JobKey, jobId: number, turn: number, at: number): KeyUse {
    const held = this.#db
      .select({ holders: count(), smallest: min(keyUses.most) })
      .from(keyUses)
      .where(and(ofKey(key, 'holds'), ne(keyUses.job_id, jobId)))
      .get()
    const first = this.waiting(key, 1)[0]
    return {
      holders: held?.holders ?? 0,
      smallest: held?.smallest ?? undefined,
      starts: key.per_ms === null ? [] : this.#starts(key.key, at - key.per_ms, at, key.most),
      before: first !== undefined && first.job_id !== jobId && (first.turn < turn || (first.turn === turn && first.job_id < jobId)),
    }
  }

  /** Newest first. Starts in the future are ignored: the clock was set back after them. */
  #starts(key: string, after: number, until: number, limit: number): readonly number[] {
    return this.#db
      .select({ at: rateStarts.at })
      .from(rateStarts)
      .where(and(eq(rateStarts.key, key), gt(rateStarts.at, after), lte(rateStarts.at, until)))
      .orderBy(desc(rateStarts.at))
      .limit(limit)
      .all()
      .map((row) => row.at)
  }

  /** Records a start for a rate; `at` in milliseconds since 1970. */
  noteStart(key: string, at: number): void {
    this.#db.insert(rateStarts).values({ key, at }).run()
  }

  forgetStarts(before: number): void {
    this.#db.delete(rateStarts).where(lt(rateStarts.at, before)).run()
  }

  /** The jobs that wait for the key, first in line first. */
  waiting(key: Named, limit: number): readonly StoredUse[] {
    return this.#db
      .select()
      .from(keyUses)
      .where(ofKey(key, 'waits'))
      .orderBy(asc(keyUses.turn), asc(keyUses.job_id))
      .limit(limit)
      .all()
      .map(useOf)
  }

  /** Ids of the jobs that hold the key, oldest first. */
  holding(key: Named, limit: number): readonly number[] {
    const rows = this.#db
      .select({ id: keyUses.job_id })
      .from(keyUses)
      .where(ofKey(key, 'holds'))
      .orderBy(asc(keyUses.job_id))
      .limit(limit)
      .all()
    return rows.map((row) => row.id)
  }

  /** How many waiting jobs come before this one. */
  ahead(use: StoredUse): number {
    const row = this.#db
      .select({ count: count() })
      .from(keyUses)
      .where(and(ofKey(use, 'waits'), or(lt(keyUses.turn, use.turn), and(eq(keyUses.turn, use.turn), lt(keyUses.job_id, use.job_id)))))
      .get()
    return row?.count ?? 0
  }

  /** Ids of unfinished jobs of the key. */
  jobsOf({ kind, key }: Named, limit: number): readonly number[] {
    const rows = this.#db
      .select({ id: keyUses.job_id })
      .from(keyUses)
      .where(and(eq(keyUses.kind, kind), inArray(keyUses.state, ['holds', 'waits', 'apart']), eq(keyUses.key, key)))
      .orderBy(asc(keyUses.job_id))
      .limit(limit)
      .all()
    return rows.map((row) => row.id)
  }

  /** Keys of this kind with waiting jobs. The query skips through the index: one seek per key, not one per job. */
  waitedFor(kind: KeyKind): readonly string[] {
    const found: string[] = []
    for (;;) {
      const row = this.#db
        .select({ key: keyUses.key })
        .from(keyUses)
        .where(and(eq(keyUses.kind, kind), eq(keyUses.state, 'waits'), gt(keyUses.key, found.at(-1) ?? '')))
        .orderBy(asc(keyUses.key))
        .limit(1)
        .get()
      if (row === undefined) return found
      found.push(row.key)
    }
  }
}
