/** Responsible for opening the object's SQLite: migrations first, then one handle that every store shares. */
import { drizzle } from 'drizzle-orm/durable-sqlite'
import type { DrizzleSqliteDODatabase } from 'drizzle-orm/durable-sqlite'
import { migrate } from 'drizzle-orm/durable-sqlite/migrator'
import migrations from '../../../migrations/tenant/migrations.js'
import { ArtifactStore } from '../artifacts/artifact-store.ts'
import { AuditStore } from '../audit/audit-store.ts'
import { CredentialStore } from '../members/credential-store.ts'
import { GrantStore } from '../reviews/grant-store.ts'
import { JobStore } from '../queue/job-store.ts'
import { MetaStore } from './meta-store.ts'
import { PoolStore } from '../queue/pool-store.ts'
import { ReviewStore } from '../reviews/review-store.ts'
import { SessionStore } from '../sessions/session-store.ts'
import { WebhookStore } from '../webhooks/webhook-store.ts'
import { WorkerStore } from '../workers/worker-store.ts'

export type TenantDatabase = DrizzleSqliteDODatabase

export interface Store {
  readonly artifacts: ArtifactStore
  readonly audit: AuditStore
  readonly credentials: CredentialStore
  readonly grants: GrantStore
  readonly jobs: JobStore
  readonly meta: MetaStore
  readonly pools: PoolStore
  readonly reviews: ReviewStore
  readonly sessions: SessionStore
  readonly webhooks: WebhookStore
  readonly workers: WorkerStore
}

export async function openStore(storage: DurableObjectStorage): Promise<Store> {
  const db = drizzle(storage)
  await migrate(db, migrations)
  return {
    artifacts: new ArtifactStore(db),
    audit: new AuditStore(db),
    credentials: new CredentialStore(db),
    grants: new GrantStore(db),
    jobs: new JobStore(db),
    meta: new MetaStore(db),
    pools: new PoolStore(db),
    reviews: new ReviewStore(db),
    sessions: new SessionStore(db),
    webhooks: new WebhookStore(db),
    workers: new WorkerStore(db),
  }
}
