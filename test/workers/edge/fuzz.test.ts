/** Says that nothing a client sends is a bug of ours: any method, path, headers and body get an answer below 500, and no tenant sees another. */
import { operationIds, operations, operationPaths, type Operation } from '@modelreins/contract'
import * as fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { call, json, masterToken, newTenant, newWorker, present, startedJob, type TestTenant } from './edge.ts'

let tenant: TestTenant
let tokens: readonly (string | undefined)[]
let secretOfOther: string
beforeAll(async () => {
  tenant = await newTenant()
  const worker = await newWorker(tenant)
  await json(present(worker))
  const other = await newTenant()
  const otherWorker = await newWorker(other)
  secretOfOther = 'only-the-other-tenant-has-this-prompt'
  await startedJob(other, otherWorker, secretOfOther)
  const job = await startedJob(tenant, worker)
  tokens = [tenant.owner, tenant.owner, worker.token, job.lease, masterToken, undefined, 'mrk_x', `${tenant.owner}x`]
})

const rows = operationIds.map((id): Operation => operations[id])
const paths = rows.flatMap(operationPaths)
const segment = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 12 }).map(String) },
  fc.constantFrom(
    '-1',
    '0',
    '1e9',
    '9007199254740993',
    '%00',
    '%zz',
    '..%2f',
    '%F0%9F%99%82',
    "'",
    '*',
    'null',
    'abort',
    'register',
    'vw4acme',
    'wkaaaaaaaaaaaa',
  ),
  fc.string({ maxLength: 12 }).map((text) => encodeURIComponent(text.toWellFormed())),
)
const path = fc.tuple(fc.constantFrom(...paths), fc.array(segment, { minLength: 3, maxLength: 3 })).map(([template, parts]) => {
  let at = 0
  return template.replaceAll(/:[a-z_]+/g, () => {
    at += 1
    return parts[at % parts.length] ?? '1'
  })
})
const fields = [...new Set(rows.flatMap((row) => Object.keys(row.input.shape)))]
const value = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom('', '\u0000', 'x'.repeat(3_000), '2026-01-01T00:00:00Z', 'last:3', 'done', 'a,b', -1, 1e300, 2 ** 53, true, null, [], {}),
)
const fieldsBody = fc.dictionary(fc.constantFrom(...fields), value, { maxKeys: 6 }).map((body) => JSON.stringify(body))
const body = fc.oneof(
  { weight: 6, arbitrary: fieldsBody },
  fc.json(),
  fc.string({ unit: 'binary' }),
  fc.uint8Array({ maxLength: 300 }).map((bytes) => new Uint8Array(bytes)),
  fc.constantFrom('', '{', '[]', 'null', `{"a":${'['.repeat(5_000)}${']'.repeat(5_000)}}`, '{"__proto__":{"a":1},"constructor":1}'),
)
const query = fc.oneof(
  fc.constant(''),
  fc.dictionary(fc.constantFrom(...fields), fc.string({ maxLength: 10 }), { maxKeys: 4 }).map((pairs) => `?${new URLSearchParams(pairs)}`),
  fc.constantFrom('?%', '?a=%zz', '?limit=1&limit=2', '?wait=0', '?cursor=%00', '?after=-5'),
)
const headers = fc.record(
  {
    'content-type': fc.constantFrom(
      'application/json',
      'text/plain',
      'multipart/form-data',
      'multipart/form-data; boundary=x',
      'application/json;;;charset',
    ),
    'idempotency-key': fc.constantFrom('k', '', 'x'.repeat(300)),
    'last-event-id': fc.constantFrom('1', '-1', 'x', '99999999999999999999'),
    upgrade: fc.constantFrom('websocket', 'h2c'),
    'content-encoding': fc.constantFrom('gzip', 'identity'),
    'x-request-id': fc.constantFrom('x', 'plain-and-long-enough'),
    'x-modelreins-credential': fc.constantFrom('{"kind":"master"}', '{'),
    range: fc.constantFrom('bytes=0-1', 'bytes=x'),
    accept: fc.constantFrom('text/event-stream', '*/*'),
  },
  { requiredKeys: [] },
)

/** What is worth looking at of an answer. Output streams are held open by design: they have answered once their head is here. */
async function textOf(response: Response): Promise<string> {
  if (response.webSocket !== null) {
    response.webSocket.accept()
    response.webSocket.close()
  }
  if (response.headers.get('content-type')?.startsWith('text/event-stream') !== true) return response.text()
  await response.body?.cancel()
  return ''
}

test('every answer is below 500 or says `unavailable`, `no-eligible-worker`, `no-live-worker`', async () => {
  const method = fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS')
  let calls = 0
  await fc.assert(
    fc.asyncProperty(method, path, query, headers, body, fc.nat(7), async (verb, at, search, more, content, who) => {
      calls += 1
      const withBody = verb !== 'GET' && verb !== 'HEAD'
      const from = `192.0.${calls >> 8}.${calls & 255}`
      const token = tokens[who]
      const response = await call(verb, `${at}${search.replace(/wait=[^&]+/, 'wait=0')}`, {
        token,
        headers: more,
        from,
        ...(withBody ? { body: content } : {}),
      })
      const text = await textOf(response)
      expect(text.includes(secretOfOther)).toBe(false)
      if (response.status >= 500) {
        expect([response.status, JSON.parse(text).code]).toEqual([
          503,
          expect.stringMatching(/^(?:unavailable|no-eligible-worker|no-live-worker)$/),
        ])
      }
      expect(response.headers.get('x-content-type-options') ?? (response.status === 101 ? 'nosniff' : null)).toBe('nosniff')
    }),
    // A call that hangs is a failure like any other, with its seed and its counterexample.
    { numRuns: 1_500, timeout: 10_000, endOnFailure: true },
  )
  expect(calls).toBeGreaterThan(1_000)
}, 120_000)
