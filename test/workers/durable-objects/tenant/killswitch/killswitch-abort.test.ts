import { abortAllDurableObjects, runInDurableObject } from 'cloudflare:test'
import type { AuditRow, Offer } from '@modelreins/contract'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { call, json, newTenant, newWorker, startedJob } from '../../../edge/edge.ts'
import { failureOf, frozenTime, TestTenant, type WorkerHandle } from '../harness.ts'
import { TestSocket } from '../workers/socket-client.ts'

describe('an abort', () => {
  let clock: ReturnType<typeof frozenTime>
  let tenant: TestTenant
  let anna: WorkerHandle
  beforeEach(async () => {
    clock = frozenTime()
    tenant = await TestTenant.create()
    anna = await tenant.worker('anna', [{ name: 'risky', risk_tier: 'approve' }])
    await tenant.present(anna, { slots: 10 })
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  async function start(): Promise<Offer> {
    const [offer] = await tenant.offers(anna)
    if (offer === undefined) throw new Error('no offer')
    await tenant.must('claims.start', { job_id: offer.job.id }, tenant.lease(offer))
    return offer
  }
  const actionsOf = (id: number): Promise<string[]> =>
    runInDurableObject(tenant.raw, (_, state) =>
      state.storage.sql
        .exec<{ row: string }>('SELECT row FROM audit ORDER BY seq')
        .toArray()
        .map(({ row }): AuditRow => JSON.parse(row))
        .filter((row) => row.job_id === id)
        .map((row) => row.action),
    )
  const statusOf = async (id: number): Promise<string> => {
    const job = await tenant.must('jobs.get', { job_id: id })
    return job.error === null ? job.status : `${job.status} ${job.error.type}`
  }

  it('ends a job wherever it stands: queued, held, scheduled, between attempts, running', async () => {
    const queued = await tenant.must('jobs.create', { prompt: 'queued', tags: ['nobody'] })
    const held = await tenant.must('jobs.dispatch', { prompt: 'held', capability: 'risky' })
    const scheduled = await tenant.must('jobs.dispatch', { prompt: 'scheduled', not_before: new Date(clock.now + 60_000).toISOString() })
    await tenant.must('jobs.dispatch', { prompt: 'retries' })
    const retried = await start()
    await tenant.must('claims.fail', { job_id: retried.job.id, error: { type: 'x', message: 'y', retryable: true } }, tenant.lease(retried))
    await tenant.must('jobs.dispatch', { prompt: 'runs' })
    const running = await start()
    for (const id of [queued.id, held.id, scheduled.id, retried.job.id, running.job.id]) {
      const job = await tenant.must('jobs.abort', { job_id: id, reason: 'changed my mind' })
      expect(job).toMatchObject({
        status: 'failed',
        hold: null,
        error: { type: 'aborted', message: 'Aborted by Olga: changed my mind', retryable: false },
      })
      // Said twice it is the same.
      expect(await tenant.must('jobs.abort', { job_id: id })).toEqual(job)
    }
    clock.pass(24 * 3_600_000)
    await tenant.present(anna)
    expect(await tenant.offers(anna, 10)).toEqual([])
  })

  it('voids the lease at once, tells the worker, and hears from it when the process is gone', async () => {
    const socket = await TestSocket.greet(tenant, anna)
    socket.send({ type: 'credit', slots: 1 })
    await tenant.must('jobs.dispatch', { prompt: 'runs' })
    const offer = await socket.next('offer')
    socket.send({ type: 'start', ref: 1, token: offer.lease.token })
    await socket.next('started')
    await tenant.must('jobs.abort', { job_id: offer.job.id, reason: 'stop' })
    expect(await socket.next('abort')).toEqual({ type: 'abort', job_id: offer.job.id, attempt: 1, reason: 'Aborted by Olga: stop' })
    socket.send({ type: 'complete', ref: 2, token: offer.lease.token, job_id: offer.job.id, result: 'too late' })
    expect((await socket.next('problem')).problem.code).toBe('lease-lost')
    socket.send({ type: 'abort_ack', job_id: offer.job.id, attempt: 1 })
    await vi.waitFor(async () => expect(await actionsOf(offer.job.id)).toContain('job.abort_acknowledged'), 20_000)
    expect(await actionsOf(offer.job.id)).toEqual(['job.dispatch', 'job.start', 'job.abort', 'job.abort_acknowledged'])
  })

  it('is told to a worker without a socket by its next heartbeat, also after the object was killed', async () => {
    await tenant.must('jobs.dispatch', { prompt: 'runs' })
    const offer = await start()
    await tenant.must('jobs.abort', { job_id: offer.job.id })
    await abortAllDurableObjects()
    const leases = [{ job_id: offer.job.id, attempt: 1 }]
    const beat = await tenant.must('presence.report', { instance: 'anna-1', status: 'busy', leases }, anna.credential)
    expect(beat.aborts).toEqual([{ ...leases[0], reason: 'aborted' }])
  })

  it('does not touch what has ended', async () => {
    await tenant.must('jobs.dispatch', { prompt: 'ends' })
    const offer = await start()
    await tenant.must('claims.complete', { job_id: offer.job.id, result: 'done' }, tenant.lease(offer))
    expect(failureOf(await tenant.call('jobs.abort', { job_id: offer.job.id }))).toBe('wrong-state')
    expect(failureOf(await tenant.call('jobs.abort', { job_id: 99 }))).toBe('not-found')
    expect(await statusOf(offer.job.id)).toBe('done')
  })

  it('takes a thread, a filter, or everything, counted first', async () => {
    const make = async (more: object): Promise<number> => (await tenant.must('jobs.dispatch', { prompt: 'x', ...more })).id
    const thread = [await make({ thread_id: 'chat-1' }), await make({ thread_id: 'chat-1' })]
    const other = await make({ thread_id: 'chat-2', effort: 'deep' })
    const risky = await make({ capability: 'risky' })
    const plain = await make({})
    expect(await tenant.must('jobs.abort_many', { thread_id: 'chat-1', dry_run: true })).toMatchObject({
      count: 2,
      dry_run: true,
      job_ids: thread,
    })
    expect(await statusOf(thread[0] ?? 0)).toBe('pending')
    expect((await tenant.must('jobs.abort_many', { thread_id: 'chat-1' })).count).toBe(2)
    expect(await Promise.all(thread.map(statusOf))).toEqual(['failed aborted', 'failed aborted'])
    expect((await tenant.must('jobs.abort_many', { capability: 'risky' })).job_ids).toEqual([risky])
    expect((await tenant.must('jobs.abort_many', { worker: 'nobody' })).count).toBe(0)
    expect((await tenant.must('jobs.abort_many', { effort: 'deep' })).job_ids).toEqual([other])
    expect(failureOf(await tenant.call('jobs.abort_many', {}))).toBe('invalid-request')
    expect(await statusOf(plain)).toBe('pending')
    expect((await tenant.must('jobs.abort_many', { all: true, reason: 'kill all' })).job_ids).toEqual([plain])
    // The reins stay where they were: new work is taken.
    expect((await tenant.must('jobs.dispatch', { prompt: 'next' })).status).toBe('pending')
  })

  it('is for operators and owners', async () => {
    await tenant.must('jobs.dispatch', { prompt: 'x' })
    for (const role of ['viewer', 'reviewer'] as const) {
      const { credential } = await tenant.member(role, role)
      expect(failureOf(await tenant.as(credential, 'jobs.abort', { job_id: 1 }))).toBe('forbidden')
      expect(failureOf(await tenant.as(credential, 'jobs.abort_many', { all: true }))).toBe('forbidden')
    }
    expect(failureOf(await tenant.as(anna.credential, 'jobs.abort', { job_id: 1 }))).toBe('forbidden')
    const { credential } = await tenant.member('operator', 'operator')
    expect(failureOf(await tenant.as(credential, 'jobs.abort', { job_id: 1 }))).toBe('ok')
  })
})

describe('a straggler', () => {
  it('is listed with the jobs whose processes it has not said to have ended, through a higher level as well', async () => {
    const tenant = await TestTenant.create()
    const anna = await tenant.worker('anna', [], { slots: 2 })
    const socket = await TestSocket.greet(tenant, anna, { slots: 2 })
    socket.send({ type: 'credit', slots: 2 })
    for (const prompt of ['one', 'two']) await tenant.must('jobs.dispatch', { prompt })
    for (const ref of [1, 2]) {
      socket.send({ type: 'start', ref, token: (await socket.next('offer')).lease.token })
      await socket.next('started')
    }
    const jobs = async () => (await tenant.must('killswitch.get', {})).stragglers[0]?.jobs
    await tenant.must('killswitch.raise', { level: 3 })
    expect((await jobs())?.toSorted()).toEqual([1, 2])
    socket.send({ type: 'abort_ack', job_id: 1, attempt: 1 })
    await vi.waitFor(async () => expect(await jobs()).toEqual([2]), 20_000)
    await tenant.must('killswitch.raise', { level: 4 })
    expect(await jobs()).toEqual([2])
    await tenant.must('killswitch.ack', { generation: 2 }, anna.credential)
    expect(await tenant.must('killswitch.get', {})).toMatchObject({ stragglers: [], acknowledged: [{ name: 'anna' }] })
  })
})

describe('workers of the seeds’ time', () => {
  it('ask GET /killswitch, and stop when it says active: from level 3 on', async () => {
    const tenant = await newTenant()
    const worker = await newWorker(tenant, 'old')
    const look = (): Promise<{ active: boolean; reason: string | null }> =>
      json(call('GET', '/killswitch?tenant=ours&v=1', { token: worker.token }))
    expect(await look()).toMatchObject({ active: false, level: 0, reason: null })
    const { id } = await startedJob(tenant, worker)
    for (const [level, active] of [
      [1, false],
      [2, false],
      [3, true],
      [4, true],
    ] as const) {
      await json(call('POST', '/killswitch', { token: tenant.owner, body: { level, reason: `level ${level}`, note: null } }))
      expect(await look()).toMatchObject({ active, level, reason: `level ${level}` })
    }
    expect(await json(call('GET', `/jobs/${id}`, { token: tenant.owner }))).toMatchObject({ status: 'failed', error: { type: 'aborted' } })
    await json(call('POST', '/killswitch/ack', { token: worker.token, body: { generation: 4 } }))
    expect(await json(call('GET', '/killswitch', { token: tenant.owner }))).toMatchObject({
      acknowledged: [{ name: 'old' }],
      stragglers: [],
    })
    await json(call('DELETE', '/killswitch?resume_all=true', { token: tenant.owner }))
    expect(await look()).toMatchObject({ active: false, level: 0 })
  })
})
