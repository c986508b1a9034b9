/** Says what the edge does when an object fails: retried when safe, told apart, never leaked. The failures are the platform's, which no test can provoke. */
import { describe, expect, test, vi } from 'vitest'
import type { Context } from '../../../src/edge/exchange.ts'
import { callObject, failureIn, repeatable } from '../../../src/edge/tenant-call.ts'

/** Nothing but the request id is read of it here. */
const context = { request_id: 'request-1' } as Context

const failing = (flags: object): Error => Object.assign(new Error('internal: secret-of-the-platform'), flags)
const about = (idempotent: boolean) => ({ object: 'tenant', operation: 'jobs.get', idempotent }) as const

async function calls(errors: readonly Error[], idempotent: boolean): Promise<{ readonly answer: unknown; readonly attempts: number }> {
  vi.spyOn(console, 'error').mockImplementation(() => undefined)
  let attempts = 0
  const answer = await callObject(context, about(idempotent), async () => {
    const error = errors[attempts]
    attempts += 1
    if (error !== undefined) throw error
    return 'done'
  })
  return { answer, attempts }
}

describe('a passing fault', () => {
  test('is tried once more, on a fresh stub, when repeating changes nothing', async () => {
    expect(await calls([failing({ retryable: true })], true)).toEqual({ answer: 'done', attempts: 2 })
  })

  test('is not tried a third time', async () => {
    const both = [failing({ retryable: true }), failing({ retryable: true })]
    expect(await calls(both, true)).toMatchObject({ answer: { ok: false, failure: { code: 'unavailable' } }, attempts: 2 })
  })

  test('is not repeated when that could do it twice', async () => {
    expect(await calls([failing({ retryable: true })], false)).toMatchObject({ answer: { failure: { code: 'unavailable' } }, attempts: 1 })
  })
})

test('a call is repeated as its row says: by key only with one', () => {
  const table = [
    ['safe', {}, true],
    ['by-key', {}, false],
    ['by-key', { idempotency_key: undefined }, false],
    ['by-key', { idempotency_key: 'one' }, true],
    ['never', { idempotency_key: 'one' }, false],
  ] as const
  for (const [repeat, input, may] of table) expect(repeatable({ repeat }, input), `${repeat} ${JSON.stringify(input)}`).toBe(may)
})

describe('an overloaded object', () => {
  test('is left in peace, even when the platform calls the error retryable', async () => {
    const { answer, attempts } = await calls([failing({ overloaded: true, retryable: true })], true)
    expect(attempts).toBe(1)
    expect(answer).toMatchObject({ failure: { code: 'unavailable', retry_after_ms: expect.any(Number) } })
    expect(JSON.stringify(answer)).not.toContain('secret-of-the-platform')
  })
})

test('anything else is a bug and is thrown on', async () => {
  await expect(calls([failing({})], true)).rejects.toThrow('secret-of-the-platform')
})

test('a failure over fetch is read back', async () => {
  const answer = await failureIn(Response.json({ code: 'rate-limited', detail: 'Too many viewers.', retry_after_ms: 5_000, extra: 1 }))
  expect(answer).toEqual({ ok: false, failure: { code: 'rate-limited', detail: 'Too many viewers.', retry_after_ms: 5_000 } })
})
