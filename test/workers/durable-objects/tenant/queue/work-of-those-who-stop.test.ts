/** What waits for a worker that stops or is paused goes to another one at once, not when somebody looks next. */
import { evictDurableObject } from 'cloudflare:test'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { frozenTime, TestTenant, type WorkerHandle } from '../harness.ts'
import { TestSocket } from '../workers/socket-client.ts'

beforeEach(() => void frozenTime())
afterEach(() => vi.useRealTimers())

const endings: readonly [string, (tenant: TestTenant, worker: WorkerHandle) => Promise<unknown>][] = [
  ['says that it stops, and ends what it runs', (tenant, worker) => tenant.present(worker, { status: 'stopping' })],
  ['says that it has stopped', (tenant, worker) => tenant.present(worker, { status: 'stopped' })],
  ['is paused', (tenant, worker) => tenant.must('workers.pause', { worker_id: worker.id })],
]

it.each(endings)('goes on when its worker %s', async (_, end) => {
  const tenant = await TestTenant.create()
  const anna = await tenant.worker('anna')
  // For anna, who is there and has room: nobody else is offered it.
  const job = await tenant.must('jobs.dispatch', { prompt: 'x', prefer: ['anna'] })
  expect(job.assigned_to).toBe('anna')
  const bert = await tenant.worker('bert')
  const socket = await TestSocket.greet(tenant, bert)
  socket.send({ type: 'credit', slots: 1 })
  expect(await tenant.offers(bert)).toEqual([])
  await end(tenant, anna)
  expect((await socket.next('offer')).job.id).toBe(job.id)
})

it('remembers over an eviction that a worker on a socket is stopping, until it says otherwise', async () => {
  const tenant = await TestTenant.create()
  const anna = await tenant.worker('anna')
  const socket = await TestSocket.greet(tenant, anna)
  socket.send({ type: 'credit', slots: 0 }, { type: 'presence', status: 'stopping' })
  await socket.next('welcome')
  await evictDurableObject(tenant.raw)
  const job = await tenant.must('jobs.dispatch', { prompt: 'x', prefer: ['anna'] })
  // Nobody else is there: it waits for whoever comes.
  expect(job.assigned_to).toBe('anna')
  expect(await tenant.must('jobs.why', { job_id: job.id })).toMatchObject({ answer: expect.stringContaining('assigned to anna (stopping') })
  const bert = await tenant.worker('bert')
  expect(await tenant.offers(bert)).toHaveLength(1)
  const next = await tenant.must('jobs.dispatch', { prompt: 'x', prefer: ['anna'] })
  expect(next.assigned_to).toBe('bert')
  socket.send({ type: 'presence', status: 'idle' })
  await socket.next('welcome')
  expect((await tenant.must('jobs.dispatch', { prompt: 'x', prefer: ['anna'] })).assigned_to).toBe('anna')
})
