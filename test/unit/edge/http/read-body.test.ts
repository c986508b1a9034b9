/** Says how a body is taken off the wire: within its limit however it comes, and never trusting what it claims of itself. */
import { limits } from '@modelreins/contract'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readBytes, readJsonObject } from '../../../../src/edge/http/read-body.ts'

const address = 'https://reins.example/'
const json = { 'content-type': 'application/json' }
const strict = { limit: 1_000, tolerant: false }
const tolerant = { limit: 1_000, tolerant: true }

const post = (body: BodyInit | null, headers: Readonly<Record<string, string>> = json): Request =>
  new Request(address, { method: 'POST', body, headers, duplex: 'half' } as RequestInit)

/** A body of so many chunks that says nothing of its length; tells how many were taken. */
function chunked(chunks: number, size: number): { readonly stream: ReadableStream<Uint8Array>; readonly taken: () => number } {
  let taken = 0
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (taken === chunks) return controller.close()
        taken += 1
        controller.enqueue(new Uint8Array(size).fill(32))
      },
    },
    { highWaterMark: 0 },
  )
  return { stream, taken: () => taken }
}

const codeOf = (result: Awaited<ReturnType<typeof readJsonObject>>): string => (result.ok ? 'ok' : result.failure.code)

describe('the limit', () => {
  test.each([
    [9, 'ok'],
    [10, 'ok'],
    [11, 'too-large'],
  ])('of 1,000 bytes lets %i chunks of 100 be %s', async (chunks, code) => {
    const read = await readBytes(post(chunked(chunks, 100).stream), 1_000)
    expect(read.ok ? 'ok' : read.failure.code).toBe(code)
  })

  test('holds for a chunked body, whose rest is read and dropped so that its sender hears why', async () => {
    const body = chunked(1_000, 100)
    const read = await readBytes(post(body.stream), 1_000)
    expect(read).toMatchObject({ ok: false, failure: { code: 'too-large', detail: expect.stringContaining('1000') } })
    expect(body.taken()).toBe(1_000)
  })

  test('ends the patience with whoever sends without end', async () => {
    const body = chunked(Number.POSITIVE_INFINITY, 1024 * 1024)
    expect(await readBytes(post(body.stream), 1_000)).toMatchObject({ ok: false, failure: { code: 'too-large' } })
    expect(body.taken() * 1024 * 1024).toBeLessThanOrEqual(limits.drain_bytes + 2 * 1024 * 1024)
  })

  test('lets a body of exactly its size pass, and not one byte more', async () => {
    expect(await readBytes(post(chunked(10, 100).stream), 1_000)).toMatchObject({ ok: true })
    expect(await readBytes(post(chunked(10, 100).stream), 999)).toMatchObject({ ok: false })
  })

  test('refuses by Content-Length before reading, when that is honest enough to say too much', async () => {
    const request = new Request(address, { method: 'POST', headers: { ...json, 'content-length': '5000000' } })
    expect(codeOf(await readJsonObject(request, strict))).toBe('too-large')
  })

  test('holds for a body that is longer than it says', async () => {
    const read = await readBytes(post(chunked(11, 100).stream, { ...json, 'content-length': '20' }), 1_000)
    expect(read.ok ? 'ok' : read.failure.code).toBe('too-large')
  })

  test('puts chunks together in their order', async () => {
    const parts = ['{"a"', ':', '1', '}'].map((part) => new TextEncoder().encode(part))
    const stream = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const part of parts) controller.enqueue(part)
        controller.close()
      },
    })
    expect(await readJsonObject(post(stream), strict)).toEqual({ ok: true, value: { a: 1 } })
  })
})

describe('the content type', () => {
  test.each(['application/json', 'application/json; charset=utf-8', 'Application/JSON;charset="UTF-8"', 'application/merge-patch+json'])(
    '%s is JSON',
    async (type) => {
      expect(codeOf(await readJsonObject(post('{}', { 'content-type': type }), strict))).toBe('ok')
    },
  )

  test.each(['text/plain', 'application/x-www-form-urlencoded', 'application/json; charset=latin1', 'application/jsonp', 'json'])(
    '%s is not',
    async (type) => {
      expect(codeOf(await readJsonObject(post('{}', { 'content-type': type }), strict))).toBe('unsupported-media-type')
      expect(codeOf(await readJsonObject(post('{}', { 'content-type': type }), tolerant))).toBe('unsupported-media-type')
    },
  )

  test('may be missing on a path of the seeds only', async () => {
    const bare = (): Request => post(new TextEncoder().encode('{"a":1}'), {})
    expect(codeOf(await readJsonObject(bare(), tolerant))).toBe('ok')
    expect(codeOf(await readJsonObject(bare(), strict))).toBe('unsupported-media-type')
  })

  test('is not asked for when there is no body: that is an empty object', async () => {
    expect(await readJsonObject(post(null, {}), strict)).toEqual({ ok: true, value: {} })
    expect(await readJsonObject(post('', { 'content-type': 'text/plain' }), strict)).toEqual({ ok: true, value: {} })
  })

  test('does not help a compressed body', async () => {
    expect(codeOf(await readJsonObject(post('x', { ...json, 'content-encoding': 'gzip' }), strict))).toBe('unsupported-media-type')
  })
})

describe('what is not a JSON object', () => {
  test.each(['{', '[1]', '"text"', 'null', '12', '{"a":}', '\u0000', "{'a':1}"])('%j is a 400 with an issue', async (body) => {
    const read = await readJsonObject(post(body), strict)
    expect(read).toMatchObject({ ok: false, failure: { code: 'invalid-request', issues: [{ path: '' }] } })
  })

  test('is text that is not UTF-8', async () => {
    const read = await readJsonObject(post(new Uint8Array([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])), strict)
    expect(read).toMatchObject({ ok: false, failure: { code: 'invalid-request', detail: expect.stringContaining('UTF-8') } })
  })

  test('is nesting deeper than anything that walks it later can bear', async () => {
    const nested = (depth: number): string => `{"a":${'['.repeat(depth)}${']'.repeat(depth)}}`
    const wide = { limit: 1_000_000, tolerant: false }
    expect(codeOf(await readJsonObject(post(nested(limits.json_depth - 1)), wide))).toBe('ok')
    expect(codeOf(await readJsonObject(post(nested(limits.json_depth + 1)), wide))).toBe('invalid-request')
    expect(codeOf(await readJsonObject(post(nested(400_000)), wide))).toBe('invalid-request')
  })

  test('is a body that breaks off', async () => {
    const stream = new ReadableStream<Uint8Array>({
      pull(controller) {
        controller.error(new Error('reset'))
      },
    })
    expect(codeOf(await readJsonObject(post(stream), strict))).toBe('invalid-request')
  })

  test('is a body that breaks off before the length that it announced', async () => {
    const stream = new ReadableStream<Uint8Array>({
      pull(controller) {
        controller.error(new Error('reset'))
      },
    })
    expect(codeOf(await readJsonObject(post(stream, { ...json, 'content-length': '20' }), strict))).toBe('invalid-request')
  })
})

test('any bytes at all are answered, and every object comes back as it was', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
      const read = await readJsonObject(post(new Uint8Array(bytes)), strict)
      return read.ok || ['invalid-request', 'too-large'].includes(read.failure.code)
    }),
  )
  await fc.assert(
    fc.asyncProperty(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 })), async (value) => {
      const text = JSON.stringify(value)
      // A key of this name is refused, wherever it stands.
      fc.pre(!text.includes('"__proto__":'))
      const read = await readJsonObject(post(text), { limit: 1_000_000, tolerant: false })
      expect(read.ok && JSON.stringify(read.value)).toBe(text)
    }),
    { numRuns: 50 },
  )
})
