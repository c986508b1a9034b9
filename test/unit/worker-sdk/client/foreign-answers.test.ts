/** Says that an answer of something in between is never taken for the server's, whatever its status, for every operation there is. */
import { operationIds, operations, type OperationId } from '@modelreins/contract'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../../../worker-sdk/src/client/clock.ts'
import { Client, type ModelReinsError } from '../../../../worker-sdk/src/client/index.ts'
import { isRefusal } from '../../../../worker-sdk/src/worker/presence/refusals.ts'
import { ControlPlane, answer } from '../support/control-plane.ts'
import { httpServer } from '../support/http-server.ts'
import { WorkerBench } from '../support/workers.ts'

const page = '<!doctype html><html><head><title>Sign in to the network</title></head></html>'
const statuses = [200, 201, 302, 307, 400, 401, 403, 404, 407, 409, 413, 418, 429, 451, 500, 502, 503, 504, 511]

/** Input that the table takes: ids and names as they are, everything else left out. */
const inputOf = (id: OperationId): object | undefined => {
  const candidates: readonly object[] = [
    {},
    { job_id: 1 },
    { review_id: 1 },
    { slug: 'abcdefghij' },
    { worker_id: 'wk0123456789abcdef' },
    { job_id: 1, chunks: [{ seq: 0, stream: 'stdout', text: 'x' }] },
    { job_id: 1, error: { type: 'x', message: 'y' } },
    { prompt: 'x' },
  ]
  return candidates.find((candidate) => operations[id].input.safeParse(candidate).success)
}
const callable = operationIds.filter(
  (id) => !['jobs.stream', 'claims.connect', 'artifacts.download'].includes(id) && inputOf(id) !== undefined,
)

describe('a page in place of an answer', () => {
  it('is tried against most of the table', () => {
    expect(callable.length).toBeGreaterThan(30)
  })
  it.each(callable)('is foreign to %s, whatever its status', async (id) => {
    const html = operations[id].output === undefined ? false : String(Reflect.get(operations[id], 'produces') ?? '').includes('html')
    for (const status of statuses) {
      const fetch = async (): Promise<Response> =>
        new Response(page, {
          status,
          headers: { 'content-type': 'text/html', ...(status < 400 && status >= 300 ? { location: 'https://portal.example/' } : {}) },
        })
      const client = new Client({ url: 'https://reins.example', token: 'mrk_x', fetch, retry: false })
      const outcome = await client.call(id, inputOf(id) as never).then(
        () => 'taken',
        (error: ModelReinsError) => (error.foreign && !isRefusal(error) ? 'foreign' : `${error.code}: ${error.message}`),
      )
      // A page is an answer of the pages.
      const fine = status < 300 && html
      expect([id, status, outcome]).toEqual([id, status, fine ? 'taken' : 'foreign'])
    }
  })
  it('says what it is', async () => {
    const fetch = async (): Promise<Response> => new Response(page, { status: 403 })
    const client = new Client({ url: 'https://reins.example', token: 'mrk_x', fetch, retry: false })
    await expect(client.members.whoami()).rejects.toThrow(/HTTP 403 with "Sign in to the network" is no answer of a ModelReins server/)
  })
  it('is asked again where a call may be repeated', async () => {
    let calls = 0
    const server = await httpServer()
    server.handle = (_, response) => {
      calls += 1
      if (calls === 1) response.writeHead(403, { 'content-type': 'text/html' }).end(page)
      else answer(response, 200, { items: [], next_cursor: null })
    }
    const client = new Client({ url: server.url, token: 'mrk_x', retry: { baseMs: 1 } })
    expect(await client.jobs.list()).toMatchObject({ items: [] })
    await server.close()
  })
})

describe('the end of an attempt', () => {
  const bench = new WorkerBench()
  let plane: ControlPlane
  beforeEach(async () => {
    plane = await new ControlPlane().listen()
  })
  afterEach(async () => {
    await bench.stopAll()
    await plane.close()
  })

  it.each([200, 302, 401, 403, 404, 409, 500])('is delivered although a page with %d answered it first', async (status) => {
    let pages = 2
    const { worker, next, heard } = bench.make(plane, {
      transport: 'poll',
      executor: () => 'the result',
      fetch: async (url, init) => {
        if (!url.endsWith('/complete') || pages === 0) return fetch(url, init)
        pages -= 1
        return new Response(page, { status, headers: { 'content-type': 'text/html' } })
      },
    })
    await worker.start()
    const done = next('job:done')
    const id = plane.dispatch()
    await plane.until(() => plane.endOf(id) !== undefined)
    await done
    expect(plane.endOf(id)).toMatchObject({ kind: 'complete', body: { result: 'the result' } })
    expect(heard.filter(({ event }) => event === 'job:error')).toEqual([])
  })

  it('is said in fewer words to a proxy that never lets so much through', async () => {
    const { worker } = bench.make(plane, {
      transport: 'poll',
      clock: { ...systemClock, random: () => 0 },
      executor: () => 'a large result',
      fetch: async (url, init) => (url.endsWith('/complete') ? new Response('<html>413', { status: 413 }) : fetch(url, init)),
    })
    await worker.start()
    const id = plane.dispatch()
    await plane.until(() => plane.endOf(id) !== undefined)
    expect(plane.endOf(id)).toMatchObject({ kind: 'fail', body: { error: { message: expect.stringContaining('too large to be sent') } } })
  })
})
