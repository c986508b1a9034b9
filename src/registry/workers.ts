/** Responsible for the copy of worker rows, as they were at their last change. Only the tenant object knows the presence of workers. */
import type { Worker, workerList } from '@modelreins/contract'
import { and, asc, eq, gt } from 'drizzle-orm'
import type * as z from 'zod'
import { fail, ok, type Result } from '../domain/result.ts'
import { callD1, pageLimit, pageOf, type Page, type RegistryDb } from './page.ts'
import { workers } from './schema.ts'

export interface RegistryWorkers {
  get(tenant: string, workerId: string): Promise<Result<Worker>>
  /** In the order of their ids; revoked workers only when asked for. */
  list(tenant: string, query: z.output<typeof workerList>): Promise<Result<Page<Worker>>>
}

export const workersOf = (db: RegistryDb): RegistryWorkers => ({
  async get(tenant, workerId) {
    const found = await callD1(() =>
      db
        .select({ worker: workers.worker })
        .from(workers)
        .where(and(eq(workers.tenant, tenant), eq(workers.worker_id, workerId))),
    )
    if (!found.ok) return found
    const [row] = found.value
    return row === undefined ? fail('not-found', `There is no worker ${workerId}.`) : ok(row.worker)
  },

  async list(tenant, query) {
    const limit = pageLimit(query.limit)
    const found = await callD1(() =>
      db
        .select({ worker: workers.worker })
        .from(workers)
        .where(
          and(
            eq(workers.tenant, tenant),
            query.include_revoked === true ? undefined : eq(workers.revoked, false),
            query.cursor === undefined ? undefined : gt(workers.worker_id, query.cursor),
          ),
        )
        .orderBy(asc(workers.worker_id))
        .limit(limit + 1),
    )
    if (!found.ok) return found
    return ok(
      pageOf(
        found.value.map((row) => row.worker),
        limit,
        (worker) => worker.worker_id,
      ),
    )
  },
})
