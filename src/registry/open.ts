/** Responsible for the one door into the registry: what the edge sees as a type and `src/index.ts` opens. */
import { drizzle } from 'drizzle-orm/d1'
import { auditOf, type RegistryAudit } from './audit.ts'
import { headsOf, type RegistryHeads } from './heads.ts'
import { jobsOf, type RegistryJobs } from './jobs.ts'
import { tenantsOf, type RegistryTenants } from './tenants.ts'
import { workersOf, type RegistryWorkers } from './workers.ts'

/** Everything but `tenants` takes the tenant first and answers nothing of any other (I13). */
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
