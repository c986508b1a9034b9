/** Responsible for the list of tenants. The content of a tenant belongs to its object. */
import type { Tenant, tenantList } from '@modelreins/contract'
import { asc, eq, gt } from 'drizzle-orm'
import type * as z from 'zod'
import { fail, ok, type Result } from '../domain/result.ts'
import { callD1, pageLimit, pageOf, type Page, type RegistryDb } from './page.ts'
import { tenants } from './schema.ts'

export interface RegistryTenants {
  /** Fails with `name-taken` when the slug exists. */
  create(tenant: { readonly tenant: string; readonly name: string; readonly created_at: string }): Promise<Result<Tenant>>
  get(tenant: string): Promise<Result<Tenant>>
  /** In the order of their slugs. */
  list(query: z.output<typeof tenantList>): Promise<Result<Page<Tenant>>>
  /** Changes only what the listing shows; the tenant object refuses the tokens. */
  setSuspended(tenant: string, suspended: boolean): Promise<Result<Tenant>>
}

const unknown = (tenant: string) => fail('not-found', `There is no tenant ${tenant}.`)

export const tenantsOf = (db: RegistryDb): RegistryTenants => ({
  async create({ tenant, name, created_at }) {
    const created = await callD1(() => db.insert(tenants).values({ tenant, name, created_at }).onConflictDoNothing().returning())
    if (!created.ok) return created
    const [row] = created.value
    return row === undefined ? fail('name-taken', `There is a tenant ${tenant} already.`) : ok(row)
  },

  async get(tenant) {
    const found = await callD1(() => db.select().from(tenants).where(eq(tenants.tenant, tenant)))
    if (!found.ok) return found
    const [row] = found.value
    return row === undefined ? unknown(tenant) : ok(row)
  },

  async list(query) {
    const limit = pageLimit(query.limit)
    const found = await callD1(() =>
      db
        .select()
        .from(tenants)
        .where(query.cursor === undefined ? undefined : gt(tenants.tenant, query.cursor))
        .orderBy(asc(tenants.tenant))
        .limit(limit + 1),
    )
    return found.ok ? ok(pageOf(found.value, limit, (row) => row.tenant)) : found
  },

  async setSuspended(tenant, suspended) {
    const changed = await callD1(() => db.update(tenants).set({ suspended }).where(eq(tenants.tenant, tenant)).returning())
    if (!changed.ok) return changed
    const [row] = changed.value
    return row === undefined ? unknown(tenant) : ok(row)
  },
})
