/** Responsible for the statements over job rows that every job needs: built once and reused. */
import { and, asc, eq, getTableColumns, isNotNull, lte, sql } from 'drizzle-orm'
import type { TenantDatabase } from '../kernel/open-stores.ts'
import { Statement } from '../kernel/statement.ts'
import { ending, pick, starting } from './job-row.ts'
import type { JobRow, JobState } from './job-row.ts'
import type { Head } from './pool-front.ts'
import { jobs } from './tables.ts'

export interface JobStatements {
  readonly insert: Statement<JobRow>
  readonly update: Statement<JobState>
  readonly start: Statement<JobState>
  readonly end: Statement<JobState>
  readonly updateWithSpec: Statement<JobState & { spec: string }>
  readonly get: Statement<{ id: number }, JobRow>
  readonly some: Statement<{ ids: string }, JobRow>
  readonly heads: Statement<{ pool: number; limit: number }, Head>
  readonly due: Statement<{ pool: number; upTo: number; limit: number }, JobRow>
  readonly expired: Statement<{ at: number; limit: number }, JobRow>
  readonly nextExpiry: Statement<object, { readonly at: number }>
}

export function jobStatements(db: TenantDatabase): JobStatements {
  const columns = Object.keys(getTableColumns(jobs)) as (keyof JobRow)[]
  const all = Object.fromEntries(columns.map((name) => [name, sql`${sql.placeholder(name)}`])) as Record<
    keyof JobRow,
    ReturnType<typeof sql>
  >
  const {
    id: _,
    thread_id: _1,
    parent_id: _2,
    created_by: _3,
    created_at: _4,
    idempotency_key: _5,
    idempotency_digest: _6,
    dispatch_key: _7,
    ...changeable
  } = all
  const { spec: _spec, ...state } = changeable
  const insert = new Statement(db, db.insert(jobs).values(all))
  const withId = eq(jobs.id, sql.placeholder('id'))
  const update = new Statement(db, db.update(jobs).set(state).where(withId))
  const start = new Statement(db, db.update(jobs).set(pick(state, starting)).where(withId))
  const noPlace = { pool: sql`null`, rank: sql`null` }
  const end = new Statement(
    db,
    db
      .update(jobs)
      .set({ ...pick(state, ending), ...noPlace })
      .where(withId),
  )
  const updateWithSpec = new Statement(db, db.update(jobs).set(changeable).where(withId))
  const get = new Statement(db, db.select().from(jobs).where(withId))
  const among = sql`${jobs.id} in (select value from json_each(${sql.placeholder('ids')}))`
  const some = new Statement(db, db.select().from(jobs).where(among))
  const heads = new Statement(
    db,
    db
      .select({ id: jobs.id, rank: jobs.rank })
      .from(jobs)
      .where(and(eq(jobs.pool, sql.placeholder('pool')), isNotNull(jobs.pool)))
      .orderBy(asc(jobs.rank), asc(jobs.id))
      .limit(sql.placeholder('limit')),
  )
  const limit = sql.placeholder('limit')
  const inTime = and(eq(jobs.pool, sql.placeholder('pool')), isNotNull(jobs.pool), lte(jobs.rank, sql.placeholder('upTo')))
  const due = new Statement(db, db.select().from(jobs).where(inTime).orderBy(asc(jobs.rank)).limit(limit))
  const over = and(isNotNull(jobs.expires_at), lte(jobs.expires_at, sql.placeholder('at')))
  const expired = new Statement(db, db.select().from(jobs).where(over).orderBy(asc(jobs.expires_at)).limit(limit))
  const expiring = db
    .select({ at: sql`${jobs.expires_at} as at` })
    .from(jobs)
    .where(isNotNull(jobs.expires_at))
  const nextExpiry = new Statement(db, expiring.orderBy(asc(jobs.expires_at)).limit(1))
  return { insert, update, start, end, updateWithSpec, get, some, heads, due, expired, nextExpiry }
}
