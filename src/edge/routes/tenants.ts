/** Responsible for the master's operations on tenants: a tenant is a row in D1 and a Durable Object with its name. */
import { ok, type Result } from '../../domain/result.ts'
import type { Exchange, Reply } from '../exchange.ts'
import { signingKeys } from '../access/gatekeeper.ts'
import { mint } from '../access/mint.ts'
import { callObject } from '../tenant-call.ts'

/**
 * Writes the row first. The row may exist already, so that the call can be repeated after the object was unreachable: only the object decides
 * whether the tenant exists.
 */
export async function createTenant(exchange: Exchange<'tenants.create'>): Promise<Reply> {
  const { input, env, ports, origin, request_id } = exchange
  const { tenant, name = input.tenant, owner_name = 'owner', require_capability = true } = input
  const keys = signingKeys(exchange)
  if (!keys.ok) return keys
  const row = await ports.registry(env).tenants.create({ tenant, name, created_at: new Date(ports.now()).toISOString() })
  if (!row.ok && row.failure.code !== 'name-taken') return row
  const sealed = await mint({ kind: 'member', tenant, name: owner_name, origin }, keys.value[0], ports.random)
  const request = { tenant, name, owner_name, require_capability, minted: sealed.minted, request_id }
  const about = { object: 'tenant', operation: exchange.id, idempotent: false } as const
  const owner = await callObject(exchange, about, () => ports.tenant(env, tenant).provision(request))
  if (!owner.ok) return owner
  const { member_id, created_at, expires_at } = owner.value
  return ok({ tenant, name, suspended: false, created_at, owner: { member_id, name: owner_name }, view_url: sealed.view_url, expires_at })
}

export const listTenants = (exchange: Exchange<'tenants.list'>): Promise<Reply> =>
  exchange.ports.registry(exchange.env).tenants.list(exchange.input)

async function setSuspended(exchange: Exchange<'tenants.suspend' | 'tenants.resume'>, suspended: boolean): Promise<Reply> {
  const { env, ports, request_id } = exchange
  const { tenant } = exchange.input
  // Check D1 first, because calling an object under an unknown name would create it.
  const known = await ports.registry(env).tenants.setSuspended(tenant, suspended)
  if (!known.ok) return known
  const about = { object: 'tenant', operation: exchange.id, idempotent: true } as const
  const done: Result<{ readonly name: string; readonly created_at: string }> = await callObject(exchange, about, () =>
    ports.tenant(env, tenant).setSuspended({ suspended, request_id }),
  )
  return done.ok ? ok({ tenant, name: done.value.name, suspended, created_at: done.value.created_at }) : done
}

export const suspendTenant = (exchange: Exchange<'tenants.suspend'>): Promise<Reply> => setSuspended(exchange, true)
export const resumeTenant = (exchange: Exchange<'tenants.resume'>): Promise<Reply> => setSuspended(exchange, false)
