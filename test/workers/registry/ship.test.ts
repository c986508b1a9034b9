import { env } from 'cloudflare:test'
import { describe, expect, it } from 'vitest'
import { verifyRows } from '../../../src/domain/audit/audit-chain.ts'
import { shippedSeq } from '../../../src/registry/audit.ts'
import { openRegistry } from '../../../src/registry/open.ts'
import { forksSelect, ship } from '../../../src/registry/ship.ts'
import { counted } from '../../../tools/costs/counted.ts'
import { auditChain, hmac, job, sha256, start, value, worker } from './rows.ts'

const registry = openRegistry(env.REGISTRY)
const nothing = { audit: [], jobs: [], workers: [] }

describe('a shipment', () => {
  it('stores audit rows byte for byte, so that the chain verifies from the registry alone', async () => {
    const odd = 'NUL \0, RTL \u202e, emoji 😀, quote " and \\, \u2028, ümläut'
    const rows = auditChain(1_200, (seq) => ({
      summary: `${odd} ${seq}`,
      actor: { kind: 'worker', id: 'wkaaaaaaaaaa', name: `<b>${odd}</b>` },
      worker_id: seq % 2 === 0 ? 'wkaaaaaaaaaa' : null,
      risk_tier: 'audit',
    }))
    expect(value(await ship(env.REGISTRY, 'bytes', { ...nothing, audit: rows }))).toEqual({ audit_seq: 1_200, forks: [] })
    const first = value(await registry.audit.range('bytes', { after: 0 }))
    const rest = value(await registry.audit.range('bytes', { after: first.length, through: 1_200, limit: 900 }))
    expect(first).toHaveLength(1_000)
    expect([...first, ...rest]).toEqual(rows)
    expect(verifyRows([...first, ...rest], { sha256, hmac })).toMatchObject({ ok: true, rows: 1_200 })
  })

  it('may come again, in parts and in any order', async () => {
    const rows = auditChain(9)
    const part = (from: number, to: number) => ({ ...nothing, audit: rows.slice(from - 1, to) })
    expect(value(await shippedSeq(env.REGISTRY, 'order'))).toBe(0)
    expect(value(await ship(env.REGISTRY, 'order', part(4, 6)))).toMatchObject({ audit_seq: 0 })
    expect(value(await ship(env.REGISTRY, 'order', part(1, 2)))).toMatchObject({ audit_seq: 2 })
    expect(value(await ship(env.REGISTRY, 'order', part(8, 9)))).toMatchObject({ audit_seq: 2 })
    expect(value(await ship(env.REGISTRY, 'order', part(1, 4)))).toMatchObject({ audit_seq: 6 })
    expect(value(await ship(env.REGISTRY, 'order', part(1, 9)))).toEqual({ audit_seq: 9, forks: [] })
    expect(value(await ship(env.REGISTRY, 'order', nothing))).toEqual({ audit_seq: 9, forks: [] })
    expect(value(await shippedSeq(env.REGISTRY, 'order'))).toBe(9)
    expect(value(await registry.audit.range('order', { after: 0 }))).toEqual(rows)
  })

  it('never replaces an audit row, and says when another one is under its number', async () => {
    const rows = auditChain(5)
    const other = auditChain(5, (seq) => (seq >= 3 ? { summary: 'another history' } : {}))
    await ship(env.REGISTRY, 'fork', { ...nothing, audit: rows })
    expect(value(await ship(env.REGISTRY, 'fork', { ...nothing, audit: other }))).toEqual({ audit_seq: 5, forks: [3, 4, 5] })
    expect(value(await registry.audit.range('fork', { after: 0 }))).toEqual(rows)
  })

  it('stores nothing of a shipment over a fork: no row behind it, no job, no worker', async () => {
    const rows = auditChain(3)
    const longer = auditChain(9, (seq) => (seq >= 3 ? { summary: 'another history' } : {}))
    await ship(env.REGISTRY, 'over', { ...nothing, audit: rows })
    const shipment = { ...nothing, audit: longer, jobs: [job(1, { updated_seq: 9, status: 'done' })] }
    expect(value(await ship(env.REGISTRY, 'over', shipment))).toEqual({ audit_seq: 3, forks: [3] })
    expect(value(await registry.audit.range('over', { after: 0 }))).toEqual(rows)
    expect(await registry.jobs.get('over', 1)).toMatchObject({ ok: false })
  })

  it('never takes a job or a worker back to an older state', async () => {
    const jobs = (updated_seq: number, status: 'done' | 'failed') => ({ ...nothing, jobs: [job(1, { updated_seq, status })] })
    await ship(env.REGISTRY, 'newer', jobs(20, 'done'))
    await ship(env.REGISTRY, 'newer', jobs(10, 'failed'))
    expect(value(await registry.jobs.get('newer', 1)).status).toBe('done')
    await ship(env.REGISTRY, 'newer', jobs(30, 'failed'))
    expect(value(await registry.jobs.get('newer', 1)).status).toBe('failed')

    const paused = (updated_seq: number, paused: boolean) => ({
      ...nothing,
      workers: [worker('wkaaaaaaaaaa', 'w', { updated_seq, paused })],
    })
    await ship(env.REGISTRY, 'newer', paused(20, true))
    await ship(env.REGISTRY, 'newer', paused(10, false))
    expect(value(await registry.workers.get('newer', 'wkaaaaaaaaaa')).paused).toBe(true)
    await ship(env.REGISTRY, 'newer', paused(21, false))
    expect(value(await registry.workers.get('newer', 'wkaaaaaaaaaa')).paused).toBe(false)
  })

  it('gives jobs and workers back as they were, without the sequence', async () => {
    const shipped = Array.from({ length: 40 }, (_, index) =>
      job(index + 1, {
        // Odd ones take another way than those that JSON says as they are.
        prompt: `${index % 2 === 0 ? '\0' : '\\u0001 \\ \n\t\u2028'} "${index}" 😀`,
        result: index % 3 === 0 ? null : `${index}`,
        metadata: { deep: [{ a: null }] },
        error: { type: 'timeout', message: 'm', retryable: true },
      }),
    )
    const first = worker('wkbbbbbbbbbb', 'b', { config: { slots: 3 } })
    expect(await ship(env.REGISTRY, 'shape', { ...nothing, jobs: shipped, workers: [first] })).toMatchObject({ ok: true })
    for (const { updated_seq: _, ...expected } of shipped) expect(value(await registry.jobs.get('shape', expected.id))).toEqual(expected)
    const { updated_seq: _, ...expected } = first
    expect(value(await registry.workers.get('shape', 'wkbbbbbbbbbb'))).toEqual(expected)
  })

  it('takes the largest job there can be, although its JSON would not fit into a row', async () => {
    const large = job(1, {
      prompt: '\u0001'.repeat(512 * 1024),
      output: '\u0002'.repeat(64 * 1024),
      result: '\u0003'.repeat(64 * 1024),
      input: 'i'.repeat(250_000),
    })
    expect(await ship(env.REGISTRY, 'large', { ...nothing, jobs: [large, job(2)] })).toMatchObject({ ok: true })
    expect(value(await registry.jobs.get('large', 1)).prompt).toBe(large.prompt)
  })

  it('is answered as unavailable when the database is not there, and its bugs are thrown', async () => {
    const broken = (message: string): D1Database =>
      new Proxy(env.REGISTRY, {
        get: (database, key) => (key === 'batch' ? () => Promise.reject(new Error(message)) : database.prepare.bind(database)),
      })
    expect(await ship(broken('D1_ERROR: Network connection lost.'), 'down', nothing)).toMatchObject({
      ok: false,
      failure: { code: 'unavailable', retry_after_ms: expect.any(Number) },
    })
    await expect(ship(broken('D1_ERROR: no such column: x at offset 7: SQLITE_ERROR'), 'down', nothing)).rejects.toThrow('no such column')
  })

  it('shows no tenant what another one has', async () => {
    const rows = auditChain(3)
    await ship(env.REGISTRY, 'mine', { audit: rows, jobs: [job(1)], workers: [worker('wkaaaaaaaaaa', 'triager')] })
    await ship(env.REGISTRY, 'yours', { audit: [], jobs: [job(2)], workers: [] })
    expect(value(await shippedSeq(env.REGISTRY, 'yours'))).toBe(0)
    expect(value(await registry.audit.query('yours', {})).items).toEqual([])
    expect(value(await registry.audit.query('yours', { actor: 'Ada' })).items).toEqual([])
    expect(value(await registry.audit.range('yours', { after: 0 }))).toEqual([])
    expect(await registry.jobs.get('yours', 1)).toMatchObject({ ok: false, failure: { code: 'not-found' } })
    expect(value(await registry.jobs.list('yours', { worker: 'triager' })).items.map((found) => found.id)).toEqual([2])
    expect(await registry.workers.get('yours', 'wkaaaaaaaaaa')).toMatchObject({ ok: false, failure: { code: 'not-found' } })
    expect(value(await registry.workers.list('yours', {})).items).toEqual([])
  })
})

it('writes seven rows for the life of a job: one for each audit row and one to find it by job, and the job', async () => {
  const lives = 50
  const audit = auditChain(3 * lives, (seq) => ({
    action: ['job.dispatch', 'job.start', 'job.complete'][seq % 3] ?? '',
    job_id: Math.ceil(seq / 3),
    worker_id: 'wkaaaaaaaaaa',
    at: new Date(start).toISOString(),
  }))
  let written = 0
  const counting: D1Database = new Proxy(env.REGISTRY, {
    get: (database, key) =>
      key === 'batch'
        ? async (statements: D1PreparedStatement[]) => {
            const results = await database.batch(statements)
            for (const { meta } of results) written += meta.rows_written
            return results
          }
        : database.prepare.bind(database),
  })
  const jobs = Array.from({ length: lives }, (_, index) => job(index + 1, { created_by: 'member:Ada' }))
  value(await ship(counting, 'counted', { ...nothing, audit, jobs }))
  // And once for all of them: the hour, the names of who acted, how far the shipment came.
  expect(written).toBeLessThanOrEqual(counted.d1_rows * lives + counted.d1_rows_per_shipment)
  expect(written).toBeGreaterThanOrEqual(counted.d1_rows * lives)
})

it('looks for forks among the shipped rows only, however long the trail is', async () => {
  const plan = await env.REGISTRY.prepare(`EXPLAIN QUERY PLAN ${forksSelect}`).bind('acme', '[]').all<{ detail: string }>()
  const steps = plan.results.map((step) => step.detail).join('\n')
  expect(steps).toContain('SEARCH audit USING PRIMARY KEY (tenant=? AND seq=?)')
})
