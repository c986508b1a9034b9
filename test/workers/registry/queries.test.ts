import { env } from 'cloudflare:test'
import { drizzle } from 'drizzle-orm/d1'
import { beforeAll, describe, expect, it } from 'vitest'
import { type AuditQuery, pageQuery } from '../../../src/registry/audit.ts'
import { rowsThatFit, type JobSearch, sizesQuery } from '../../../src/registry/jobs.ts'
import { openRegistry } from '../../../src/registry/open.ts'
import { ship } from '../../../src/registry/ship.ts'
import { auditChain, job, start, value, walk, worker } from './rows.ts'

const registry = openRegistry(env.REGISTRY)
const nothing = { audit: [], jobs: [], workers: [] }
const minute = 60_000
const db = drizzle(env.REGISTRY)

/** How SQLite would run a statement: one line per loop. */
async function planOf(statement: { toSQL(): { sql: string; params: unknown[] } }): Promise<string> {
  const { sql, params } = statement.toSQL()
  const plan = await env.REGISTRY.prepare(`EXPLAIN QUERY PLAN ${sql}`)
    .bind(...params)
    .all<{ detail: string }>()
  return plan.results.map((row) => row.detail).join('\n')
}

describe('tenants', () => {
  it('are created once, found, and suspended', async () => {
    const tenant = { tenant: 'acme', name: 'Acme', created_at: new Date(start).toISOString() }
    expect(value(await registry.tenants.create(tenant))).toEqual({ ...tenant, suspended: false })
    expect(await registry.tenants.create({ ...tenant, name: 'Other' })).toMatchObject({ ok: false, failure: { code: 'name-taken' } })
    expect(value(await registry.tenants.setSuspended('acme', true))).toEqual({ ...tenant, suspended: true })
    expect(value(await registry.tenants.get('acme'))).toEqual({ ...tenant, suspended: true })
    expect(await registry.tenants.get('nobody')).toMatchObject({ ok: false, failure: { code: 'not-found' } })
    expect(await registry.tenants.setSuspended('nobody', true)).toMatchObject({ ok: false, failure: { code: 'not-found' } })
  })

  it('are listed by slug, page by page', async () => {
    for (const tenant of ['zz3', 'zz1', 'zz2'])
      await registry.tenants.create({ tenant, name: tenant, created_at: new Date(start).toISOString() })
    const pages = await walk((cursor) => registry.tenants.list({ limit: 2, ...(cursor === undefined ? {} : { cursor }) }))
    const slugs = pages.flat().map((tenant) => tenant.tenant)
    expect(slugs.filter((slug) => slug.startsWith('zz'))).toEqual(['zz1', 'zz2', 'zz3'])
    expect(pages.every((page) => page.length <= 2)).toBe(true)
  })
})

describe('workers', () => {
  it('are listed page by page, revoked ones only when asked for', async () => {
    const all = ['wkaaaaaaaaaa', 'wkbbbbbbbbbb', 'wkcccccccccc', 'wkdddddddddd']
    const workers = all.map((id) => worker(id, `name-${id}`, id.startsWith('wkb') ? { revoked_at: new Date(start).toISOString() } : {}))
    await ship(env.REGISTRY, 'fleet', { ...nothing, workers })
    const ids = async (include_revoked: boolean) =>
      (await walk((cursor) => registry.workers.list('fleet', { limit: 2, include_revoked, ...(cursor === undefined ? {} : { cursor }) })))
        .flat()
        .map((found) => found.worker_id)
    expect(await ids(true)).toEqual(all)
    expect(await ids(false)).toEqual(all.filter((id) => !id.startsWith('wkb')))
  })
})

describe('heads', () => {
  it('are kept as first said, and listed newest first', async () => {
    const head = (seq: number, hash: string) => ({ seq, hash, at: new Date(start).toISOString(), key_id: 'k1', signature: 's' })
    for (const seq of [10, 20, 30]) value(await registry.heads.save('headed', head(seq, 'genuine')))
    value(await registry.heads.save('headed', head(20, 'another')))
    value(await registry.heads.save('other', head(99, 'genuine')))
    const pages = await walk((cursor) => registry.heads.list('headed', { limit: 2, ...(cursor === undefined ? {} : { cursor }) }))
    expect(pages).toEqual([[head(30, 'genuine'), head(20, 'genuine')], [head(10, 'genuine')]])
  })
})

describe('jobs', () => {
  beforeAll(async () => {
    const jobs = Array.from({ length: 30 }, (_, index) => {
      const id = index + 1
      return job(id, {
        status: id % 5 === 0 ? 'failed' : 'done',
        thread_id: id % 3 === 0 ? 'thread' : null,
        capability: id % 2 === 0 ? 'email.reply' : null,
        effort: id % 4 === 0 ? 'deep' : 'standard',
        error: id % 10 === 0 ? { type: 'worker_lost', message: 'x', retryable: true } : null,
        parent_id: id > 7 && id < 12 ? 7 : null,
        ...(id > 20 ? { worker_id: 'wkbbbbbbbbbb', assigned_to: 'renamed' } : {}),
      })
    })
    await ship(env.REGISTRY, 'jobs', { ...nothing, jobs })
  })
  const ids = async (search: Parameters<typeof registry.jobs.list>[1]) =>
    (await walk((cursor) => registry.jobs.list('jobs', { ...search, ...(cursor === undefined ? {} : { cursor }) }))).map((page) =>
      page.map((found) => found.id),
    )

  it('are listed newest first, every one once', async () => {
    const pages = await ids({ limit: 7 })
    expect(pages.flat()).toEqual(Array.from({ length: 30 }, (_, index) => 30 - index))
    expect(pages.map((page) => page.length)).toEqual([7, 7, 7, 7, 2])
  })

  it.each([
    [{ status: ['failed'] }, [30, 25, 20, 15, 10, 5]],
    [{ status: ['failed', 'done'], thread_id: 'thread' }, [30, 27, 24, 21, 18, 15, 12, 9, 6, 3]],
    [{ capability: 'email.reply', effort: 'deep' }, [28, 24, 20, 16, 12, 8, 4]],
    [{ worker: 'renamed' }, [30, 29, 28, 27, 26, 25, 24, 23, 22, 21]],
    [{ worker: 'wkbbbbbbbbbb', status: ['failed'] }, [30, 25]],
    [{ worker: 'nobody' }, []],
    [{ parent_id: 7 }, [11, 10, 9, 8]],
    [{ parent_id: 8 }, []],
    [{ error: 'worker_lost' }, [30, 20, 10]],
    [{ error: "x' OR 1=1 --" }, []],
    [{ thread_id: "x' OR 1=1 --" }, []],
  ] as const)('are found by %j', async (search, expected) => {
    const { status, ...rest } = { status: undefined, ...search }
    expect((await ids({ ...rest, ...(status === undefined ? {} : { status: [...status] }), limit: 3 })).flat()).toEqual(expected)
  })

  it.each<[JobSearch, string]>([
    [{}, 'PRIMARY KEY (tenant=? AND id<?)'],
    [{ thread_id: 'thread', effort: 'deep' }, 'INDEX jobs_thread (tenant=? AND thread_id=? AND id<?)'],
    [{ status: ['failed'] }, 'INDEX jobs_failed (tenant=? AND status=? AND id<?)'],
  ])('by %j are read through an index, in its order', async (search, index) => {
    const { statement } = await sizesQuery(db, 'jobs', search, 25)
    const plan = await planOf(statement)
    expect(plan).toContain(`SEARCH jobs USING ${index}`)
    expect(plan).not.toMatch(/TEMP B-TREE|SCAN (?!CONSTANT)/)
  })

  it.each<JobSearch>([{ worker: 'renamed' }, { capability: 'email.reply', status: ['done'] }, { created_by: 'Olga' }])(
    'by %j are walked within a window of ids',
    async (search) => {
      const { within } = await sizesQuery(db, 'jobs', search, undefined)
      expect(await planOf(within({ first: 1, last: 25 }, 3))).toContain('SEARCH jobs USING PRIMARY KEY (tenant=? AND id>? AND id<?)')
    },
  )

  it('refuse a cursor that no list answered', async () => {
    for (const cursor of ['x', '-1', '1.5', '99999999999999999999']) {
      expect(await registry.jobs.list('jobs', { cursor })).toMatchObject({
        ok: false,
        failure: { code: 'invalid-request', issues: [{ path: 'cursor' }] },
      })
    }
  })

  it('fill a page by size too, and always one', () => {
    const mib = 1024 * 1024
    expect(rowsThatFit([mib, mib, mib], 2)).toBe(2)
    expect(
      rowsThatFit(
        Array.from({ length: 20 }, () => mib),
        20,
      ),
    ).toBe(8)
    expect(rowsThatFit([9 * mib, 1], 20)).toBe(1)
    expect(rowsThatFit([], 20)).toBe(0)
  })

  it('of a megabyte each come in several pages, none lost', async () => {
    await ship(env.REGISTRY, 'heavy', {
      ...nothing,
      jobs: Array.from({ length: 12 }, (_, index) => job(index + 1, { prompt: 'p'.repeat(1_000_000) })),
    })
    const pages = await walk((cursor) => registry.jobs.list('heavy', { limit: 12, ...(cursor === undefined ? {} : { cursor }) }))
    expect(pages.map((page) => page.length)).toEqual([8, 4])
  })
})

describe('audit rows', () => {
  const rows = auditChain(60, (seq) => ({
    action: seq % 3 === 0 ? 'job.start' : 'job.dispatch',
    capability: seq % 4 === 0 ? 'email.reply' : null,
    job_id: seq % 2 === 0 ? Math.ceil(seq / 10) : null,
    worker_id: seq % 6 === 0 ? 'wkaaaaaaaaaa' : null,
    ...(seq % 3 === 0 ? { actor: { kind: 'worker', id: seq > 30 ? 'wkaaaaaaaaaa' : 'wkbbbbbbbbbb', name: 'triager' } } : {}),
    // At row 40 the clock steps back by an hour and a half.
    at: new Date(start + (seq >= 40 ? seq - 9 : seq) * 10 * minute).toISOString(),
  }))
  beforeAll(async () => {
    await ship(env.REGISTRY, 'audit', { audit: rows, jobs: [], workers: [worker('wkaaaaaaaaaa', 'first-name')] })
    await ship(env.REGISTRY, 'noise', { ...nothing, audit: auditChain(200) })
  })

  const time = (minutes: number): string => new Date(start + minutes * minute).toISOString()
  const seqs = async (query: AuditQuery) => {
    const pages = await walk((cursor) => registry.audit.query('audit', { limit: 7, ...query, ...(cursor === undefined ? {} : { cursor }) }))
    return pages.flat().map((row) => row.seq)
  }
  const expected = (matches: (row: (typeof rows)[number]) => boolean) =>
    rows
      .filter(matches)
      .map((row) => row.seq)
      .toReversed()

  it('are walked in the order of the chain, both ways', async () => {
    expect(await seqs({})).toEqual(expected(() => true))
    expect(await seqs({ order: 'asc' })).toEqual(expected(() => true).toReversed())
  })

  it.each<[string, AuditQuery, (row: (typeof rows)[number]) => boolean]>([
    ['actor by id', { actor: 'mbaaaaaaaaaa' }, (row) => row.actor.id === 'mbaaaaaaaaaa'],
    ['actor by name', { actor: 'Ada' }, (row) => row.actor.name === 'Ada'],
    ['a name that two actors had', { actor: 'triager' }, (row) => row.actor.name === 'triager'],
    ['nobody', { actor: 'Eve' }, () => false],
    ['action', { action: 'job.start' }, (row) => row.action === 'job.start'],
    ['job', { job_id: 4 }, (row) => row.job_id === 4],
    ['worker by id', { worker: 'wkaaaaaaaaaa' }, (row) => row.worker_id === 'wkaaaaaaaaaa'],
    ['worker by a name it had', { worker: 'first-name' }, (row) => row.worker_id === 'wkaaaaaaaaaa'],
    ['capability', { capability: 'email.reply' }, (row) => row.capability === 'email.reply'],
    ['since', { since: time(300) }, (row) => row.at >= time(300)],
    ['since, without milliseconds', { since: '2026-01-01T05:00:00Z' }, (row) => row.at >= time(300)],
    ['until', { until: time(300) }, (row) => row.at < time(300)],
    [
      'a time range across the step of the clock',
      { since: time(310), until: time(390) },
      (row) => row.at >= time(310) && row.at < time(390),
    ],
    ['a time after all of them', { since: time(100_000) }, () => false],
    ['a time before all of them', { until: time(-100_000) }, () => false],
    [
      'everything at once',
      { actor: 'triager', action: 'job.start', capability: 'email.reply', worker: 'triager', since: time(100), until: time(500) },
      (row) =>
        row.actor.name === 'triager' &&
        row.capability === 'email.reply' &&
        row.worker_id !== null &&
        row.at >= time(100) &&
        row.at < time(500),
    ],
    ['what is not SQL', { actor: "x' OR 1=1 --", action: '%' }, () => false],
  ])('are found by %s', async (_name, query, matches) => {
    expect(await seqs(query)).toEqual(expected(matches))
  })

  it('of a worker are not hidden by another worker that took its id as a name', async () => {
    const audit = auditChain(4, (seq) => ({
      actor: { kind: 'worker', id: seq <= 2 ? 'wkaaaaaaaaaa' : 'wkbbbbbbbbbb', name: seq <= 2 ? 'honest' : 'wkaaaaaaaaaa' },
    }))
    await ship(env.REGISTRY, 'masked', { ...nothing, audit })
    expect(value(await registry.audit.query('masked', { actor: 'wkaaaaaaaaaa' })).items.map((row) => row.seq)).toEqual([4, 3, 2, 1])
  })

  it.each<[AuditQuery, string]>([
    [{}, 'PRIMARY KEY (tenant=? AND seq<?)'],
    [{ job_id: 4 }, 'INDEX audit_job (tenant=? AND job_id=? AND seq<?)'],
    [{ job_id: 4, actor: 'Ada', since: time(100) }, 'INDEX audit_job (tenant=? AND job_id=? AND seq>? AND seq<?)'],
    [{ since: time(100), until: time(200) }, 'PRIMARY KEY (tenant=? AND seq>? AND seq<?)'],
  ])('by %j are read through an index, in its order', async (query, index) => {
    const { statement } = await pageQuery(db, 'audit', query, 50)
    const plan = await planOf(statement)
    expect(plan).toContain(`SEARCH audit USING ${index}`)
    expect(plan).not.toMatch(/TEMP B-TREE|SCAN (?!CONSTANT)/)
  })

  it.each<AuditQuery>([
    { actor: 'Ada', since: time(100), until: time(200) },
    { action: 'job.start', order: 'asc' },
    { worker: 'first-name' },
    { capability: 'email.reply' },
  ])('by %j are walked within a window of their numbers', async (query) => {
    const { within } = await pageQuery(db, 'audit', query, undefined)
    expect(await planOf(within({ first: 1, last: 25 }, 3))).toContain('SEARCH audit USING PRIMARY KEY (tenant=? AND seq>? AND seq<?)')
  })

  it('that are few among very many are found by going on, page by page', async () => {
    const rare = auditChain(12_000, (seq) => (seq === 2 || seq === 11_000 ? { action: 'tenant.create' } : {}))
    for (let from = 0; from < rare.length; from += 3_000)
      value(await ship(env.REGISTRY, 'rare', { ...nothing, audit: rare.slice(from, from + 3_000) }))
    const found = value(await registry.audit.query('rare', { action: 'tenant.create', limit: 2 }))
    expect([found.items.map((row) => row.seq), found.next_cursor]).toEqual([[11_000, 2], null])
  })
})
