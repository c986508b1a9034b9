import { evictDurableObject, runInDurableObject } from 'cloudflare:test'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { closeCodes, limits } from '@modelreins/contract'
import type { Offer } from '@modelreins/contract'
import { TenantObject } from '../../../../../durable-objects/tenant/tenant-object.ts'
import { counted, requestsPerJob, rowsPerJob } from '../../../../../tools/costs/counted.ts'
import { frozenTime, TestTenant } from '../harness.ts'
import { TestSocket } from './socket-client.ts'

let clock: ReturnType<typeof frozenTime>
beforeEach(() => {
  clock = frozenTime()
})
afterEach(() => {
  vi.useRealTimers()
})

describe('the worker socket', () => {
  it('carries a job from offer to settled, and offers within the credit only', async () => {
    const tenant = await TestTenant.create()
    const anna = await tenant.worker('anna')
    const socket = await TestSocket.greet(tenant, anna)
    socket.send({ type: 'credit', slots: 1 })
    await tenant.must('jobs.dispatch', { prompt: 'one' })
    await tenant.must('jobs.dispatch', { prompt: 'two' })
    const offer = await socket.next('offer')
    expect(offer.job).toMatchObject({ id: 1, prompt: 'one' })
    socket.send({ type: 'start', ref: 1, token: offer.lease.token })
    expect(await socket.next('started')).toMatchObject({ ref: 1, attempt: 1 })
    expect(socket.received).toEqual([])
    socket.send({ type: 'complete', ref: 2, token: offer.lease.token, job_id: 1, result: 'done' }, { type: 'credit', slots: 1 })
    expect(await socket.next('settled')).toMatchObject({ ref: 2, job_id: 1, status: 'done' })
    expect((await socket.next('offer')).job.id).toBe(2)
  })

  it('survives hibernation: the object forgets everything and the next job still arrives', async () => {
    const tenant = await TestTenant.create()
    const anna = await tenant.worker('anna')
    const socket = await TestSocket.greet(tenant, anna)
    socket.send({ type: 'credit', slots: 2 })
    await tenant.must('presence.list', {})
    await evictDurableObject(tenant.raw)
    await tenant.must('jobs.dispatch', { prompt: 'after sleep' })
    expect((await socket.next('offer')).job.prompt).toBe('after sleep')
  })

  it('answers ping without waking the object', async () => {
    const tenant = await TestTenant.create()
    const anna = await tenant.worker('anna')
    const socket = await TestSocket.greet(tenant, anna)
    const woken = vi.spyOn(TenantObject.prototype, 'webSocketMessage')
    try {
      // The spy sees what does wake it.
      socket.send({ type: 'presence' })
      await socket.next('welcome')
      expect(woken).toHaveBeenCalledTimes(1)
      await evictDurableObject(tenant.raw)
      socket.sendText('ping')
      socket.sendText('ping')
      await socket.untilPongs(2)
      expect(woken).toHaveBeenCalledTimes(1)
      // The platform's own record of whom it answered, and when: the sign of life that presence reads.
      const answered = await runInDurableObject(tenant.raw, (_, state) =>
        state.getWebSockets().map((one) => state.getWebSocketAutoResponseTimestamp(one)?.getTime() ?? 0),
      )
      expect(answered).toHaveLength(1)
      expect(answered[0]).toBeGreaterThan(0)
    } finally {
      woken.mockRestore()
    }
  })

  it('refuses a second process under one name, unless it says takeover', async () => {
    const tenant = await TestTenant.create()
    const anna = await tenant.worker('anna')
    const first = await TestSocket.greet(tenant, anna, { instance: 'laptop' })
    const second = await TestSocket.open(tenant, anna)
    second.send({ type: 'hello', instance: 'desktop' })
    expect((await second.next('problem')).problem).toMatchObject({ code: 'name-taken', status: 409 })
    expect((await second.untilClosed()).code).toBe(closeCodes.name_taken)
    const third = await TestSocket.greet(tenant, anna, { instance: 'desktop', takeover: true })
    expect((await first.untilClosed()).code).toBe(closeCodes.name_taken)
    expect(third.closed).toBeUndefined()
  })

  it('is closed at once when its worker is revoked, and its running job goes back', async () => {
    const tenant = await TestTenant.create()
    const anna = await tenant.worker('anna')
    const bert = await tenant.worker('bert')
    const socket = await TestSocket.greet(tenant, anna)
    socket.send({ type: 'credit', slots: 1 })
    await tenant.must('jobs.dispatch', { prompt: 'x' })
    const offer = await socket.next('offer')
    socket.send({ type: 'start', ref: 1, token: offer.lease.token })
    await socket.next('started')
    await tenant.must('workers.revoke', { worker_id: anna.id })
    expect((await socket.untilClosed()).code).toBe(closeCodes.revoked)
    expect(await tenant.must('jobs.get', { job_id: 1 })).toMatchObject({ status: 'retry', error: { type: 'worker_lost' } })
    clock.pass(3_000)
    expect((await tenant.offers(bert))[0]?.job.id).toBe(1)
  })

  it('pushes an abort to the worker that runs the job', async () => {
    const tenant = await TestTenant.create()
    const anna = await tenant.worker('anna')
    const socket = await TestSocket.greet(tenant, anna)
    socket.send({ type: 'credit', slots: 1 })
    await tenant.must('jobs.dispatch', { prompt: 'x' })
    const offer = await socket.next('offer')
    socket.send({ type: 'start', ref: 1, token: offer.lease.token })
    await socket.next('started')
    await tenant.must('jobs.abort', { job_id: 1, reason: 'wrong branch' })
    expect(await socket.next('abort')).toMatchObject({ job_id: 1, attempt: 1, reason: 'Aborted by Olga: wrong branch' })
    socket.send({ type: 'complete', ref: 2, token: offer.lease.token, job_id: 1, result: 'too late' })
    expect((await socket.next('problem')).problem.code).toBe('lease-lost')
  })

  it('gives a declined offer to somebody else at once', async () => {
    const tenant = await TestTenant.create()
    const anna = await tenant.worker('anna')
    const bert = await tenant.worker('bert')
    const one = await TestSocket.greet(tenant, anna)
    const two = await TestSocket.greet(tenant, bert)
    one.send({ type: 'credit', slots: 1 })
    await tenant.must('jobs.create', { prompt: 'x' })
    const offer = await one.next('offer')
    two.send({ type: 'credit', slots: 1 })
    one.send({ type: 'decline', token: offer.lease.token })
    expect((await two.next('offer')).job.id).toBe(offer.job.id)
  })

  it('ends attempts that a restarted process no longer names', async () => {
    const tenant = await TestTenant.create()
    const anna = await tenant.worker('anna')
    const socket = await TestSocket.greet(tenant, anna)
    socket.send({ type: 'credit', slots: 1 })
    await tenant.must('jobs.dispatch', { prompt: 'x' })
    const offer = await socket.next('offer')
    socket.send({ type: 'start', ref: 1, token: offer.lease.token })
    await socket.next('started')
    await TestSocket.greet(tenant, anna, { instance: 'anna-1', leases: [] })
    expect(await tenant.must('jobs.get', { job_id: 1 })).toMatchObject({ status: 'retry', error: { type: 'worker_lost' } })
  })

  it.each([
    ['{', 'The message is not JSON.'],
    ['{"type":"nonsense"}', 'frame 0: type'],
    ['[]', 'one frame'],
    ['null', 'frame 0'],
  ])('answers %s with a problem and stays open', async (text, detail) => {
    const tenant = await TestTenant.create()
    const socket = await TestSocket.greet(tenant, await tenant.worker('anna'))
    socket.sendText(text)
    expect((await socket.next('problem')).problem).toMatchObject({ code: 'invalid-request', detail: expect.stringContaining(detail) })
    expect(socket.closed).toBeUndefined()
  })

  it('shows a worker as deaf that lets its offers lapse, whatever it says of itself meanwhile, until it answers one', async () => {
    const tenant = await TestTenant.create()
    const anna = await tenant.worker('anna')
    const socket = await TestSocket.greet(tenant, anna)
    await tenant.must('jobs.dispatch', { prompt: 'x' })
    const state = async () => (await tenant.must('presence.list', {})).items[0]?.state
    for (let lapse = 0; lapse < limits.deaf_after_offers; lapse += 1) {
      socket.send({ type: 'presence' })
      await socket.next('welcome')
      socket.send({ type: 'credit', slots: 1 })
      await socket.next('offer')
      clock.pass(limits.offer_ms + 1)
      await state()
    }
    expect(await state()).toBe('deaf')
    socket.send({ type: 'credit', slots: 1 })
    const { lease } = await socket.next('offer')
    socket.send({ type: 'decline', token: lease.token })
    socket.send({ type: 'credit', slots: 0 })
    await vi.waitFor(async () => expect(await state()).not.toBe('deaf'), 20_000)
  })

  it('refuses one frame of a message without the others: they are other jobs’ business', async () => {
    const tenant = await TestTenant.create()
    const anna = await tenant.worker('anna')
    const socket = await TestSocket.greet(tenant, anna, { slots: 2 })
    socket.send({ type: 'credit', slots: 2 })
    const offers: Offer[] = []
    for (const prompt of ['one', 'two']) {
      await tenant.must('jobs.dispatch', { prompt })
      offers.push(await socket.next('offer'))
    }
    for (const [ref, { lease }] of offers.entries()) {
      socket.send({ type: 'start', ref, token: lease.token })
      await socket.next('started')
    }
    const [bad, good] = offers.map(({ job, lease }, index) => ({ type: 'complete', ref: 7 + index, token: lease.token, job_id: job.id }))
    socket.sendText(JSON.stringify([{ ...bad, usage: { tokens_in: -1 } }, good]))
    expect(await socket.next('problem')).toMatchObject({ ref: 7, problem: { code: 'invalid-request' } })
    expect(await socket.next('settled')).toMatchObject({ ref: 8, job_id: 2, status: 'done' })
  })
})

describe('the cost of one job over the socket', () => {
  it.each([
    ['without a key', undefined, rowsPerJob],
    ['with the key that the SDK sends', 'a key', rowsPerJob + counted.key_rows],
  ])('is as the pages on cost say, rows and requests, %s', async (_name, key, wanted) => {
    const tenant = await TestTenant.create()
    const anna = await tenant.worker('anna')
    const socket = await TestSocket.greet(tenant, anna)
    socket.send({ type: 'credit', slots: 1 })
    // The first job of a kind makes its pool; a life is counted on the second.
    const life = async (prompt: string): Promise<void> => {
      await tenant.must('jobs.dispatch', { prompt, ...(key === undefined ? {} : { idempotency_key: `${key} ${prompt}` }) })
      const offer = await socket.next('offer')
      socket.send({ type: 'start', ref: 1, token: offer.lease.token })
      await socket.next('started')
      socket.send({ type: 'complete', ref: 2, token: offer.lease.token, job_id: offer.job.id, result: 'r' }, { type: 'credit', slots: 1 })
      await socket.next('settled')
    }
    await life('first')
    const rows = await runInDurableObject(tenant.raw, (_, state) => {
      const counted: SqlStorageCursor<Record<string, SqlStorageValue>>[] = []
      const exec = state.storage.sql.exec.bind(state.storage.sql)
      Object.defineProperty(state.storage.sql, 'exec', {
        configurable: true,
        value: (...call: Parameters<typeof exec>) => {
          const cursor = exec(...call)
          counted.push(cursor)
          return cursor
        },
      })
      return counted
    })
    const sent = socket.sent
    await life('second')
    expect(rows.length).toBeGreaterThan(0)
    const written = rows.reduce((sum, cursor) => sum + cursor.rowsWritten, 0)
    expect(written).toBe(wanted)
    // One dispatch, one start, one completion that also asks for the next.
    expect(1 + socket.sent - sent).toBe(requestsPerJob)
  })
})
