/** Says in which order threads are listed, what the list tells of each, and by what it is filtered. */
import { abortAllDurableObjects, runInDurableObject } from 'cloudflare:test'
import type { Input } from '@modelreins/contract'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { failureOf, frozenTime, TestTenant } from '../harness.ts'
import type { WorkerHandle } from '../harness.ts'

let clock: ReturnType<typeof frozenTime>
beforeEach(() => {
  clock = frozenTime()
})
afterEach(() => {
  vi.useRealTimers()
})

const alarm = (tenant: TestTenant): Promise<void> =>
  runInDurableObject(tenant.raw, (instance) => (instance as unknown as { alarm(): Promise<void> }).alarm())

async function answer(tenant: TestTenant, worker: WorkerHandle): Promise<void> {
  const [offer] = await tenant.offers(worker)
  if (offer === undefined) throw new Error(`${worker.name} was offered nothing`)
  await tenant.must('claims.start', { job_id: offer.job.id }, tenant.lease(offer))
  await tenant.must('claims.complete', { job_id: offer.job.id, result: 'yes' }, tenant.lease(offer))
}

async function scene() {
  const tenant = await TestTenant.create()
  const anna = await tenant.worker('anna')
  const bert = await tenant.worker('bert')
  const ids = async (more: Input<'threads.list'> = {}): Promise<readonly string[]> =>
    (await tenant.must('threads.list', more)).items.map((thread) => thread.thread_id)
  const dispatch = async (thread_id: string, more: Partial<Input<'jobs.dispatch'>> = {}): Promise<void> => {
    clock.pass(1_000)
    await tenant.must('jobs.dispatch', { prompt: `about ${thread_id}`, thread_id, when_offline: 'queue', ...more })
  }
  return { tenant, anna, bert, ids, dispatch }
}

it('lists the last active first: a dispatch and an end are activity, also after an eviction and once the jobs are gone', async () => {
  const { tenant, anna, ids, dispatch } = await scene()
  for (const thread_id of ['a', 'b', 'c']) await dispatch(thread_id, { target: 'anna' })
  expect(await ids()).toEqual(['c', 'b', 'a'])
  await tenant.present(anna)
  clock.pass(1_000)
  await answer(tenant, anna)
  expect(await ids()).toEqual(['a', 'c', 'b'])
  await abortAllDurableObjects()
  expect(await ids()).toEqual(['a', 'c', 'b'])
  await tenant.must('jobs.abort_many', { all: true })
  const [first] = (await tenant.must('threads.list', { limit: 1 })).items
  await tenant.must('jobs.dispatch', { prompt: 'x', thread_id: 'd', when_offline: 'queue', expires_in: 20 * 86_400 })
  clock.pass(8 * 86_400_000)
  await alarm(tenant)
  await alarm(tenant)
  await abortAllDurableObjects()
  expect(await ids()).toEqual(['d', ...(await ids({ archived: false })).slice(1)])
  const old = (await tenant.must('threads.list', {})).items.find((thread) => thread.thread_id === first?.thread_id)
  expect(old).toMatchObject({ jobs: 0, running: 0, last_activity: first?.last_activity })
})

it('is read page by page without a thread twice', async () => {
  const { tenant, dispatch } = await scene()
  const all = Array.from({ length: 7 }, (_, at) => `t${at}`)
  // Two of them at the same time.
  for (const [at, thread_id] of all.entries()) {
    if (at === 3) clock.pass(-1_000)
    await dispatch(thread_id)
  }
  const seen: string[] = []
  for (let cursor: string | null = ''; cursor !== null;) {
    const page: Awaited<ReturnType<typeof tenant.must<'threads.list'>>> = await tenant.must('threads.list', {
      limit: 2,
      ...(cursor === '' ? {} : { cursor }),
    })
    seen.push(...page.items.map((thread) => thread.thread_id))
    cursor = page.next_cursor
  }
  expect(seen).toEqual(all.toReversed())
  expect(failureOf(await tenant.call('threads.list', { cursor: 'nonsense' }))).toBe('invalid-request')
})

it('tells who takes part, and is filtered by it, by text, by archive, by what runs and by time', async () => {
  const { tenant, bert, ids, dispatch } = await scene()
  const paul = await tenant.member('paul', 'operator')
  await dispatch('mail', { target: 'anna', prompt: 'Answer the Letter\nfrom Berlin' })
  await tenant.must('jobs.dispatch', { prompt: 'and this', thread_id: 'mail', target: 'anna' }, paul.credential)
  await dispatch('panel', { targets: ['anna', 'bert'], merge: { by: 'concat' } })
  await dispatch('notes', { target: 'bert' })
  await tenant.present(bert)
  await tenant.must('jobs.abort_many', { thread_id: 'notes' })
  expect((await tenant.must('threads.list', { text: 'letter' })).items).toMatchObject([
    { thread_id: 'mail', title: 'Answer the Letter', jobs: 2, running: 2, workers: ['anna'], members: ['member:Olga', 'member:paul'] },
  ])
  expect((await tenant.must('threads.list', { text: 'PANEL' })).items).toMatchObject([{ workers: ['anna', 'bert'] }])
  expect(await ids({ worker: 'bert' })).toEqual(['notes', 'panel'])
  expect(await ids({ worker: 'nobody' })).toEqual([])
  expect(await ids({ member: 'paul' })).toEqual(['mail'])
  expect(await ids({ member: 'member:paul', worker: 'bert' })).toEqual([])
  expect([await ids({ running: true }), await ids({ running: false })]).toEqual([['panel', 'mail'], ['notes']])
  await tenant.must('threads.update', { thread_id: 'panel', archived: true })
  expect([await ids({ archived: true }), await ids({ archived: false }), await ids({ include_archived: true })]).toEqual([
    ['panel'],
    ['notes', 'mail'],
    ['notes', 'panel', 'mail'],
  ])
  clock.pass(60_000)
  const since = new Date(clock.now).toISOString()
  await dispatch('mail')
  expect(await ids({ active_since: since })).toEqual(['mail'])
})
