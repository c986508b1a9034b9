import { abortAllDurableObjects, env, runInDurableObject } from 'cloudflare:test'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { openRegistry } from '../../../../../src/registry/open.ts'
import { call, json, newTenant, type TestTenant } from '../../../edge/edge.ts'

const registry = openRegistry(env.REGISTRY)

let said: string[]
beforeEach(() => {
  said = []
  vi.spyOn(console, 'error').mockImplementation((line: string) => void said.push(line))
  vi.spyOn(console, 'warn').mockImplementation(() => {})
})
afterEach(() => {
  vi.restoreAllMocks()
})

/** An alarm ships whatever is in the outbox, and waits for it. */
const shipNow = (tenant: TestTenant): Promise<void> =>
  runInDurableObject(env.TENANT.get(env.TENANT.idFromName(tenant.tenant)), (instance) =>
    (instance as unknown as { alarm(): Promise<void> }).alarm(),
  )

const seqs = async (tenant: TestTenant): Promise<readonly number[]> => {
  const rows = await registry.audit.range(tenant.tenant, { after: 0 })
  return rows.ok ? rows.value.map((row) => row.seq) : []
}

const dispatch = (tenant: TestTenant): Promise<unknown> =>
  json(call('POST', '/api/v1/workers/register', { token: tenant.owner, body: { name: `w${Math.random().toString(36).slice(2)}` } }), 201)

const verify = (tenant: TestTenant): Promise<{ ok: boolean; fault: { kind: string; seq: number } | null }> =>
  json(call('GET', '/audit/verify', { token: tenant.owner }))

const metrics = async (tenant: TestTenant): Promise<string> => {
  const answer = await call('GET', '/metrics', { token: tenant.owner })
  return new TextDecoder().decode(await answer.arrayBuffer())
}

/** Somebody with the database puts a row of their own under the next number. */
async function forgeNext(tenant: TestTenant): Promise<number> {
  const next = ((await seqs(tenant)).at(-1) ?? 0) + 1
  await env.REGISTRY.prepare(
    `INSERT INTO audit (tenant, seq, at, actor_kind, actor_id, actor_name, action, subject, job_id, worker_id, capability, risk_tier, digest, summary, prev_hash, hash, mac)
     SELECT tenant, ?2, at, actor_kind, actor_id, actor_name, action, subject, job_id, worker_id, capability, risk_tier, digest, 'forged', hash, 'f' || substr(hash, 2), mac
     FROM audit WHERE tenant = ?1 AND seq = ?2 - 1`,
  )
    .bind(tenant.tenant, next)
    .run()
  return next
}

describe('a database that holds another row than the tenant', () => {
  it('is said in the log, by the metric and by the verification, and nothing is stored behind it', async () => {
    const tenant = await newTenant()
    await shipNow(tenant)
    expect(await metrics(tenant)).toContain('modelreins_audit_forked 0')
    const forged = await forgeNext(tenant)
    await dispatch(tenant)
    await dispatch(tenant)
    await shipNow(tenant)
    expect((await seqs(tenant)).at(-1)).toBe(forged)
    expect(said.join()).toContain('"audit.fork"')
    expect(await metrics(tenant)).toMatch(/modelreins_audit_forked 1\n/)
    expect(await metrics(tenant)).toMatch(/modelreins_audit_unshipped_rows [1-9]/)
    expect(await verify(tenant)).toMatchObject({ ok: false, fault: { seq: forged } })
  })

  it('is found again after an eviction, when it has the row for the newest that arrived', async () => {
    const tenant = await newTenant()
    await shipNow(tenant)
    const forged = await forgeNext(tenant)
    await dispatch(tenant)
    await env.REGISTRY.prepare('UPDATE shipments SET audit_seq = ? WHERE tenant = ?').bind(forged, tenant.tenant).run()
    await abortAllDurableObjects()
    await dispatch(tenant)
    await shipNow(tenant)
    expect((await seqs(tenant)).at(-1)).toBe(forged)
    expect(await metrics(tenant)).toMatch(/modelreins_audit_forked 1\n/)
  })

  it('is found when it has rows that the tenant never made', async () => {
    const tenant = await newTenant()
    await shipNow(tenant)
    const forged = await forgeNext(tenant)
    await env.REGISTRY.prepare('UPDATE shipments SET audit_seq = ? WHERE tenant = ?').bind(forged, tenant.tenant).run()
    await abortAllDurableObjects()
    await shipNow(tenant)
    expect(await verify(tenant)).toMatchObject({ ok: false, fault: { seq: forged } })
    expect(said.join()).toContain(`"seq":${forged}`)
  })

  it('is shipped to again once somebody has put it right', async () => {
    const tenant = await newTenant()
    await shipNow(tenant)
    const forged = await forgeNext(tenant)
    await dispatch(tenant)
    await shipNow(tenant)
    expect(await metrics(tenant)).toMatch(/modelreins_audit_forked 1\n/)
    await env.REGISTRY.prepare('DELETE FROM audit WHERE tenant = ? AND seq = ?').bind(tenant.tenant, forged).run()
    await shipNow(tenant)
    expect(await metrics(tenant)).toMatch(/modelreins_audit_forked 0\n/)
    expect(await verify(tenant)).toMatchObject({ ok: true, fault: null })
  })
})
