/** Responsible for reading the archive of finished jobs: one job, or a page of jobs by filter. */
import type { Job, jobList } from '@modelreins/contract'
import { and, asc, desc, eq, gt, gte, inArray, lt, lte, sql, type SQL } from 'drizzle-orm'
import type * as z from 'zod'
import { countingCursor } from '../domain/cursor.ts'
import { fail, ok, type Result } from '../domain/result.ts'
import { idsOf, isOneOf } from './names.ts'
import { callD1, pageLimit, pageOf, type Page, type RegistryDb } from './page.ts'
import { scan, type Span } from './scan.ts'
import { jobs } from './schema.ts'

export type JobSearch = z.output<typeof jobList>

export interface RegistryJobs {
  get(tenant: string, id: number): Promise<Result<Job>>
  /** R2 key of the whole result; null when the row has all of it. */
  storedResult(tenant: string, id: number): Promise<Result<string | null>>
  /**
   * Newest first. `cursor` is a job id: the page begins below it. A page of large jobs is shorter than `limit`. With filters other than the thread or
   * `failed`, a page may be short, or empty, and still have a next page.
   */
  list(tenant: string, search: JobSearch): Promise<Result<Page<Job>>>
  /** The thread id of each of these jobs that has one. */
  threadsOf(tenant: string, ids: readonly number[]): Promise<Result<ReadonlyMap<number, string>>>
  /** Turns of a thread, oldest first, above this job id. A page of large jobs is shorter than `limit`. */
  turns(tenant: string, threadId: string, after: number, limit: number): Promise<Result<Page<Job>>>
}

/** Maximum characters of one page: a Worker has 128 MB of memory, and a job may have a megabyte. */
const pageSize = 8 * 1024 * 1024

/** The row has the R2 key of a large result, which is never part of an answer. */
function whole(row: typeof jobs.$inferSelect): Job {
  const { stored_result: _, ...rest } = row.rest
  return { ...rest, prompt: row.prompt, output: row.output, result: row.result }
}

function statusIs(statuses: readonly Job['status'][] | undefined): SQL | undefined {
  if (statuses === undefined) return undefined
  // Written into the SQL and not bound, because only then does SQLite recognise that the partial index applies. `unlikely`, because otherwise SQLite
  // scans the primary key, which contains the rows.
  if (statuses.length === 1 && statuses[0] === 'failed') return sql`unlikely(${jobs.status} = 'failed')`
  return inArray(jobs.status, [...statuses])
}

async function filterOf(db: RegistryDb, tenant: string, search: JobSearch, below: number | undefined): Promise<SQL | undefined> {
  return and(
    eq(jobs.tenant, tenant),
    below === undefined ? undefined : lt(jobs.id, below),
    statusIs(search.status),
    search.thread_id === undefined ? undefined : sql`unlikely(${eq(jobs.thread_id, search.thread_id)})`,
    search.capability === undefined ? undefined : eq(jobs.capability, search.capability),
    search.created_by === undefined ? undefined : eq(jobs.created_by, spelledCreator(search.created_by)),
    search.effort === undefined ? undefined : eq(jobs.effort, search.effort),
    search.parent_id === undefined ? undefined : sql`json_extract(${jobs.rest}, '$.parent_id') = ${search.parent_id}`,
    search.error === undefined ? undefined : sql`json_extract(${jobs.rest}, '$.error.type') = ${search.error}`,
    search.worker === undefined ? undefined : isOneOf(jobs.worker_id, await idsOf(db, tenant, search.worker)),
  )
}

/** The form in which a job shows it. */
const spelledCreator = (named: string): string => (/^(?:member|worker):/.test(named) ? named : `member:${named}`)

/** How many of the first rows fit into one page, at least one. */
export function rowsThatFit(sizes: readonly number[], limit: number): number {
  let total = 0
  let count = 0
  for (const size of sizes.slice(0, limit)) {
    total += size
    if (count > 0 && total > pageSize) break
    count += 1
  }
  return count
}

async function one(db: RegistryDb, tenant: string, id: number): Promise<Result<typeof jobs.$inferSelect>> {
  const found = await callD1(() =>
    db
      .select()
      .from(jobs)
      .where(and(eq(jobs.tenant, tenant), eq(jobs.id, id))),
  )
  if (!found.ok) return found
  const [row] = found.value
  return row === undefined ? fail('not-found', `There is no job ${id}.`) : ok(row)
}

/** Whether the search needs a scan (scan.ts). */
const isWalked = ({ status, thread_id, worker, capability, created_by, effort, parent_id, error }: JobSearch): boolean =>
  thread_id === undefined &&
  !(status?.length === 1 && status[0] === 'failed') &&
  (status !== undefined || (worker ?? capability ?? created_by ?? effort ?? parent_id ?? error) !== undefined)

/** Ids and sizes of the jobs that would be on the page; exported for the tests that check its query plan. */
export async function sizesQuery(db: RegistryDb, tenant: string, search: JobSearch, below: number | undefined) {
  const filter = await filterOf(db, tenant, search, below)
  return {
    filter,
    statement: within(undefined, pageLimit(search.limit) + 1),
    /** Only the matching jobs of a window. */
    within,
  }
  function within(window: Span | undefined, limit: number) {
    return db
      .select({ id: jobs.id, size: jobs.size })
      .from(jobs)
      .where(window === undefined ? filter : and(filter, gte(jobs.id, window.first), lte(jobs.id, window.last)))
      .orderBy(desc(jobs.id))
      .limit(limit)
  }
}

interface Sized {
  readonly id: number
  readonly size: number
}

async function newestId(db: RegistryDb, tenant: string): Promise<number> {
  const [row] = await db
    .select({ id: sql<number | null>`max(${jobs.id})` })
    .from(jobs)
    .where(eq(jobs.tenant, tenant))
  return row?.id ?? 0
}

/** Ids and sizes of the jobs that would be on the page, and the cursor of the next page. */
async function sizesOf(
  db: RegistryDb,
  tenant: string,
  search: JobSearch,
  below: number | undefined,
): Promise<Page<Sized> & { readonly filter: SQL | undefined }> {
  const limit = pageLimit(search.limit)
  const { filter, statement, within } = await sizesQuery(db, tenant, search, below)
  if (!isWalked(search)) return { filter, ...pageOf(await statement, limit, (row) => String(row.id)) }
  const newest = await newestId(db, tenant)
  const span = { first: 1, last: below === undefined ? newest : Math.min(newest, below - 1) }
  return { filter, ...(await scan<Sized>({ span, descending: true, limit, read: within, numberOf: (row) => row.id })) }
}

/** Reads the ids and sizes first, then as many of the jobs as fit into memory. */
async function list(db: RegistryDb, tenant: string, search: JobSearch, below: number | undefined): Promise<Page<Job>> {
  const limit = pageLimit(search.limit)
  const { filter, items: found, next_cursor } = await sizesOf(db, tenant, search, below)
  const shown = rowsThatFit(
    found.map((row) => row.size),
    limit,
  )
  const first = found[0]
  const last = found[shown - 1]
  if (first === undefined || last === undefined) return { items: [], next_cursor }
  const rows = await db
    .select()
    .from(jobs)
    .where(and(filter, lte(jobs.id, first.id), gte(jobs.id, last.id)))
    .orderBy(desc(jobs.id))
    .limit(limit)
  return { items: rows.map(whole), next_cursor: found.length > shown ? String(last.id) : next_cursor }
}

async function turns(db: RegistryDb, tenant: string, threadId: string, after: number, limit: number): Promise<Page<Job>> {
  const filter = and(eq(jobs.tenant, tenant), eq(jobs.thread_id, threadId))
  const found = await db
    .select({ id: jobs.id, size: jobs.size })
    .from(jobs)
    .where(and(filter, gt(jobs.id, after)))
    .orderBy(asc(jobs.id))
    .limit(limit + 1)
  const shown = rowsThatFit(
    found.map((row) => row.size),
    limit,
  )
  const last = found[shown - 1]
  if (last === undefined) return { items: [], next_cursor: null }
  const rows = await db
    .select()
    .from(jobs)
    .where(and(filter, gt(jobs.id, after), lte(jobs.id, last.id)))
    .orderBy(asc(jobs.id))
    .limit(limit)
  return { items: rows.map(whole), next_cursor: found.length > shown ? String(last.id) : null }
}

async function threadsOf(db: RegistryDb, tenant: string, ids: readonly number[]): Promise<ReadonlyMap<number, string>> {
  const rows = await db
    .select({ id: jobs.id, thread_id: jobs.thread_id })
    .from(jobs)
    .where(and(eq(jobs.tenant, tenant), sql`${jobs.id} IN (SELECT value FROM json_each(${JSON.stringify(ids)}))`))
  return new Map(rows.flatMap(({ id, thread_id }) => (thread_id === null ? [] : [[id, thread_id] as const])))
}

export const jobsOf = (db: RegistryDb): RegistryJobs => ({
  async get(tenant, id) {
    const row = await one(db, tenant, id)
    return row.ok ? ok(whole(row.value)) : row
  },

  async storedResult(tenant, id) {
    const row = await one(db, tenant, id)
    return row.ok ? ok(row.value.rest.stored_result ?? null) : row
  },

  async list(tenant, search) {
    const below = countingCursor(search.cursor, undefined)
    return below.ok ? callD1(() => list(db, tenant, search, below.value)) : below
  },

  threadsOf: (tenant, ids) => callD1(() => threadsOf(db, tenant, ids)),

  turns: (tenant, threadId, after, limit) => callD1(() => turns(db, tenant, threadId, after, limit)),
})
