/** Says how requests are answered that are not quite right, and what every answer carries. */
import { limits, type Operation, operationIds, operations, problems } from '@modelreins/contract'
import { beforeAll, describe, expect, test } from 'vitest'
import { call, json, newTenant, newWorker, origin, present, problem, type TestTenant, type TestWorker } from './edge.ts'

let tenant: TestTenant
let worker: TestWorker
beforeAll(async () => {
  tenant = await newTenant()
  worker = await newWorker(tenant)
  await json(present(worker))
})

const asOwner = (method: string, path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Response> =>
  call(method, path, { token: tenant.owner, body, headers })

describe('paths and methods', () => {
  test('what is nowhere is 404', async () => {
    for (const path of ['/nothing', '/api/v1/', '/api/v1/jobs/1/nothing', '/Dispatch', '//dispatch', '/api/v1/jobs/1%2Fabort']) {
      expect((await asOwner('GET', path)).status, path).toBeOneOf([404, 400])
    }
    expect(await problem(asOwner('GET', '/nothing'), 404)).toMatchObject({ code: 'not-found' })
  })

  test('a path that exists says which methods it takes', async () => {
    const response = await asOwner('GET', '/dispatch')
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST'])
    expect((await asOwner('PATCH', '/presence')).headers.get('allow')).toBe('PUT, GET, HEAD')
    expect((await asOwner('GET', '/api/v1/jobs/abort')).headers.get('allow')).toBe('POST')
    expect((await call('POST', '/health')).headers.get('allow')).toBe('GET, HEAD')
  })

  test('HEAD is GET without a body', async () => {
    for (const path of ['/health', '/api/v1/jobs', '/killswitch']) {
      const head = await asOwner('HEAD', path)
      expect([head.status, await head.text()], path).toEqual([200, ''])
    }
    expect((await asOwner('HEAD', '/api/v1/jobs/999999')).status).toBe(404)
  })

  test('there is no answer to foreign origins', async () => {
    const response = await call('GET', '/health', { headers: { origin: 'https://evil.example' } })
    expect([...response.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([])
  })

  test('percent signs that encode nothing are a 400 or a 404, never worse', async () => {
    for (const path of ['/jobs/%zz', '/jobs/%', '/jobs/%E0%A4%A', '/%', '/api/v1/workers/%ff%fe', '/s/%zz', '/view/%zz', '/assets/%zz']) {
      expect((await asOwner('GET', path)).status, path).toBeLessThan(500)
    }
    expect(await problem(asOwner('GET', '/jobs/%zz'), 400)).toMatchObject({ issues: [{ path: 'job_id' }] })
  })
})

describe('bodies', () => {
  test('too large is 413 and names the limit, chunked or not', async () => {
    const large = 'x'.repeat(limits.body_bytes + 10)
    expect((await problem(asOwner('POST', '/dispatch', `{"prompt":"${large}"}`), 413)).detail).toContain(String(limits.body_bytes))
    const chunk = new TextEncoder().encode('x'.repeat(64 * 1024))
    let sent = 0
    const stream = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += 1
        if (sent > 40) controller.close()
        else controller.enqueue(chunk)
      },
    })
    await problem(asOwner('POST', '/dispatch', stream), 413)
  })

  test('a prompt of 2 MB is too large, one of half a megabyte is a job', async () => {
    await problem(asOwner('POST', '/dispatch', { prompt: 'x'.repeat(2_000_000) }), 413)
    await json(asOwner('POST', '/dispatch', { prompt: 'é'.repeat(limits.prompt_bytes / 2) }), 201)
    expect((await problem(asOwner('POST', '/dispatch', { prompt: 'é'.repeat(limits.prompt_bytes / 2 + 1) }), 400)).issues?.[0]?.path).toBe(
      'prompt',
    )
  })

  test('a batch may be larger than a single call', async () => {
    const jobs = Array.from({ length: 1_000 }, (_, at) => ({ prompt: `${at} ${'x'.repeat(2_000)}` }))
    const made = await json<{ items: unknown[] }>(asOwner('POST', '/api/v1/dispatch/batch', { jobs }), 201)
    expect(made.items).toHaveLength(1_000)
    expect(
      (await problem(asOwner('POST', '/api/v1/dispatch/batch', { jobs: [...jobs, { prompt: 'one too many' }] }), 400)).issues?.[0]?.path,
    ).toBe('jobs')
  })

  test('the wrong type is 415, on our paths and on those of the seeds', async () => {
    for (const path of ['/dispatch', '/api/v1/dispatch']) {
      expect(await problem(asOwner('POST', path, 'prompt=x', { 'content-type': 'application/x-www-form-urlencoded' }), 415)).toMatchObject({
        code: 'unsupported-media-type',
      })
    }
  })

  test('a target of several that names nobody is named, and a number that is none is told so', async () => {
    expect((await problem(asOwner('POST', '/dispatch', { prompt: 'x', targets: ['a', 'b'] }), 400)).detail).toContain(
      'targets[0] names no worker: a',
    )
    expect((await problem(asOwner('GET', '/jobs/abc'), 400)).detail).toContain('must be an id, a whole number such as 42')
    expect((await problem(asOwner('GET', '/jobs/1/stream?after=x'), 400)).detail).toContain('must be a whole number from -1')
  })

  test('every issue is named', async () => {
    const document = await problem(asOwner('POST', '/api/v1/dispatch', { prompt: '', priority: 11, effort: 'huge', nonsense: 1 }), 400)
    expect(document.issues?.map((issue) => issue.path).toSorted()).toEqual(['effort', 'nonsense', 'priority', 'prompt'])
  })

  test("what the seeds' programs send is taken: nulls, unknown fields, no content type", async () => {
    const body = new TextEncoder().encode(JSON.stringify({ prompt: 'hello', target: null, model: null, from_the_future: 1 }))
    const response = await call('POST', '/dispatch', { token: tenant.owner, body, headers: { 'content-type': '' } })
    expect(response.status).toBe(201)
    await problem(asOwner('POST', '/api/v1/dispatch', { prompt: 'hello', target: null }), 400)
  })

  test('characters that trouble others come back as they were', async () => {
    for (const prompt of [
      'nul \u0000 inside',
      'rtl \u202eabc',
      'emoji 🙂👩‍👩‍👧',
      '../../etc/passwd',
      '\u2028 line',
      "'; DROP TABLE jobs; --",
    ]) {
      const job = await json<{ id: number }>(asOwner('POST', '/dispatch', { prompt }), 201)
      expect(await json<{ prompt: string }>(asOwner('GET', `/jobs/${job.id}`))).toMatchObject({ prompt })
    }
    await problem(asOwner('POST', '/api/v1/workers/register', { name: '../x' }), 400)
  })
})

describe('an idempotency key', () => {
  test('answers the same job with 200, and 409 for another body', async () => {
    const headers = { 'idempotency-key': crypto.randomUUID() }
    const first = await json<{ id: number }>(asOwner('POST', '/dispatch', { prompt: 'once' }, headers), 201)
    const again = await json<{ id: number }>(asOwner('POST', '/dispatch', { prompt: 'once' }, headers), 200)
    expect(again.id).toBe(first.id)
    expect(await problem(asOwner('POST', '/dispatch', { prompt: 'twice' }, headers), 409)).toMatchObject({ code: 'idempotency-conflict' })
  })
})

describe('an idempotency key of a batch', () => {
  test('answers the same jobs, refuses another batch, and is refused where nothing heeds it', async () => {
    const send = (jobs: unknown, key: string) =>
      call('POST', '/api/v1/dispatch/batch', { token: tenant.owner, body: { jobs }, headers: { 'idempotency-key': key } })
    const ids = async (answer: Promise<Response>, status: number) =>
      (await json<{ items: { id: number }[] }>(answer, status)).items.map(({ id }) => id)
    const first = await ids(send([{ prompt: 'a' }, { prompt: 'b' }], 'batch-1'), 201)
    expect(await ids(send([{ prompt: 'a' }, { prompt: 'b' }], 'batch-1'), 200)).toEqual(first)
    expect(await problem(send([{ prompt: 'c' }], 'batch-1'), 409)).toMatchObject({ code: 'idempotency-conflict' })
    await problem(send([{ prompt: 'a', idempotency_key: 'own' }], 'batch-2'), 400)
    const members = call('POST', '/api/v1/members', {
      token: tenant.owner,
      body: { name: 'Kim', role: 'viewer' },
      headers: { 'idempotency-key': 'k' },
    })
    expect((await problem(members, 400)).issues?.[0]?.path).toBe('Idempotency-Key')
  })
})

describe('every answer', () => {
  const must = { 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer', 'cache-control': 'no-store' }

  test('carries the security headers, whatever it is', async () => {
    for (const answer of [
      asOwner('GET', '/api/v1/jobs'),
      call('GET', '/api/v1/jobs'),
      asOwner('GET', '/nothing'),
      asOwner('POST', '/dispatch', '{'),
      call('GET', '/health'),
    ]) {
      const { headers } = await answer
      for (const [name, value] of Object.entries(must)) expect(headers.get(name)).toBe(value)
      expect(headers.get('content-security-policy')).toContain("default-src 'none'")
      expect(headers.get('strict-transport-security')).toContain('max-age=')
    }
  })

  test('to a worker carries the killswitch: level and generation, also a refusal', async () => {
    const marked = async (answer: Promise<Response>): Promise<string | null> => (await answer).headers.get('modelreins-killswitch')
    const asWorker = (method: string, path: string, body?: unknown) => call(method, path, { token: worker.token, body })
    const first = await marked(asWorker('GET', '/killswitch'))
    expect(first).toMatch(/^level=0, generation=\d+$/)
    expect(await marked(asWorker('GET', '/api/v1/reviews'))).toBe(first)
    expect(await marked(asWorker('GET', '/context?job_id=424242'))).toBe(first)
    expect(await marked(asOwner('GET', '/killswitch'))).toBeNull()
  })

  test('carries the request id that it was given, if that is plain', async () => {
    const id = async (given: string): Promise<string | null> =>
      (await call('GET', '/health', { headers: { 'x-request-id': given } })).headers.get('x-request-id')
    expect(await id('trace-0123456789')).toBe('trace-0123456789')
    for (const bad of ['short', 'x'.repeat(65), 'has space in it', '<script>alert</script>']) expect(await id(bad)).not.toBe(bad)
    expect((await call('GET', '/health')).headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
  })

  test('that is a problem points at where its code is explained', async () => {
    const { type } = await problem(asOwner('GET', '/nothing'), 404)
    expect(type).toBe(`${origin}/docs/problems#not-found`)
  })
})

describe('service', () => {
  test('health tells what it stands on', async () => {
    expect(await json(call('GET', '/health'))).toMatchObject({
      status: 'ok',
      version: expect.any(String),
      checks: { registry: 'ok', secret: 'ok' },
    })
  })

  test('metrics are in the text format, for who may read workers', async () => {
    const response = await asOwner('GET', '/metrics')
    const text = await response.text()
    expect(response.headers.get('content-type')).toContain('text/plain; version=0.0.4')
    expect(text).toContain('# TYPE modelreins_workers gauge\n')
    expect(text).toMatch(/^modelreins_workers\{state="(idle|online)"\} 1$/m)
    expect(text).toContain('modelreins_killswitch_level 0\n')
    await problem(call('GET', '/metrics', { token: worker.token }), 403)
  })

  test('the audit trail is asked for with filters', async () => {
    await expect
      .poll(
        async () =>
          (await json<{ items: unknown[] }>(asOwner('GET', `/audit?worker=${worker.worker_id}&action=worker.register`))).items.length,
        { timeout: 5_000 },
      )
      .toBe(1)
    await problem(asOwner('GET', '/audit?since=yesterday'), 400)
    // A filter that is not one must not be taken for none: the whole trail would be a wrong answer.
    expect((await problem(asOwner('GET', '/audit?job=1'), 400)).issues?.[0]?.path).toBe('job')
    await problem(call('GET', '/audit', { token: worker.token }), 403)
  })

  test('the socket asks for an upgrade', async () => {
    const response = await call('GET', '/api/v1/connect', { token: worker.token })
    expect([response.status, response.headers.get('upgrade')]).toEqual([426, 'websocket'])
  })
})

test('each operation answers an empty call with a status of its own row', async () => {
  for (const id of operationIds) {
    const row: Operation = operations[id]
    const common = [400, 401, 403, 404, 405, 413, 415, 429, 503]
    const own = row.problems.map((code) => problems[code].status)
    const hasBody = row.method !== 'GET' && row.method !== 'DELETE'
    const path = row.path.replaceAll(/:[a-z_]+/g, '1')
    if (id === 'killswitch.raise' || id === 'service.openapi' || id === 'service.docs') continue
    const response = await call(row.method, path, { token: tenant.owner, ...(hasBody ? { body: {} } : {}) })
    expect([row.status, ...own, ...common], id).toContain(response.status)
    await response.body?.cancel()
  }
})

test('a field that JavaScript takes for a prototype is refused by its path, wherever it stands', async () => {
  const { owner } = await newTenant()
  for (const [path, text] of [
    ['__proto__', '{"prompt": "x", "__proto__": {"a": 1}}'],
    ['input.__proto__', '{"prompt": "x", "input": {"__proto__": {"a": 1}}}'],
    ['input.list.1.__proto__', '{"prompt": "x", "input": {"list": [0, {"__proto__": 5}]}}'],
    ['metadata.a.__proto__', '{"prompt": "x", "metadata": {"a": {"b": 1, "__proto__": null}}}'],
  ]) {
    for (const where of ['/api/v1/dispatch', '/dispatch']) {
      const answer = await problem(call('POST', where, { token: owner, body: text }), 400)
      expect(answer.issues).toEqual([{ path, message: 'is not a name that a field may have' }])
    }
  }
})
