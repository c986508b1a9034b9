/** The client against a real HTTP server: how calls look on the wire, what failures look like, and what is tried again. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { operationIds, operations, type Operation } from '@modelreins/contract'
import { Client, ModelReinsError } from '../../../../worker-sdk/src/client/index.ts'
import { answer, problemOf, refuse } from '../support/control-plane.ts'
import { httpServer, type HttpServer } from '../support/http-server.ts'
import { jobOf } from '../support/job.ts'
import { ManualClock } from '../support/manual-clock.ts'

let server: HttpServer
beforeEach(async () => {
  server = await httpServer()
})
afterEach(() => server.close())
const client = (more: object = {}): Client => new Client({ url: server.url, token: 'mrk_secret', retry: { baseMs: 1, capMs: 1 }, ...more })

describe('a call on the wire', () => {
  it('is laid out by the operations table: path, query, body', async () => {
    const reins = client()
    await reins.jobs.get({ job_id: 7 })
    await reins.jobs.list({ status: ['pending', 'retry'], limit: 5 })
    await reins.jobs.abort({ job_id: 7, reason: 'no need' })
    await reins.workers.revoke({ worker_id: 'wkabcdefghij' })
    await reins.killswitch.clear({ resume_all: true })
    expect(server.requests.map(({ method, path, body }) => `${method} ${path} ${body}`.trim())).toEqual([
      'GET /api/v1/jobs/7',
      'GET /api/v1/jobs?status=pending%2Cretry&limit=5',
      'POST /api/v1/jobs/7/abort {"reason":"no need"}',
      'DELETE /api/v1/workers/wkabcdefghij',
      'DELETE /api/v1/killswitch?resume_all=true',
    ])
  })

  it('carries the token as a bearer, never in the address', async () => {
    await client().members.whoami()
    expect(server.requests[0]?.headers.authorization).toBe('Bearer mrk_secret')
    expect(server.requests[0]?.path).not.toContain('secret')
  })

  it('has a method for every operation that is one request and one answer', () => {
    const reins: unknown = client()
    for (const id of operationIds) {
      const [noun = '', verb = ''] = id.split('.')
      const name = verb.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
      const { produces }: Operation = operations[id]
      if (produces === 'text/event-stream' || produces === 'websocket') continue
      expect(Object(Object(reins)[noun])[name], id).toBeTypeOf('function')
    }
  })

  it('keeps a path of the address, and no slash twice', async () => {
    await client({ url: `${server.url}/reins/` }).service.health()
    expect(server.requests[0]?.path).toBe('/reins/api/v1/health')
  })

  it('gives a dispatch an idempotency key of its own, and the same one to a repeat', async () => {
    server.handle = (_, response, count) => (count === 1 ? response.destroy() : answer(response, 201, jobOf()))
    const reins = client()
    await reins.jobs.dispatch({ prompt: 'a' })
    await reins.jobs.dispatch({ prompt: 'a' })
    const keys = server.requests.map((request) => request.headers['idempotency-key'])
    expect(keys[0]).toMatch(/^sdk-/)
    expect(keys[1]).toBe(keys[0])
    expect(keys[2]).not.toBe(keys[0])
  })

  it('leaves a key that the input brings as it is, and repeats the call by it', async () => {
    server.handle = (_, response, count) => (count === 1 ? response.destroy() : answer(response, 201, jobOf()))
    await client().jobs.dispatch({ prompt: 'a', idempotency_key: 'mine' })
    expect(server.requests.map((request) => [request.headers['idempotency-key'], request.body])).toEqual(
      Array.from({ length: 2 }, () => [undefined, '{"prompt":"a","idempotency_key":"mine"}']),
    )
  })

  it('sends bytes with their type, and the fields in the query', async () => {
    await client().artifacts.upload({ filename: 'a b.txt', job_id: 3 }, { body: 'hello', contentType: 'text/plain' })
    expect(server.requests[0]).toMatchObject({
      method: 'POST',
      path: '/api/v1/artifacts/upload?filename=a+b.txt&job_id=3',
      body: 'hello',
      headers: { 'content-type': 'text/plain' },
    })
  })

  it('answers text as text and bytes as the response', async () => {
    server.handle = (_, response) => response.end('plain words')
    expect(await client().jobs.result({ job_id: 1 })).toBe('plain words')
    const download = await client().artifacts.download({ slug: 'abcdefgh' })
    expect(await download.text()).toBe('plain words')
  })
})

describe('a failure', () => {
  it('is told before anything is sent when the input is wrong, with every issue', async () => {
    const error = await client()
      .jobs.dispatch({ prompt: '', effort: 'heroic' as never })
      .catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(ModelReinsError)
    expect(error).toMatchObject({ code: 'invalid-request', status: 0, exitCode: 64, retryable: false })
    expect((error as ModelReinsError).issues.map((issue) => issue.path).sort()).toEqual(['effort', 'prompt'])
    expect(server.requests).toEqual([])
  })

  it('carries what the problem document says', async () => {
    server.handle = (_, response) =>
      answer(response, 400, { ...problemOf('invalid-request'), issues: [{ path: 'prompt', message: 'too short' }], instance: 'req-9' })
    await expect(client().jobs.dispatch({ prompt: 'x' })).rejects.toMatchObject({
      name: 'ModelReinsError',
      code: 'invalid-request',
      status: 400,
      requestId: 'req-9',
      issues: [{ path: 'prompt', message: 'too short' }],
      message: 'The request is not valid: prompt: too short',
    })
  })

  it('has a code also when what answers is no problem document', async () => {
    server.handle = (_, response, count) => {
      response.writeHead([502, 401, 404, 418][count - 1] ?? 500)
      response.end('<html>')
    }
    const codes: unknown[] = []
    for (let call = 0; call < 4; call += 1) {
      codes.push(
        await client({ retry: false })
          .members.whoami()
          .then(String, (error: ModelReinsError) => error.code),
      )
    }
    expect(codes).toEqual(['unavailable', 'unauthorized', 'not-found', 'unexpected-response'])
  })

  it('is "network" with the address when nobody is there', async () => {
    const gone = await httpServer()
    await gone.close()
    await expect(client({ url: gone.url, retry: false }).members.whoami()).rejects.toMatchObject({
      code: 'network',
      status: 0,
      exitCode: 69,
      message: expect.stringContaining(gone.url),
    })
  })

  it('is "timeout" when no answer comes', async () => {
    server.handle = () => undefined
    await expect(client({ timeoutMs: 20, retry: false }).members.whoami()).rejects.toMatchObject({ code: 'timeout', retryable: true })
  })

  it('is "unexpected-response" when the answer is not JSON', async () => {
    server.handle = (_, response) => response.end('<html>hello</html>')
    await expect(client().members.whoami()).rejects.toMatchObject({ code: 'unexpected-response' })
  })

  it('does not follow a redirect, which would carry the token away', async () => {
    server.handle = (_, response) => {
      response.writeHead(302, { location: 'https://elsewhere.example/' })
      response.end()
    }
    await expect(client().jobs.list()).rejects.toThrow(/redirect to https:\/\/elsewhere.example/)
    expect(server.requests).toHaveLength(1)
  })

  it("is the caller's own reason when the caller gives up", async () => {
    server.handle = () => undefined
    const controller = new AbortController()
    const call = client().members.whoami({}, { signal: controller.signal })
    controller.abort(new Error('changed my mind'))
    await expect(call).rejects.toThrow('changed my mind')
  })

  it('names a wrong address at once', () => {
    expect(() => new Client({ url: 'reins.example.com' })).toThrow(/is not an address|not an HTTP address/)
    expect(() => new Client({ url: 'ftp://reins.example.com' })).toThrow(/not an HTTP address/)
  })
})

describe('trying again', () => {
  it('happens for safe calls when the failure passes', async () => {
    server.handle = (_, response, count) => (count < 3 ? refuse(response, 'unavailable') : answer(response, 200, jobOf({ id: 7 })))
    expect(await client().jobs.get({ job_id: 7 })).toMatchObject({ id: 7 })
    expect(server.requests).toHaveLength(3)
  })

  it('ends after three tries', async () => {
    server.handle = (_, response) => refuse(response, 'unavailable')
    await expect(client().jobs.get({ job_id: 7 })).rejects.toMatchObject({ code: 'unavailable' })
    expect(server.requests).toHaveLength(3)
  })

  const oneAnswer = (row: Operation): boolean => row.produces !== 'text/event-stream' && row.produces !== 'websocket'
  const callable = operationIds.filter((id) => oneAnswer(operations[id]))

  it.each(callable)('happens for %s as its row says, and with the same key each time', async (id) => {
    const row: Operation = operations[id]
    server.handle = (_, response) => refuse(response, 'unavailable')
    const { idempotency_key: _, ...input } = row.example
    await expect(client().call(id, input as never)).rejects.toMatchObject({ code: 'unavailable' })
    expect(server.requests).toHaveLength(row.repeat === 'never' ? 1 : 3)
    const keys = new Set(server.requests.map((request) => request.headers['idempotency-key']))
    expect(keys.size).toBe(1)
    expect([...keys][0] !== undefined).toBe(row.repeat === 'by-key')
  })

  it('does not happen by a key that the operation does not take', async () => {
    server.handle = (_, response) => refuse(response, 'unavailable')
    const call = client().workers.register({ name: 'one' }, { idempotencyKey: 'mine' })
    await expect(call).rejects.toMatchObject({ code: 'unavailable' })
    expect(server.requests).toHaveLength(1)
  })

  it.each(['no-live-worker', 'no-eligible-worker', 'killswitch', 'not-found', 'conflict'] as const)(
    'does not happen for %s',
    async (code) => {
      server.handle = (_, response) => refuse(response, code)
      await expect(client().jobs.dispatch({ prompt: 'x' })).rejects.toMatchObject({ code })
      expect(server.requests).toHaveLength(1)
    },
  )

  it('waits as long as the server asks, and not at all when that is too long', async () => {
    const clock = new ManualClock()
    server.handle = (_, response, count) => {
      if (count === 2) {
        answer(response, 200, jobOf())
        return
      }
      response.writeHead(429, { 'content-type': 'application/problem+json', 'retry-after': count === 1 ? '7' : '3600' })
      response.end(JSON.stringify(problemOf('rate-limited')))
    }
    const call = client({ clock }).jobs.get({ job_id: 1 })
    await clock.waitFor(7_000)
    await clock.advance(7_000)
    await call
    await expect(client({ clock }).jobs.get({ job_id: 1 })).rejects.toMatchObject({ code: 'rate-limited', retryAfterMs: 3_600_000 })
  })
})
