/** Says what it does to pick one child's answer as the answer of its fan-out: once, by whom, and what the thread and its reviewers read then. */
import { abortAllDurableObjects, env, runInDurableObject } from 'cloudflare:test'
import type { Input, Job } from '@modelreins/contract'
import { describe, expect, it } from 'vitest'
import type { CallCredential } from '../../../../../durable-objects/tenant/call.ts'
import { openRegistry } from '../../../../../src/registry/open.ts'
import { capability, scene as approvalScene } from '../reviews/approval-scene.ts'
import { failureOf, sha256, TestTenant } from '../harness.ts'
import type { WorkerHandle } from '../harness.ts'

async function answer(tenant: TestTenant, worker: WorkerHandle, more: Omit<Input<'claims.complete'>, 'job_id'>): Promise<number> {
  const { id, lease } = await tenant.start(worker)
  await tenant.must('claims.complete', { job_id: id, ...more }, lease)
  return id
}

async function panel(more: Partial<Input<'jobs.dispatch'>> = {}) {
  const tenant = await TestTenant.create()
  const anna = await tenant.worker('anna')
  const bert = await tenant.worker('bert')
  const parent = await tenant.must('jobs.dispatch', { prompt: 'Name it', thread_id: 't', targets: ['anna', 'bert'], ...more })
  const [first, second] = parent.children?.map(({ job_id }) => job_id) ?? []
  const get = (job_id: number): Promise<Job> => tenant.must('jobs.get', { job_id })
  const pick = (child_id: number, by: CallCredential = tenant.owner) => tenant.as(by, 'jobs.pick', { job_id: parent.id, child_id })
  return { tenant, anna, bert, id: parent.id, first: first ?? 0, second: second ?? 0, get, pick }
}

const audited = (tenant: TestTenant): Promise<readonly Record<string, unknown>[]> =>
  runInDurableObject(tenant.raw, (_, state) =>
    [...state.storage.sql.exec('select row from audit order by seq')].map((row) => JSON.parse(String(row['row']))),
  )

describe('picking an answer', () => {
  it('ends a fan-out that is under way: the merge and whoever still works are aborted', async () => {
    const merging = await panel()
    await answer(merging.tenant, merging.anna, { result: 'A' })
    await answer(merging.tenant, merging.bert, { result: 'B' })
    const merge = await merging.tenant.start(merging.anna)
    const picked = await merging.pick(merging.second)
    expect(picked).toMatchObject({ ok: true, value: { status: 'done', result: 'B', result_truncated: false } })
    expect(await merging.get(merging.id)).toMatchObject({
      result: 'B',
      merge: { answered: 2, degraded: false, job_id: merge.id, picked: { job_id: merging.second, worker: 'bert', by: 'Olga' } },
    })
    expect(await merging.get(merge.id)).toMatchObject({ status: 'failed', error: { type: 'aborted' } })
    const late = await merging.tenant.as(merge.lease, 'claims.complete', { job_id: merge.id, result: 'A and B' })
    expect(failureOf(late)).toBe('lease-lost')
    const rows = (await audited(merging.tenant)).slice(-3)
    expect(rows.map(({ action, actor }) => [action, (actor as { name: string }).name])).toEqual([
      ['fan_out.pick', 'Olga'],
      ['job.complete', 'ModelReins'],
      ['job.abort', 'Olga'],
    ])
    expect(rows[0]).toMatchObject({ job_id: merging.id, worker_id: merging.bert.id, digest: sha256('B') })

    const working = await panel()
    await answer(working.tenant, working.bert, { result: 'B' })
    expect(failureOf(await working.pick(working.second))).toBe('ok')
    expect(await working.get(working.first)).toMatchObject({ status: 'failed', error: { type: 'aborted' } })
    expect(await working.get(working.id)).toMatchObject({ status: 'done', result: 'B', merge: { answered: 1, missing: 1 } })
  })

  it('replaces the answer of one that has ended, over an eviction, and is what its thread reads from then on', async () => {
    const long = 'Name it '.repeat(20)
    const { tenant, anna, bert, id, first, second, get, pick } = await panel({ prompt: long, merge: { by: 'concat' } })
    await answer(tenant, anna, { result: 'A' })
    await answer(tenant, bert, { result: 'B' })
    expect((await get(id)).result).toContain('## anna')
    const archived = async (): Promise<unknown> => {
      await runInDurableObject(tenant.raw, (instance) => (instance as unknown as { alarm(): Promise<void> }).alarm())
      return openRegistry(env.REGISTRY).jobs.get(tenant.name, id)
    }
    expect(await archived()).toMatchObject({ ok: true, value: { result: expect.stringContaining('## bert') } })
    expect(failureOf(await pick(first))).toBe('ok')
    expect(await archived()).toMatchObject({ ok: true, value: { result: 'A', merge: { picked: { job_id: first } } } })
    await abortAllDurableObjects()
    await tenant.present(anna)
    expect(await get(id)).toMatchObject({ status: 'done', result: 'A', merge: { by: 'concat', picked: { job_id: first, worker: 'anna' } } })
    const { turns } = await tenant.must('threads.get', { thread_id: 't' })
    expect(turns).toMatchObject([{ job_id: id, answer: 'A', job_ids: [id, first, second] }])
    for (const more of [{ context: 'thread', thread_id: 't' }, { context_from: id }] as const) {
      const next = await tenant.must('jobs.dispatch', { prompt: 'Why?', target: 'anna', ...more })
      await tenant.start(anna)
      const { context } = await tenant.must('context.get', { job_id: next.id }, anna.credential)
      expect(context).toBe(`User: ${long}\nAssistant: A`)
      // However little room there is, the answer that the job continues with is there.
      const small = await tenant.must('context.get', { job_id: next.id, budget: 100 }, anna.credential)
      if ('context_from' in more) expect(small.context).toContain('\nAssistant: A')
    }
  })

  it('gives an answer to one that merges none, and keeps the place of a long one', async () => {
    const { tenant, anna, bert, id, first, pick } = await panel({ merge: { by: 'none' } })
    await answer(tenant, anna, { result: 'the beginning' })
    await answer(tenant, bert, { result: 'B' })
    await runInDurableObject(tenant.raw, (_, state) => {
      state.storage.sql.exec("update jobs set outcome = json_set(outcome, '$.stored', 'results/long') where id = ?", first)
    })
    await abortAllDurableObjects()
    await tenant.present(anna)
    expect(await pick(first)).toMatchObject({ ok: true, value: { result: 'the beginning', result_truncated: true } })
    expect(await tenant.stub.locateResult({ credential: tenant.owner, job_id: id, request_id: 'test' })).toEqual({
      ok: true,
      value: { text: 'the beginning', stored: 'results/long' },
    })
  })

  it('is done once: the same again changes nothing, another is refused, and so is whoever may not dispatch', async () => {
    const { tenant, anna, bert, first, second, pick } = await panel({ merge: { by: 'vote' } })
    await answer(tenant, anna, { result: 'A' })
    await answer(tenant, bert, { result: 'B' })
    const rosa = await tenant.member('Rosa', 'reviewer')
    const otto = await tenant.member('Otto', 'operator')
    for (const member of [rosa, otto]) await tenant.openView(member)
    for (const by of [rosa.credential, anna.credential]) expect(failureOf(await pick(first, by))).toBe('forbidden')
    const before = await pick(second, otto.credential)
    expect(before).toMatchObject({ ok: true, value: { merge: { picked: { by: 'Otto' } } } })
    const rows = (await audited(tenant)).length
    expect(await pick(second)).toEqual({ ...before, replayed: true })
    const other = await pick(first)
    expect(other).toMatchObject({ ok: false, failure: { code: 'wrong-state' } })
    expect(other.ok ? '' : other.failure.detail).toBe(
      `Otto has already picked the answer of bert, job ${second}. An answer can be picked only once.`,
    )
    expect((await audited(tenant)).length).toBe(rows)
  })

  it('is refused where there is no answer, with the reason', async () => {
    const { tenant, anna, id, first, second, pick } = await panel()
    const refusal = async (child: number): Promise<string> => {
      const refused = await pick(child)
      return refused.ok ? 'ok' : `${refused.failure.code}: ${refused.failure.detail}`
    }
    expect(await refusal(first)).toContain(`wrong-state: Job ${first} is pending`)
    expect(await refusal(id)).toContain(`wrong-state: Job ${id} is not an answer of fan-out ${id}`)
    expect(await refusal(99)).toContain('not-found')
    await answer(tenant, anna, { result: '' })
    expect(await refusal(first)).toContain('ended without a result')
    expect(failureOf(await tenant.call('jobs.pick', { job_id: first, child_id: second }))).toBe('wrong-state')
    await tenant.must('jobs.abort', { job_id: id })
    expect(await refusal(second)).toContain(`Fan-out ${id} has failed`)
  })
})

describe('a review that showed the answer before', () => {
  it('is asked for again: what was approved is what its worker reads', async () => {
    const { tenant, anna, rosa } = await approvalScene()
    await tenant.worker('bert')
    const parent = await tenant.must('jobs.dispatch', {
      prompt: 'Draft it',
      thread_id: 't',
      targets: ['anna', 'bert'],
      merge: { by: 'concat', quorum: 1 },
    })
    const child = await answer(tenant, anna, { result: 'A' })
    const job = await tenant.must('jobs.dispatch', { prompt: 'Send it', capability, thread_id: 't', context: 'thread' })
    const review = await tenant.must('reviews.get', { review_id: job.review_id ?? 0 })
    expect(review.payload).toMatchObject({ context: { jobs: [parent.id] } })
    await tenant.must('reviews.decide', { review_id: review.id, verdict: 'approve' }, rosa.credential)
    await tenant.must('jobs.pick', { job_id: parent.id, child_id: child })
    const [offer] = await tenant.offers(anna)
    if (offer !== undefined) expect(failureOf(await tenant.as(tenant.lease(offer), 'claims.start', { job_id: job.id }))).not.toBe('ok')
    const held = await tenant.must('jobs.get', { job_id: job.id })
    expect([held.status, held.hold]).toEqual(['pending', 'review'])
    expect(held.review_id).not.toBe(review.id)
    const again = await tenant.must('reviews.get', { review_id: held.review_id ?? 0 })
    expect(again.payload).toMatchObject({ context: { jobs: [child] } })
    await tenant.must('reviews.decide', { review_id: again.id, verdict: 'approve' }, rosa.credential)
    const { id } = await tenant.start(anna)
    expect((await tenant.must('context.get', { job_id: id }, anna.credential)).context).toBe('User: Draft it\nAssistant: A')
  })
})
