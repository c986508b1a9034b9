/** Says what a thread tells of its jobs, and what is done to all of them at once. */
import { abortAllDurableObjects, runInDurableObject } from 'cloudflare:test'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { failureOf, frozenTime, TestTenant } from '../harness.ts'
import type { WorkerHandle } from '../harness.ts'

let clock: ReturnType<typeof frozenTime>
beforeEach(() => {
  clock = frozenTime()
})
afterEach(() => {
  vi.useRealTimers()
})

async function answer(tenant: TestTenant, worker: WorkerHandle, result: string): Promise<void> {
  const [offer] = await tenant.offers(worker)
  if (offer === undefined) throw new Error(`${worker.name} was offered nothing`)
  const lease = tenant.lease(offer)
  await tenant.must('claims.start', { job_id: offer.job.id }, lease)
  await tenant.must('claims.complete', { job_id: offer.job.id, result }, lease)
}

async function scene() {
  const tenant = await TestTenant.create()
  const anna = await tenant.worker('anna')
  const bert = await tenant.worker('bert', [{ name: 'docs.report', risk_tier: 'auto' }], { provider: 'ollama-http', model: 'llama3.2:3b' })
  return { tenant, anna, bert }
}

/** Rows that this writes in the tenant object, as they are billed. */
async function rowsWritten(tenant: TestTenant, act: () => Promise<unknown>): Promise<number> {
  const cursors = await runInDurableObject(tenant.raw, (_, { storage }) => {
    const counted: SqlStorageCursor<Record<string, SqlStorageValue>>[] = []
    const exec = storage.sql.exec.bind(storage.sql)
    Object.defineProperty(storage.sql, 'exec', {
      configurable: true,
      value: (...call: Parameters<typeof exec>) => {
        const cursor = exec(...call)
        counted.push(cursor)
        return cursor
      },
    })
    return counted
  })
  await act()
  expect(cursors.length).toBeGreaterThan(0)
  return cursors.reduce((sum, cursor) => sum + cursor.rowsWritten, 0)
}

describe('a thread', () => {
  it('is made by its first job, and tells its turns in order', async () => {
    const { tenant, anna, bert } = await scene()
    await tenant.must('jobs.dispatch', { prompt: 'Draft the notes\nof release 42', thread_id: 'r42', target: 'anna' })
    await answer(tenant, anna, 'Here they are.')
    clock.pass(60_000)
    await tenant.present(anna)
    await tenant.present(bert)
    await tenant.must('jobs.dispatch', { prompt: 'Who is right?', thread_id: 'r42', targets: ['anna', 'bert'], merge: { by: 'concat' } })
    await abortAllDurableObjects()
    await tenant.present(anna)
    await tenant.present(bert)
    const running = await tenant.must('threads.get', { thread_id: 'r42' })
    expect(running).toMatchObject({ title: 'Draft the notes', archived: false, jobs: 2, running: 1, workers: ['anna', 'bert'] })
    await answer(tenant, anna, 'I am.')
    await answer(tenant, bert, 'She is.')
    const told = await tenant.must('threads.get', { thread_id: 'r42' })
    expect(told.turns.map((turn) => [turn.kind, turn.status, turn.workers, turn.job_ids.length])).toEqual([
      ['job', 'done', ['anna'], 1],
      ['fan_out', 'done', ['anna', 'bert'], 3],
    ])
    expect(told.turns[0]).toMatchObject({ prompt: 'Draft the notes\nof release 42', answer: 'Here they are.', created_by: 'member:Olga' })
    expect(told.turns[1]?.answer).toContain('She is.')
    expect(told).toMatchObject({ running: 0, last_activity: new Date(clock.now).toISOString() })
    const page = await tenant.must('threads.get', { thread_id: 'r42', limit: 1 })
    expect(page.turns).toHaveLength(1)
    const rest = await tenant.must('threads.get', { thread_id: 'r42', cursor: page.next_cursor ?? '' })
    expect(rest.turns.map((turn) => turn.kind)).toEqual(['fan_out'])
  })

  it('is listed with the newest first, and archived ones when asked for', async () => {
    const { tenant } = await scene()
    for (const thread_id of ['a', 'b', 'c', 'b']) await tenant.must('jobs.dispatch', { prompt: `about ${thread_id}`, thread_id })
    const ids = async (more = {}): Promise<readonly string[]> =>
      (await tenant.must('threads.list', more)).items.map((thread) => thread.thread_id)
    expect(await ids()).toEqual(['c', 'b', 'a'])
    await tenant.must('threads.update', { thread_id: 'b', archived: true, title: 'Second' })
    expect(await ids()).toEqual(['c', 'a'])
    expect(await ids({ include_archived: true })).toEqual(['c', 'b', 'a'])
    const first = await tenant.must('threads.list', { limit: 1 })
    expect(await ids({ cursor: first.next_cursor })).toEqual(['a'])
    await abortAllDurableObjects()
    expect(await tenant.must('threads.get', { thread_id: 'b' })).toMatchObject({ title: 'Second', archived: true, jobs: 2 })
    expect(failureOf(await tenant.call('threads.get', { thread_id: 'none' }))).toBe('not-found')
  })

  it('gives its jobs what they leave open', async () => {
    const { tenant } = await scene()
    await tenant.must('jobs.dispatch', { prompt: 'x', thread_id: 't' })
    const defaults = { effort: 'deep', mode: 'local', target: 'bert', capability: 'docs.report' } as const
    await tenant.must('threads.update', { thread_id: 't', defaults })
    expect(await tenant.must('jobs.dispatch', { prompt: 'x', thread_id: 't' })).toMatchObject({ ...defaults, assigned_to: 'bert' })
    expect(await tenant.must('jobs.dispatch', { prompt: 'x', thread_id: 't', effort: 'quick' })).toMatchObject({
      effort: 'quick',
      target: 'bert',
    })
    expect(await tenant.must('jobs.dispatch', { prompt: 'x' })).toMatchObject({ effort: 'standard', target: null, mode: 'auto' })
    expect(failureOf(await tenant.call('threads.update', { thread_id: 't', defaults: { target: 'nobody' } }))).toBe('invalid-request')
    // In every way to dispatch: a fan-out has targets of its own.
    expect(await tenant.must('jobs.create', { prompt: 'x', thread_id: 't' })).toMatchObject(defaults)
    const batch = await tenant.must('jobs.dispatch_batch', { jobs: [{ prompt: 'x', thread_id: 't' }, { prompt: 'x' }] })
    expect(batch.items).toMatchObject([defaults, { target: null }])
    const panel = await tenant.call('jobs.dispatch', { prompt: 'x', thread_id: 't', targets: ['anna', 'bert'], mode: 'auto' })
    // anna does not declare the default capability, which a fan-out has too: it says so.
    expect(panel).toMatchObject({ ok: false, failure: { detail: expect.stringContaining('targets[0]: Capability docs.report') } })
    expect(await tenant.must('jobs.preview', { prompt: 'x', thread_id: 't' })).toMatchObject({ choices: [{ worker: 'bert' }] })
    await tenant.must('threads.update', { thread_id: 't', defaults: {} })
    expect(await tenant.must('jobs.dispatch', { prompt: 'x', thread_id: 't' })).toMatchObject({ effort: 'standard', capability: null })
  })

  it('is stopped as a whole, and says what was stopped', async () => {
    const { tenant, anna } = await scene()
    const running = await tenant.must('jobs.dispatch', { prompt: 'x', thread_id: 't', target: 'anna' })
    const [offer] = await tenant.offers(anna)
    if (offer === undefined) throw new Error('no offer')
    await tenant.must('claims.start', { job_id: running.id }, tenant.lease(offer))
    const parent = await tenant.must('jobs.dispatch', { prompt: 'x', thread_id: 't', targets: ['anna', 'bert'] })
    const other = await tenant.must('jobs.dispatch', { prompt: 'x', thread_id: 'other' })
    const stopped = await tenant.must('threads.abort', { thread_id: 't', reason: 'wrong branch' })
    expect(stopped).toEqual({ job_ids: [running.id, parent.id, parent.id + 1, parent.id + 2], remaining: 0 })
    expect((await tenant.must('jobs.children', { job_id: parent.id })).items.map((job) => job.error?.type)).toEqual(['aborted', 'aborted'])
    expect((await tenant.must('jobs.get', { job_id: running.id })).error?.message).toBe('Aborted by Olga: wrong branch')
    expect((await tenant.must('jobs.get', { job_id: other.id })).status).toBe('pending')
    expect(await tenant.must('threads.abort', { thread_id: 't' })).toEqual({ job_ids: [], remaining: 0 })
  })

  it('is stopped with what goes on of a fan-out that has its answer already', async () => {
    const { tenant, anna } = await scene()
    const merge = { by: 'concat', quorum: 1 } as const
    const parent = await tenant.must('jobs.dispatch', { prompt: 'x', thread_id: 't', targets: ['anna', 'bert'], merge })
    await answer(tenant, anna, 'Me.')
    expect((await tenant.must('jobs.get', { job_id: parent.id })).status).toBe('done')
    await abortAllDurableObjects()
    expect(await tenant.must('threads.abort', { thread_id: 't' })).toEqual({ job_ids: [parent.id + 2], remaining: 0 })
    expect(await tenant.must('jobs.get', { job_id: parent.id + 2 })).toMatchObject({ status: 'failed', error: { type: 'aborted' } })
  })

  it('costs one row at a further job of it, and none when that job starts and ends', async () => {
    const { tenant, anna } = await scene()
    const dispatch = (more: { thread_id?: string }) => tenant.must('jobs.dispatch', { prompt: 'x', target: 'anna', ...more })
    await dispatch({})
    await dispatch({ thread_id: 't' })
    const plain = await rowsWritten(tenant, () => dispatch({}))
    expect(await rowsWritten(tenant, () => dispatch({ thread_id: 't' }))).toBe(plain + 1)
    await answer(tenant, anna, 'plain')
    await answer(tenant, anna, 'in the thread')
    const plainEnd = await rowsWritten(tenant, () => answer(tenant, anna, 'plain'))
    expect(await rowsWritten(tenant, () => answer(tenant, anna, 'in the thread'))).toBe(plainEnd)
  })
})
