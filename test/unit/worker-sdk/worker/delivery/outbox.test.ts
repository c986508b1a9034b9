/** A result is never lost: not when the reply is, not when the server is away, not when the process dies. */
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { fileOutbox, type Settlement } from '../../../../../worker-sdk/src/worker/delivery/outbox.ts'
import { abortedIssue } from '@modelreins/contract'
import { answer, ControlPlane, problemOf, refuse } from '../../support/control-plane.ts'
import { handler } from '../../support/handlers.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { WorkerBench } from '../../support/workers.ts'

let folder: string
let path: string
let plane: ControlPlane
const bench = new WorkerBench()
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'modelreins-outbox-'))
  path = join(folder, 'deep', 'outbox.ndjson')
  plane = await new ControlPlane().listen()
})
afterEach(async () => {
  await bench.stopAll()
  await plane.close()
  rmSync(folder, { recursive: true })
})
const entry = (job_id: number): Settlement => ({
  kind: 'complete',
  token: `mrl_test_${job_id}`,
  attempt: 1,
  body: { job_id, result: 'kept' },
})

describe('the file', () => {
  it('keeps what is put, forgets what is removed, and is read by its owner alone', () => {
    const outbox = fileOutbox(path)
    outbox.put(entry(1))
    outbox.put(entry(2))
    outbox.remove(entry(1))
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(fileOutbox(path).entries()).toEqual([entry(2)])
  })

  it('keeps the newest word on an attempt', () => {
    const outbox = fileOutbox(path)
    outbox.put(entry(1))
    outbox.put({ ...entry(1), kind: 'complete', body: { job_id: 1 } })
    expect(fileOutbox(path).entries()).toEqual([{ kind: 'complete', token: 'mrl_test_1', attempt: 1, body: { job_id: 1 } }])
  })

  it('leaves out a line that a crash cut off', () => {
    fileOutbox(path).put(entry(1))
    appendFileSync(path, '{"op":"put","entry":{"kind":"comp')
    expect(fileOutbox(path).entries()).toEqual([entry(1)])
  })

  it('is empty again when everything is delivered', () => {
    const outbox = fileOutbox(path)
    outbox.put(entry(1))
    outbox.remove(entry(1))
    expect(readFileSync(path, 'utf8')).toBe('')
  })
})

it('delivers after a restart what the last process could not, before it takes new work', async () => {
  fileOutbox(path).put(entry(41))
  const { worker } = bench.make(plane, { outboxFile: path })
  await worker.start()
  expect(plane.ended).toMatchObject([{ job_id: 41, via: 'http', body: { result: 'kept' } }])
  expect(readFileSync(path, 'utf8')).toBe('')
})

it('sends a completion again over HTTP when the socket breaks before the reply', async () => {
  plane.interceptFrame = (frame) => {
    if (frame.type === 'complete') plane.cut()
    return frame.type === 'complete'
  }
  const { worker, next } = bench.make(plane, { executor: () => 'precious' })
  await worker.start()
  const done = next('job:done')
  const id = plane.dispatch()
  await done
  expect(plane.ended).toMatchObject([{ job_id: id, via: 'http', body: { result: 'precious' } }])
})

it('keeps a completion while the server is away, names its lease, and delivers it once', async () => {
  const clock = new ManualClock()
  let away = false
  plane.intercept = (request, response) => {
    if (away && request.path.endsWith('/complete')) refuse(response, 'unavailable')
    return away && request.path.endsWith('/complete')
  }
  const { executor, running } = handler()
  const { worker, next } = bench.make(plane, { transport: 'poll', clock, executor })
  await worker.start()
  const id = plane.dispatch()
  const job = await running()
  away = true
  const done = next('job:done')
  job.finish('precious')
  await done
  expect(plane.ended).toEqual([])
  await clock.advance(5_000)
  await plane.until(() => plane.requests('PUT', '/api/v1/presence').length === 2)
  expect(plane.requests('PUT', '/api/v1/presence')[1]?.body).toMatchObject({ leases: [{ job_id: id, attempt: 1 }] })
  away = false
  await clock.advance(30_000)
  await plane.until(() => plane.endOf(id) !== undefined)
  await clock.advance(60_000)
  expect(plane.ended).toHaveLength(1)
})

it('gives up a completion that the server refuses for good, and says so', async () => {
  plane.intercept = (request, response) => {
    if (request.path.endsWith('/complete')) refuse(response, 'lease-lost', 'The job is at attempt 2.')
    return request.path.endsWith('/complete')
  }
  const { worker, next, heard } = bench.make(plane, { transport: 'poll' })
  await worker.start()
  const told = next('job:error')
  plane.dispatch()
  expect(await told).toMatchObject({ error: expect.stringContaining('The job is at attempt 2.'), retryable: false })
  expect(heard).toContainEqual({ event: 'error', payload: { type: 'completion', error: 'The job is at attempt 2.' } })
})

it('says of a completion that came too late for an aborted job that it was aborted, and has no trouble with it', async () => {
  plane.intercept = (request, response) => {
    const late = request.path.endsWith('/complete')
    if (late) answer(response, 409, { ...problemOf('lease-lost', 'Job 1, it is failed (aborted).'), issues: [abortedIssue] })
    return late
  }
  const { worker, next, heard } = bench.make(plane, { transport: 'poll' })
  await worker.start()
  const told = next('job:error')
  plane.dispatch()
  expect(await told).toMatchObject({ error: expect.stringContaining('was aborted'), retryable: false })
  expect(heard.filter(({ event }) => event === 'error')).toEqual([])
})
