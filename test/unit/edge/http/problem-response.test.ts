/** Says what an error looks like on the wire. */
import { problemCodes, problemSchema, problems } from '@modelreins/contract'
import { describe, expect, test } from 'vitest'
import { problemResponse } from '../../../../src/edge/http/problem-response.ts'

const at = { origin: 'https://reins.example', request_id: 'request-1' }

describe.each(problemCodes)('%s', (code) => {
  test('is a problem document with the status of its row', async () => {
    const response = problemResponse({ code, detail: 'what happened' }, at)
    expect(response.status).toBe(problems[code].status)
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    const document = problemSchema.parse(await response.json())
    expect(document).toMatchObject({
      type: `https://reins.example/docs/problems#${code}`,
      instance: 'request-1',
      code,
      detail: 'what happened',
      retryable: problems[code].retryable,
    })
  })
})

describe('Retry-After', () => {
  test('rounds up to whole seconds, and is never 0', () => {
    const header = (ms: number): string | null =>
      problemResponse({ code: 'rate-limited', detail: '', retry_after_ms: ms }, at).headers.get('retry-after')
    expect([0, 1, 999, 1_000, 1_001, 59_999].map(header)).toEqual(['1', '1', '1', '1', '2', '60'])
  })

  test('is there for `unavailable`, whose help promises it, and not without reason elsewhere', () => {
    expect(problemResponse({ code: 'unavailable', detail: '' }, at).headers.get('retry-after')).toBe('1')
    expect(problemResponse({ code: 'not-found', detail: '' }, at).headers.has('retry-after')).toBe(false)
  })
})
