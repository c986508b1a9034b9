/** Says what is left of a thread that was deleted: nothing of what its jobs were about, in the tenant object and in D1; and every row of the audit trail. */
import { abortAllDurableObjects, env, runInDurableObject } from 'cloudflare:test'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { openRegistry } from '../../../../../src/registry/open.ts'
import { failureOf, frozenTime, TestTenant } from '../harness.ts'
import type { WorkerHandle } from '../harness.ts'

const registry = openRegistry(env.REGISTRY)

let clock: ReturnType<typeof frozenTime>
beforeEach(() => {
  clock = frozenTime()
})
afterEach(() => {
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

const alarm = (tenant: TestTenant): Promise<void> =>
  runInDurableObject(tenant.raw, (instance) => (instance as unknown as { alarm(): Promise<void> }).alarm())

/** Every text that the tenant object stores, but for the audit trail. */
const storedText = (tenant: TestTenant): Promise<string> =>
  runInDurableObject(tenant.raw, (_, { storage }) => {
    const tables = storage.sql.exec("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_%' ESCAPE '\\'").toArray()
    return tables
      .map((table) => String(table['name']))
      .map((name) => JSON.stringify(storage.sql.exec(`SELECT * FROM "${name}"`).toArray()))
      .join('\n')
  })

const archivedText = async (tenant: TestTenant): Promise<string> =>
  JSON.stringify((await env.REGISTRY.prepare('SELECT * FROM jobs WHERE tenant = ?').bind(tenant.name).all()).results)

async function answer(tenant: TestTenant, worker: WorkerHandle, result: string): Promise<number> {
  const { id, lease } = await tenant.start(worker)
  await tenant.must('claims.complete', { job_id: id, result, tail: { text: `${result}, said` } }, lease)
  return id
}

async function scene() {
  const tenant = await TestTenant.create()
  const anna = await tenant.worker('anna')
  const bert = await tenant.worker('bert', [{ name: 'mail.send', risk_tier: 'approve' }])
  return { tenant, anna, bert }
}

const secret = /sesame/
const open = { prompt: 'open sesame\nplease', thread_id: 't', input: { word: 'sesame' }, metadata: { word: 'sesame' } } as const

describe('deleting a thread', () => {
  it('gives no id again, in whatever order the rows go, also after a cold start', async () => {
    const { tenant, anna, bert } = await scene()
    const asked = await tenant.must('jobs.dispatch', { ...open, targets: ['anna', 'bert'] })
    const plain = await tenant.must('jobs.dispatch', { ...open, target: 'bert' })
    await answer(tenant, anna, 'A')
    await answer(tenant, bert, 'B')
    const merge = (await tenant.must('jobs.get', { job_id: asked.id })).merge?.job_id ?? 0
    expect(merge).toBeGreaterThan(plain.id)
    await tenant.must('threads.delete', { thread_id: 't', abort: true })
    await abortAllDurableObjects()
    const next = await tenant.must('jobs.dispatch', { prompt: 'later', when_offline: 'queue' })
    expect(next.id).toBe(merge + 1)
  })

  it('erases all that its jobs were about, also of fan-outs and reviews, and leaves other threads and the audit trail alone', async () => {
    const { tenant, anna, bert } = await scene()
    await tenant.must('jobs.dispatch', { ...open, target: 'anna' })
    await answer(tenant, anna, 'sesame is open')
    const parent = await tenant.must('jobs.dispatch', { ...open, targets: ['anna', 'bert'], merge: { by: 'concat' } })
    await answer(tenant, anna, 'sesame A')
    await answer(tenant, bert, 'sesame B')
    await tenant.must('jobs.dispatch', { ...open, target: 'bert', capability: 'mail.send' })
    const [review] = (await tenant.must('reviews.list', {})).items
    const judith = await tenant.member('judith', 'reviewer')
    await tenant.must('reviews.decide', { review_id: review?.id ?? 0, verdict: 'approve', comment: 'sesame indeed' }, judith.credential)
    await answer(tenant, bert, 'sesame sent')
    const other = await tenant.must('jobs.dispatch', { prompt: 'something else', thread_id: 'other', target: 'anna' })
    await alarm(tenant)
    expect(await archivedText(tenant)).toMatch(secret)
    const before = (await tenant.must('threads.get', { thread_id: 't' })).jobs
    expect(before).toBe(3)

    const gone = await tenant.must('threads.delete', { thread_id: 't' })
    expect(gone).toEqual({ thread_id: 't', erased_jobs: 5, aborted: [], complete: true, deleted_at: new Date(clock.now).toISOString() })
    expect(await storedText(tenant)).not.toMatch(secret)
    expect(await archivedText(tenant)).not.toMatch(secret)
    await abortAllDurableObjects()
    expect((await tenant.must('threads.list', {})).items.map((thread) => thread.thread_id)).toEqual(['other'])
    expect(failureOf(await tenant.call('threads.get', { thread_id: 't' }))).toBe('not-found')
    for (const job_id of [1, parent.id, parent.id + 1]) expect(failureOf(await tenant.call('jobs.get', { job_id }))).toBe('gone')
    expect(await tenant.must('reviews.get', { review_id: review?.id ?? 0 })).toMatchObject({
      status: 'consumed',
      payload: null,
      content: '',
    })
    expect((await tenant.must('jobs.get', { job_id: other.id })).prompt).toBe('something else')
    // The same call again says the same.
    expect(await tenant.must('threads.delete', { thread_id: 't' })).toEqual(gone)
    await alarm(tenant)
    const rows = await registry.audit.range(tenant.name, { after: 0 })
    const actions = rows.ok ? rows.value.map((row) => row.action) : []
    expect(actions.filter((action) => action === 'job.complete')).toHaveLength(5)
    expect(actions.filter((action) => action.startsWith('thread.'))).toEqual(['thread.delete', 'thread.erase'])
    expect(JSON.stringify(rows)).not.toMatch(secret)
  })

  it('is refused while jobs of it have not ended, and says which; with `abort` it ends them first', async () => {
    const { tenant, anna } = await scene()
    await tenant.must('jobs.dispatch', { ...open, target: 'anna' })
    const running = await tenant.start(anna)
    await tenant.must('jobs.dispatch', { ...open, target: 'bert' })
    const refused = await tenant.call('threads.delete', { thread_id: 't' })
    expect(refused).toMatchObject({ ok: false, failure: { code: 'conflict', detail: expect.stringContaining('have not ended: 1, 2.') } })
    expect((await tenant.must('threads.get', { thread_id: 't' })).running).toBe(2)
    expect(await tenant.must('threads.delete', { thread_id: 't', abort: true })).toMatchObject({
      erased_jobs: 2,
      aborted: [1, 2],
      complete: true,
    })
    // What the worker still says of it goes nowhere.
    const late = { job_id: running.id, result: 'sesame is late', tail: { text: 'sesame' } }
    expect(failureOf(await tenant.as(running.lease, 'claims.complete', late))).toBe('lease-lost')
    const error = { type: 'x', message: 'sesame', retryable: true }
    expect(failureOf(await tenant.as(running.lease, 'claims.fail', { job_id: running.id, error }))).toBe('lease-lost')
    expect(failureOf(await tenant.call('jobs.retry', { job_id: running.id }))).toBe('gone')
    await alarm(tenant)
    expect(await storedText(tenant)).not.toMatch(secret)
    expect(await archivedText(tenant)).not.toMatch(secret)
  })

  it('gives no job id twice, and a new thread with the old id is another thread', async () => {
    const { tenant, anna } = await scene()
    await tenant.must('jobs.dispatch', { ...open, target: 'anna' })
    await answer(tenant, anna, 'sesame')
    await tenant.must('threads.delete', { thread_id: 't' })
    await abortAllDurableObjects()
    await tenant.present(anna)
    expect((await tenant.must('jobs.dispatch', { prompt: 'at once', thread_id: 't', target: 'anna' })).id).toBe(2)
    expect(await tenant.must('threads.delete', { thread_id: 't', abort: true })).toMatchObject({ aborted: [2], erased_jobs: 1 })
    expect((await tenant.must('jobs.dispatch', { prompt: 'anew', thread_id: 't', target: 'anna' })).id).toBe(3)
    await answer(tenant, anna, 'new')
    clock.pass(2 * 3_600_000)
    await alarm(tenant)
    expect((await tenant.must('threads.get', { thread_id: 't' })).turns).toMatchObject([{ job_id: 3, prompt: 'anew', answer: 'new' }])
    expect(await archivedText(tenant)).toContain('anew')
    clock.pass(8 * 86_400_000)
    await alarm(tenant)
    expect(failureOf(await tenant.call('jobs.get', { job_id: 1 }))).toBe('not-found')
  })

  it('answers a repeat with the same key for the deletion that it began, and leaves a thread that has begun since alone', async () => {
    const { tenant, anna } = await scene()
    await tenant.must('jobs.dispatch', { ...open, target: 'anna' })
    await answer(tenant, anna, 'sesame')
    const asked = { thread_id: 't', abort: true, idempotency_key: 'k' }
    const gone = await tenant.must('threads.delete', asked)
    await tenant.must('jobs.dispatch', { prompt: 'anew', thread_id: 't', target: 'anna' })
    await abortAllDurableObjects()
    expect(await tenant.call('threads.delete', asked)).toMatchObject({ ok: true, value: gone, replayed: true })
    expect(await tenant.must('threads.get', { thread_id: 't' })).toMatchObject({ jobs: 1, running: 1 })
    expect(failureOf(await tenant.call('threads.delete', { ...asked, abort: false }))).toBe('idempotency-conflict')
    // A key belongs to its caller; and one that found the thread deleted already stands for that deletion.
    const olaf = await tenant.member('olaf', 'owner')
    expect(await tenant.must('threads.delete', asked, olaf.credential)).toMatchObject({ aborted: [2], erased_jobs: 1 })
    const late = { thread_id: 't', idempotency_key: 'late' }
    const second = await tenant.must('threads.delete', late)
    expect(second.aborted).toEqual([2])
    await tenant.must('jobs.dispatch', { prompt: 'once more', thread_id: 't', target: 'anna', when_offline: 'queue' })
    expect(await tenant.must('threads.delete', late)).toEqual(second)
    expect((await tenant.must('threads.get', { thread_id: 't' })).running).toBe(1)
  })

  it('goes on by itself after an eviction and when D1 did not answer, and says meanwhile that it is not complete', async () => {
    const { tenant, anna } = await scene()
    await tenant.must('jobs.dispatch', { ...open, target: 'anna' })
    await answer(tenant, anna, 'sesame')
    await alarm(tenant)
    expect(await archivedText(tenant)).toMatch(secret)
    await env.REGISTRY.exec('ALTER TABLE jobs RENAME TO jobs_away')
    try {
      vi.useRealTimers()
      clock = frozenTime(clock.now)
      const begun = await tenant.stub.perform({
        operation: 'threads.delete',
        input: { thread_id: 't' },
        credential: tenant.owner,
        request_id: 'one',
      })
      expect(begun).toMatchObject({ ok: true, value: { complete: false, erased_jobs: 1 } })
      expect(await storedText(tenant)).not.toMatch(secret)
      expect(failureOf(await tenant.call('jobs.get', { job_id: 1 }))).toBe('gone')
      expect(await tenant.stub.keptJobs({ credential: tenant.owner, ids: [1, 7], threads: ['t', 't'] })).toMatchObject({ value: [1] })
    } finally {
      await env.REGISTRY.exec('ALTER TABLE jobs_away RENAME TO jobs')
    }
    await abortAllDurableObjects()
    clock.pass(120_000)
    await alarm(tenant)
    await expect.poll(() => archivedText(tenant), { timeout: 5_000 }).not.toMatch(secret)
    expect(await tenant.must('threads.delete', { thread_id: 't' })).toMatchObject({ complete: true, erased_jobs: 1 })
  })

  it('erases turns that the archive alone has, with the children of fan-outs', async () => {
    const { tenant, anna, bert } = await scene()
    await tenant.must('jobs.dispatch', { ...open, targets: ['anna', 'bert'], merge: { by: 'concat' } })
    await answer(tenant, anna, 'sesame A')
    await answer(tenant, bert, 'sesame B')
    await tenant.must('jobs.dispatch', { prompt: 'elsewhere', target: 'anna' })
    await answer(tenant, anna, 'elsewhere')
    await alarm(tenant)
    await env.ARCHIVE.put(`transcripts/${tenant.name}/2.ndjson`, 'sesame')
    clock.pass(8 * 86_400_000)
    await alarm(tenant)
    await alarm(tenant)
    expect(failureOf(await tenant.call('jobs.get', { job_id: 1 }))).toBe('not-found')
    expect(await archivedText(tenant)).toMatch(secret)
    await tenant.present(anna)
    expect(await tenant.must('threads.delete', { thread_id: 't' })).toMatchObject({ erased_jobs: 0, complete: true })
    const left = await archivedText(tenant)
    expect(left).not.toMatch(secret)
    expect(left).toContain('elsewhere')
    expect(await env.ARCHIVE.head(`transcripts/${tenant.name}/2.ndjson`)).toBeNull()
  })

  it('leaves no words of a worker in what webhooks were, or are to be, told', async () => {
    vi.stubGlobal('fetch', async () => new Response('later', { status: 503 }))
    const { tenant, anna } = await scene()
    await tenant.must('webhooks.create', { url: 'https://hooks.example/x', events: ['review.created', 'review.settled'] })
    await tenant.must('jobs.dispatch', { ...open, target: 'anna' })
    const { id, lease } = await tenant.start(anna)
    await tenant.must('reviews.submit', { type: 'draft', title: 'sesame?', content: 'sesame', job_id: id }, anna.credential)
    expect(await storedText(tenant)).toMatch(/review\.created.*sesame\?/)
    await tenant.must('claims.complete', { job_id: id, result: 'done' }, lease)
    await tenant.must('threads.delete', { thread_id: 't' })
    const stored = await storedText(tenant)
    expect(stored).not.toMatch(secret)
    expect(stored).toContain(`of job ${id}, which was erased`)
  })

  it('takes a long thread in portions, one transaction each', async () => {
    const { tenant } = await scene()
    const jobs = Array.from({ length: 450 }, (_, at) => ({ ...open, prompt: `sesame ${at}` }))
    await tenant.must('jobs.dispatch_batch', { jobs: jobs.map((job) => ({ ...job, when_offline: 'queue' as const })) })
    const gone = await tenant.must('threads.delete', { thread_id: 't', abort: true })
    expect(gone.aborted).toHaveLength(450)
    await expect.poll(async () => (await tenant.must('threads.delete', { thread_id: 't' })).complete, { timeout: 10_000 }).toBe(true)
    expect(await tenant.must('threads.delete', { thread_id: 't' })).toMatchObject({ erased_jobs: 450, complete: true })
    expect(await storedText(tenant)).not.toMatch(secret)
  })
})
