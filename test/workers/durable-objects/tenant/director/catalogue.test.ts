/** Says what a tenant's rules of the catalogue change, who may change them, and that they outlive an eviction. */
import type { Catalogue, CatalogueRule } from '@modelreins/contract'
import { abortAllDurableObjects } from 'cloudflare:test'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { failureOf, frozenTime, TestTenant } from '../harness.ts'
import type { WorkerHandle } from '../harness.ts'

let tenant: TestTenant
let house: WorkerHandle
beforeEach(async () => {
  frozenTime()
  tenant = await TestTenant.create()
  house = await tenant.worker('house', [], { provider: 'http', model: 'house-large-1' })
  await tenant.worker('opus', [], { provider: 'claude', model: 'opus' })
})
afterEach(() => {
  vi.useRealTimers()
})

const set = (rules: CatalogueRule[], if_version?: number): Promise<Catalogue> =>
  tenant.must('director.set_catalogue', { rules, ...(if_version === undefined ? {} : { if_version }) })
const seen = async (name: string) => (await tenant.must('director.catalogue', {})).workers.find((worker) => worker.name === name)
const choice = async (more = {}) => (await tenant.must('jobs.preview', { prompt: 'x', effort: 'critical', ...more })).choices[0]

describe('the catalogue', () => {
  it('shows classes and what is in force for each worker', async () => {
    const found = await tenant.must('director.catalogue', {})
    expect([found.version, found.changed_at, found.rules, found.classes.length]).toEqual([0, null, [], 8])
    expect(found.workers.map((worker) => [worker.name, worker.model_class, worker.source, worker.rule, worker.price])).toEqual([
      ['house', 'standard hosted', 'built-in', null, null],
      ['opus', 'premium', 'built-in', null, null],
    ])
  })

  it('is overridden by pattern at once, also after an eviction: the Director, the preview and why use it', async () => {
    expect(await choice()).toMatchObject({ worker: 'opus' })
    await set([
      { model: 'opus*', model_class: 'cheap hosted' },
      { provider: 'http', model: 'house-*', model_class: 'premium', locality: 'local' },
    ])
    await abortAllDurableObjects()
    await tenant.present(house)
    expect(await choice()).toMatchObject({ worker: 'house', model_class: 'premium' })
    const job = await tenant.must('jobs.dispatch', { prompt: 'x', effort: 'critical', mode: 'local' })
    expect(job.assigned_to).toBe('house')
    const why = await tenant.must('jobs.why', { job_id: job.id })
    expect(why.workers.find((worker) => worker.name === 'house')?.reasons.join()).toContain('premium: cost 0.1, quality 1')
    expect(why.workers.find((worker) => worker.name === 'opus')?.reasons.join()).toContain('runs in the cloud, not locally')
    await tenant.must('workers.update', { worker_id: house.id, config: { model_class: 'local small', locality: 'cloud' } })
    expect(await seen('house')).toMatchObject({ model_class: 'local small', locality: 'cloud', source: 'config', rule: 1 })
    await set([])
    expect(await seen('opus')).toMatchObject({ model_class: 'premium', source: 'built-in', rule: null })
  })

  it('counts its versions, refuses one that was read too early, and is audited; said again it writes nothing', async () => {
    const rules: CatalogueRule[] = [{ model: '*', cost: 0.2 }]
    expect((await set(rules, 0)).version).toBe(1)
    expect((await set(rules)).version).toBe(1)
    expect(failureOf(await tenant.call('director.set_catalogue', { rules: [], if_version: 0 }))).toBe('conflict')
    expect((await seen('opus'))?.cost).toBe(0.2)
    expect((await set([], 1)).version).toBe(2)
  })

  it.each([
    ['viewer', 'ok', 'forbidden'],
    ['reviewer', 'ok', 'forbidden'],
    ['operator', 'ok', 'ok'],
  ] as const)('is read by a %s (%s), and changed: %s', async (role, read, changed) => {
    const member = await tenant.member('Mia', role)
    expect(failureOf(await tenant.as(member.credential, 'director.catalogue', {}))).toBe(read)
    expect(failureOf(await tenant.as(member.credential, 'director.set_catalogue', { rules: [] }))).toBe(changed)
    expect(failureOf(await tenant.as(house.credential, 'director.set_catalogue', { rules: [] }))).toBe('forbidden')
  })
})
