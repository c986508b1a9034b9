import { createHash, createHmac } from 'node:crypto'
import { env } from 'cloudflare:workers'
import type { AuditExportLine, AuditFault, AuditHead, AuditHeadPage, AuditRow, AuditVerification } from '@modelreins/contract'
import { beforeAll, describe, expect, it } from 'vitest'
import { sealRow } from '../../../../../src/domain/audit/audit-chain.ts'
import { headPath } from '../../../../../src/domain/audit/audit-keys.ts'
import { parseTrust } from '../../../../../worker-sdk/src/audit/trust.ts'
import { verifyAudit } from '../../../../../worker-sdk/src/audit/verify.ts'
import { call, json, newTenant, newWorker, problem, redeem, type TestTenant } from '../../../edge/edge.ts'

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
/** The Worker's secret in these tests (vitest.workers.config.ts): what somebody has who runs the deployment. */
const secret = 'tests-sign-with-this-key-of-more-than-32-characters'

const get = <Shape>(tenant: TestTenant, path: string): Promise<Shape> => json<Shape>(call('GET', path, { token: tenant.owner }))
const verify = (tenant: TestTenant, query = ''): Promise<AuditVerification> => get(tenant, `/audit/verify${query}`)
const headsOf = (tenant: TestTenant): Promise<AuditHeadPage> => get(tenant, '/api/v1/audit/heads')

async function exported(tenant: TestTenant, query = ''): Promise<string> {
  const answer = await call('GET', `/api/v1/audit/export${query}`, { token: tenant.owner })
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/x-ndjson'])
  return new TextDecoder().decode(await answer.arrayBuffer())
}
const linesOf = (text: string): AuditExportLine[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))

/** One row each, in one call. */
async function dispatch(tenant: TestTenant, count: number): Promise<void> {
  const body = { jobs: Array.from({ length: count }, (_, n) => ({ prompt: `job ${n}`, when_offline: 'queue' })) }
  await json(call('POST', '/api/v1/dispatch/batch', { token: tenant.owner, body }), 201)
}

/** All steps to the end, or to the first that finds something. */
async function verifyAll(
  tenant: TestTenant,
  limit = 5_000,
): Promise<{ readonly steps: number; readonly last: AuditVerification; readonly rows: number }> {
  let rows = 0
  let query = `?limit=${limit}`
  for (let steps = 1; ; steps += 1) {
    const last = await verify(tenant, query)
    rows += last.rows
    if (last.next_cursor === null) return { steps, last, rows }
    query = `?limit=${limit}&cursor=${encodeURIComponent(last.next_cursor)}`
  }
}

interface StoredRow {
  readonly seq: number
  readonly [column: string]: string | number | null
}

const stored = async (tenant: string): Promise<StoredRow[]> =>
  (await env.REGISTRY.prepare('SELECT * FROM audit WHERE tenant = ? ORDER BY seq').bind(tenant).all<StoredRow>()).results

async function put(tenant: string, rows: readonly StoredRow[]): Promise<void> {
  const insert = (row: StoredRow): D1PreparedStatement => {
    const columns = Object.keys(row)
    return env.REGISTRY.prepare(`INSERT INTO audit (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`).bind(
      ...Object.values(row),
    )
  }
  await env.REGISTRY.batch([env.REGISTRY.prepare('DELETE FROM audit WHERE tenant = ?').bind(tenant), ...rows.map(insert)])
}

const whole = (row: StoredRow): AuditRow => {
  const { tenant: _tenant, actor_kind, actor_id, actor_name, proof, ...rest } = row
  const signed = typeof proof === 'string' ? { proof: JSON.parse(proof) } : {}
  return { ...rest, ...signed, actor: { kind: actor_kind, id: actor_id, name: actor_name } } as unknown as AuditRow
}

/** Rows made anew from `seq` on, as somebody does who has the keys: `mac` false for one who has only the database. */
function rechained(tenant: string, rows: readonly StoredRow[], seq: number, change: Partial<AuditRow>, mac = true): StoredRow[] {
  const key = createHmac('sha256', secret).update(`audit/${tenant}`).digest()
  const hmac = (text: string): string => (mac ? createHmac('sha256', key).update(text).digest('hex') : sha256(text))
  let prev = rows.find((row) => row.seq === seq - 1)?.['hash'] as string
  return rows.map((row) => {
    if (row.seq < seq) return row
    const { prev_hash: _prev, hash: _hash, mac: _mac, ...draft } = { ...whole(row), ...(row.seq === seq ? change : {}) }
    const sealed = sealRow(draft, prev, { sha256, hmac })
    prev = sealed.hash
    return { ...row, summary: sealed.summary, prev_hash: sealed.prev_hash, hash: sealed.hash, mac: sealed.mac }
  })
}

let tenant: TestTenant
let rows: StoredRow[]
let heads: readonly AuditHead[]

beforeAll(async () => {
  tenant = await newTenant()
  await newWorker(tenant)
  for (const count of [150, 120, 20]) await dispatch(tenant, count)
  await exported(tenant)
  rows = await stored(tenant.tenant)
  heads = (await headsOf(tenant)).items.toReversed()
})

/** What verification says of other rows than the genuine ones, which are put back. */
async function faultWith(changed: readonly StoredRow[]): Promise<AuditFault | null> {
  await put(tenant.tenant, changed)
  try {
    return (await verifyAll(tenant)).last.fault
  } finally {
    await put(tenant.tenant, rows)
  }
}
const change = (seq: number, columns: Record<string, string | number | null>): StoredRow[] =>
  rows.map((row) => (row.seq === seq ? { ...row, ...columns } : row))

describe('a trail that nobody touched', () => {
  it('has heads for its rows, signed, and verifies in one step or in many', async () => {
    expect(rows.length).toBeGreaterThan(290)
    expect(heads.length).toBeGreaterThanOrEqual(2)
    const { last } = await verifyAll(tenant)
    expect(last).toMatchObject({
      ok: true,
      complete: true,
      rows: rows.length,
      first_seq: 1,
      last_seq: rows.length,
      heads: heads.length,
      fault: null,
    })
    expect(last.last_head).toEqual(heads.at(-1))
    expect(await verifyAll(tenant, 40)).toMatchObject({
      steps: Math.floor(rows.length / 40) + 1,
      rows: rows.length,
      last: { ok: true, complete: true },
    })
  })

  it('is verified from a row on, beginning at the signed head before it', async () => {
    const head = heads[0]?.seq ?? 0
    expect(await verify(tenant, `?from_seq=${head + 5}`)).toMatchObject({
      ok: true,
      complete: true,
      first_seq: head + 1,
      last_seq: rows.length,
    })
    expect(await verify(tenant, `?from_seq=${head - 5}&limit=10`)).toMatchObject({ ok: true, first_seq: 1, last_seq: 10, complete: false })
    await problem(call('GET', '/audit/verify?cursor=12.abc', { token: tenant.owner }), 400)
  })

  it('is exported whole, with its heads, and verifies without the server', async () => {
    const text = await exported(tenant)
    const trust = parseTrust(JSON.stringify(await headsOf(tenant)))
    const verdict = await verifyAudit([text], trust)
    expect(verdict).toMatchObject({ ok: true, tenant: tenant.tenant, rows: rows.length, key: 'given', whole: true, fault: null })
    expect(verdict.proven?.seq).toBe(rows.length)
    expect(
      linesOf(text)
        .filter(({ type }) => type === 'row')
        .map(({ type: _type, ...row }) => row),
    ).toEqual(rows.map(whole))
  })

  it('is exported in part, by number or by time', async () => {
    const part = linesOf(await exported(tenant, '?from_seq=100&through_seq=110'))
    expect(part.flatMap((line) => (line.type === 'row' ? [line.seq] : []))).toEqual(Array.from({ length: 11 }, (_, n) => 100 + n))
    expect(await verifyAudit([part.map((line) => `${JSON.stringify(line)}\n`).join('')])).toMatchObject({
      ok: true,
      whole: false,
      first_seq: 100,
    })
    const at = String(rows[149]?.['at'])
    const since = linesOf(await exported(tenant, `?since=${at}`))
    expect(since.find((line) => line.type === 'row')).toMatchObject({ at })
    const none = await exported(tenant, '?since=2100-01-01T00:00:00Z')
    expect(await verifyAudit([none])).toMatchObject({ ok: true, rows: 0, whole: false })
    expect(linesOf(await exported(tenant, '?until=2000-01-01T00:00:00Z')).map(({ type }) => type)).toEqual(['export', 'end'])
  })

  it('signs its newest row before it is taken away', async () => {
    await dispatch(tenant, 3)
    const text = await exported(tenant)
    expect((await verifyAudit([text])).proven?.seq).toBe(rows.length + 3)
    rows = await stored(tenant.tenant)
    heads = (await headsOf(tenant)).items.toReversed()
  })

  it('is open to those who may read it, and to nobody else', async () => {
    const worker = await newWorker(tenant, 'nosy')
    const member = async (role: string): Promise<string> => {
      const made = await json<{ view_url: string }>(
        call('POST', '/api/v1/members', { token: tenant.owner, body: { name: role, role } }),
        201,
      )
      return (await redeem(made.view_url)).token
    }
    const viewer = await member('viewer')
    const reviewer = await member('reviewer')
    for (const path of ['/audit/heads', '/audit/export', '/audit/verify']) {
      for (const token of [worker.token, viewer]) await problem(call('GET', path, { token }), 403)
      await problem(call('GET', path), 401)
      expect((await call('GET', path, { token: reviewer })).status).toBe(200)
    }
    const other = await newTenant()
    expect((await verifyAll(other)).rows).toBeLessThan(10)
    expect((await headsOf(other)).keys[0]?.kid).not.toBe((await headsOf(tenant)).keys[0]?.kid)
    await exported(tenant)
    rows = await stored(tenant.tenant)
    heads = (await headsOf(tenant)).items.toReversed()
  })
})

describe('somebody with the database', () => {
  it('changes a row, whichever column: it is named', async () => {
    const columns = Object.keys(rows[0] ?? {}).filter((column) => !['tenant', 'seq'].includes(column))
    expect(columns.length).toBe(16)
    for (const column of columns) {
      const old = rows[99]?.[column] ?? null
      const other =
        typeof old === 'number'
          ? old + 1
          : column === 'actor_kind'
            ? 'system'
            : column === 'at'
              ? '2026-01-01T00:00:00.000Z'
              : `${old ?? ''}.`
      expect([column, await faultWith(change(100, { [column]: other }))]).toMatchObject([column, { kind: 'changed', seq: 100 }])
    }
  })

  it('changes a row and computes the hashes anew: the MAC cannot be made', async () => {
    const anew = rechained(tenant.tenant, rows, 100, { summary: 'nothing to see' }, false)
    expect(await faultWith(anew)).toMatchObject({ kind: 'changed', seq: 100, detail: expect.stringContaining('MAC') })
  })

  it('deletes rows: the first missing one is named', async () => {
    for (const seq of [1, 57, heads[0]?.seq ?? 0])
      expect(await faultWith(rows.filter((row) => row.seq !== seq))).toMatchObject({ kind: 'deleted', seq })
  })

  it('cuts rows off the end: what had arrived is missed, and signed heads know it', async () => {
    expect(await faultWith(rows.slice(0, -2))).toMatchObject({ kind: 'truncated', seq: rows.length - 1 })
    expect(await faultWith(rows.slice(0, 50))).toMatchObject({ kind: 'truncated', seq: 51 })
    expect(await faultWith([])).toMatchObject({ kind: 'truncated', seq: 1 })
  })

  it('inserts a row that never was', async () => {
    const moved = rows.map((row) => (row.seq > 60 ? { ...row, seq: row.seq + 1 } : row))
    const extra = { ...rows[59], seq: 61 } as StoredRow
    expect(await faultWith([...moved.slice(0, 60), extra, ...moved.slice(60)])).toMatchObject({ seq: 61 })
    const last = rows.at(-1)
    const appended = rechained(tenant.tenant, [...rows, { ...last, seq: rows.length + 1 } as StoredRow], rows.length + 1, {}, false)
    expect(await faultWith(appended)).toMatchObject({ kind: 'changed', seq: rows.length + 1 })
  })

  it('swaps two rows', async () => {
    const [one, other] = [rows[69], rows[70]] as [StoredRow, StoredRow]
    const swapped = rows.map((row) => (row.seq === 70 ? { ...other, seq: 70 } : row.seq === 71 ? { ...one, seq: 71 } : row))
    expect(await faultWith(swapped)).toMatchObject({ kind: 'changed', seq: 70 })
  })

  it('deletes or changes the copy of a head: the archive has the head', async () => {
    const seq = heads[0]?.seq ?? 0
    await env.REGISTRY.prepare('UPDATE heads SET hash = ? WHERE tenant = ? AND seq = ?').bind('0'.repeat(64), tenant.tenant, seq).run()
    expect((await verifyAll(tenant)).last.fault).toMatchObject({ kind: 'forged', seq })
    await env.REGISTRY.prepare('DELETE FROM heads WHERE tenant = ? AND seq = ?').bind(tenant.tenant, seq).run()
    expect((await verifyAll(tenant)).last).toMatchObject({ ok: true, heads: heads.length })
    expect(await verifyAudit([await exported(tenant)])).toMatchObject({ ok: true, heads: heads.length })
    const { hash = '', at = '', kid = '', signature = '' } = heads[0] ?? {}
    const back = env.REGISTRY.prepare('INSERT INTO heads (tenant, seq, hash, at, key_id, signature) VALUES (?, ?, ?, ?, ?, ?)')
    await back.bind(tenant.tenant, seq, hash, at, kid, signature).run()
  })
})

describe('somebody with the database and the secret', () => {
  it('makes rows anew with their MACs: the archived head of a later row says otherwise', async () => {
    const next = heads.find(({ seq }) => seq >= 100)
    const anew = rechained(tenant.tenant, rows, 100, { summary: 'nothing to see' })
    expect(await faultWith(anew)).toMatchObject({ kind: 'rewritten', seq: next?.seq })
  })

  it('makes the newest rows anew: the tenant object has another chain', async () => {
    await dispatch(tenant, 5)
    await verifyAll(tenant)
    const now = await stored(tenant.tenant)
    const newest = (await headsOf(tenant)).items[0]?.seq ?? 0
    expect(now.length).toBe(newest + 5)
    expect(await faultWith(rechained(tenant.tenant, now, newest + 3, { summary: 'nothing to see' }))).toMatchObject({
      kind: 'rewritten',
      seq: now.length,
    })
    rows = now
    await put(tenant.tenant, rows)
  })

  it('is betrayed by an export too', async () => {
    const anew = rechained(tenant.tenant, rows, 100, { summary: 'nothing to see' })
    await put(tenant.tenant, anew)
    const verdict = await verifyAudit([await exported(tenant)])
    await put(tenant.tenant, rows)
    expect(verdict.fault).toMatchObject({ kind: 'rewritten', seq: heads.find(({ seq }) => seq >= 100)?.seq })
  })
})

describe('somebody with the archive', () => {
  it('deletes a head: its copy tells that there was one', async () => {
    const head = heads[0]
    if (head === undefined) throw new Error('no head')
    const path = headPath(tenant.tenant, head.seq)
    const kept = await env.ARCHIVE.get(path)
    const text = (await kept?.text()) ?? ''
    await env.ARCHIVE.delete(path)
    expect((await verifyAll(tenant)).last.fault).toMatchObject({ kind: 'head-missing', seq: head.seq })
    const { hash, at, kid, signature } = head
    await env.ARCHIVE.put(path, text, { customMetadata: { hash, at, kid, signature: `${signature.slice(0, -4)}AAAA` } })
    expect((await verifyAll(tenant)).last.fault).toMatchObject({ kind: 'forged', seq: head.seq })
    await env.ARCHIVE.put(path, 'x', { customMetadata: {} })
    expect((await verifyAll(tenant)).last.fault).toMatchObject({ kind: 'forged', seq: head.seq })
    await env.ARCHIVE.put(path, text, { customMetadata: { hash, at, kid, signature } })
    expect((await verifyAll(tenant)).last).toMatchObject({ ok: true, complete: true })
  })
})
