/** Responsible for the entry point of the registry: the edge uses its type, and `src/index.ts` opens it. */
import { drizzle } from 'drizzle-orm/d1'
import { auditOf, type RegistryAudit } from './audit.ts'
import { headsOf, type RegistryHeads } from './heads.ts'
import { jobsOf, type RegistryJobs } from './jobs.ts'
import { tenantsOf, type RegistryTenants } from './tenants.ts'
import { workersOf, type RegistryWorkers } from './workers.ts'

/** Every part except `tenants` takes the tenant as its first argument and answers nothing about any other tenant (I13). */
export interface Registry {
  readonly tenants: RegistryTenants
  readonly workers: RegistryWorkers
  readonly jobs: RegistryJobs
  readonly audit: RegistryAudit
  readonly heads: RegistryHeads
}

export function openRegistry(database: D1Database): Registry {
  const db = drizzle(database)
  return { tenants: tenantsOf(db), workers: workersOf(db), jobs: jobsOf(db), audit: auditOf(db), heads: headsOf(db) }
}
