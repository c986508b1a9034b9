/** Says that a frame or a job number is a claim and no right: what a worker says of jobs that are not its own changes and tells nothing. */
import { runInDurableObject } from 'cloudflare:test'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Offer } from '@modelreins/contract'
import { failureOf, frozenTime, TestTenant, type WorkerHandle } from '../harness.ts'
import { TestSocket } from '../workers/socket-client.ts'

let clock: ReturnType<typeof frozenTime>
let tenant: TestTenant
let anna: WorkerHandle
let bert: WorkerHandle
beforeEach(async () => {
  clock = frozenTime()
  tenant = await TestTenant.create()
  anna = await tenant.worker('anna')
  bert = await tenant.worker('bert')
})
afterEach(() => {
  vi.useRealTimers()
})

async function started(worker: WorkerHandle): Promise<Offer> {
  await tenant.must('jobs.dispatch', { prompt: 'for its worker alone', target: worker.name })
  const [offer] = await tenant.offers(worker)
  if (offer === undefined) throw new Error('no offer')
  await tenant.must('claims.start', { job_id: offer.job.id }, tenant.lease(offer))
  return offer
}

/** Rows of the trail about these words; all of them have been committed when a frame behind them has been answered. */
const rows = (action: string): Promise<readonly { readonly job_id: number; readonly worker_id: string }[]> =>
  runInDurableObject(tenant.raw, (_, state) =>
    state.storage.sql
      .exec<{ row: string }>("select row from audit where json_extract(row, '$.action') = ?", action)
      .toArray()
      .map(({ row }) => JSON.parse(row)),
  )

describe('the word that an attempt has stopped', () => {
  async function say(worker: WorkerHandle, ...acks: readonly { readonly job_id: number; readonly attempt: number }[]): Promise<void> {
    // Names what it runs: a process that does not has been started anew.
    const socket = await TestSocket.greet(tenant, worker, { leases: acks.filter(({ job_id }) => job_id > 0).slice(0, 200) })
    socket.send(...acks.map((ack) => ({ type: 'abort_ack' as const, ...ack })), { type: 'presence', instance: `${worker.name}-1` })
    await socket.next('welcome')
    socket.close()
  }

  it('counts once, of the worker whose attempt was aborted', async () => {
    const { job } = await started(anna)
    await tenant.must('jobs.abort', { job_id: job.id })
    await say(bert, { job_id: job.id, attempt: 1 })
    await say(anna, { job_id: job.id, attempt: 2 }, { job_id: job.id, attempt: 0 })
    expect(await rows('job.abort_acknowledged')).toEqual([])
    await say(anna, ...Array.from({ length: 300 }, () => ({ job_id: job.id, attempt: 1 })))
    await say(anna, { job_id: job.id, attempt: 1 })
    expect(await rows('job.abort_acknowledged')).toMatchObject([{ job_id: job.id, worker_id: anna.id }])
  })

  it('says nothing of a job that runs, is done, has failed by itself, waits, or does not exist', async () => {
    const running = await started(anna)
    const done = await started(bert)
    await tenant.must('claims.complete', { job_id: done.job.id, result: 'ok' }, tenant.lease(done))
    const failed = await started(bert)
    const error = { type: 'aborted', message: 'says its worker', retryable: false }
    await tenant.must('claims.fail', { job_id: failed.job.id, error }, tenant.lease(failed))
    const waiting = await tenant.must('jobs.dispatch', { prompt: 'later', target: 'bert' })
    await tenant.must('jobs.abort', { job_id: waiting.id })
    for (const worker of [anna, bert]) {
      await say(worker, ...[running.job.id, done.job.id, failed.job.id, waiting.id, -5, 0, 4_000].map((job_id) => ({ job_id, attempt: 1 })))
    }
    expect(await rows('job.abort_acknowledged')).toEqual([])
  })
})

describe('a claim by number', () => {
  const claim = async (worker: WorkerHandle, job_id: number): Promise<string> => {
    const answer = await tenant.as(worker.credential, 'claims.claim', { job_id })
    return answer.ok ? 'ok' : `${answer.failure.code}: ${answer.failure.detail.replace(String(job_id), 'N')}`
  }

  it('tells a worker the same of every job that it could not be offered, whatever its state', async () => {
    await tenant.present(anna, { tags: ['gpu'], slots: 10 })
    const running = (await started(anna)).job.id
    const ended = await started(anna)
    await tenant.must('claims.complete', { job_id: ended.job.id, result: 'secret' }, tenant.lease(ended))
    const retried = await started(anna)
    const error = { type: 'x', message: 'y', retryable: true }
    await tenant.must('claims.fail', { job_id: retried.job.id, error }, tenant.lease(retried))
    const assigned = (await tenant.must('jobs.dispatch', { prompt: 'given to anna, who is there', tags: ['gpu'] })).id
    const pinned = (await tenant.must('jobs.dispatch', { prompt: 'p', target: 'anna' })).id
    const scheduled = (
      await tenant.must('jobs.dispatch', { prompt: 'p', target: 'anna', not_before: new Date(clock.now + 60_000).toISOString() })
    ).id
    const elsewhere = (await tenant.must('jobs.create', { prompt: 'for the gpu', tags: ['gpu'] })).id
    const nowhere = 424_242
    for (const id of [running, ended.job.id, retried.job.id, assigned, pinned, scheduled, elsewhere, nowhere]) {
      expect([id, await claim(bert, id)]).toEqual([id, 'not-found: There is no job N.'])
    }
    // Given by the Director, not pinned: still not for whoever comes first while its worker is there and has room.
    const given = await tenant.must('jobs.dispatch', { prompt: 'p' })
    const [theirs, other] = given.worker_id === anna.id ? [anna, bert] : [bert, anna]
    expect(await claim(other, given.id)).toBe('not-found: There is no job N.')
    expect(await claim(theirs, given.id)).toBe('ok')
    expect(await claim(theirs, given.id)).toBe('ok')
  })

  it('is good for what would be offered: of nobody, or of a worker that is gone, paused or busy', async () => {
    const open = await tenant.must('jobs.create', { prompt: 'anybody' })
    expect(await claim(bert, open.id)).toBe('ok')
    expect(await claim(anna, open.id)).toBe('already-claimed: Job N is running elsewhere.')
    await tenant.present(bert, { tags: ['solo'], slots: 2 })
    const own = await tenant.must('jobs.dispatch', { prompt: 'bert first', tags: ['solo'] })
    await tenant.present(anna, { tags: ['solo'] })
    expect(await claim(anna, own.id)).toContain('not-found')
    await tenant.must('workers.pause', { worker_id: bert.id })
    expect(await claim(anna, own.id)).toBe('ok')
  })
})

it('a key that one member has used up is free for the others, and no other table of keys is reached by it', async () => {
  const olga = await tenant.member('Oskar', 'operator')
  const first = await tenant.must('jobs.dispatch', { prompt: 'a', idempotency_key: 'nightly' })
  const second = await tenant.must('jobs.dispatch', { prompt: 'b', idempotency_key: 'nightly' }, olga.credential)
  expect(second.id).not.toBe(first.id)
  for (const [credential, id, prompt] of [
    [tenant.owner, first.id, 'a'],
    [olga.credential, second.id, 'b'],
  ] as const) {
    expect((await tenant.must('jobs.dispatch', { prompt, idempotency_key: 'nightly' }, credential)).id).toBe(id)
    expect(failureOf(await tenant.as(credential, 'jobs.dispatch', { prompt: 'c', idempotency_key: 'nightly' }))).toBe(
      'idempotency-conflict',
    )
    const batch = { jobs: [{ prompt: 'x' }], idempotency_key: 'weekly' }
    const made = await tenant.must('jobs.dispatch_batch', batch, credential)
    expect(await tenant.must('jobs.dispatch_batch', batch, credential)).toEqual(made)
  }
  for (const key of [`review/${anna.id}/k`, `dispatch/${olga.id}/k`])
    await tenant.must('jobs.dispatch', { prompt: key, idempotency_key: key })
  await tenant.must('reviews.submit', { title: 'look', idempotency_key: 'k' }, anna.credential)
  await tenant.must('jobs.dispatch', { prompt: 'mine', idempotency_key: 'k' }, olga.credential)
})
