/** Says that errors and reset times are read as the cases say that every SDK shares (contract/fixtures). */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { classifyError } from '../../../../worker-sdk/src/errors.ts'
import { resetTime } from '../../../../worker-sdk/src/reset-time.ts'

interface ErrorCase {
  readonly name: string
  readonly error: object | null
  readonly exit_code: number | null
  readonly stderr: string
  readonly type: string
  readonly retryable: boolean
  readonly retry_at: string | null
}
interface TimeCase {
  readonly text: string
  readonly now: string
  readonly zone: string
  readonly expected: string | null
}

const fixture = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../../../contract/fixtures/${name}.json`, import.meta.url), 'utf8'))
// The files are the repository's own, and the tests below read every field.
const errors = fixture('classify-error') as { readonly now: string; readonly cases: readonly ErrorCase[] }
const times = fixture('reset-time') as { readonly cases: readonly TimeCase[] }

describe('the shared cases', () => {
  it.each(errors.cases)('classifyError: $name', ({ error, exit_code, stderr, type, retryable, retry_at }) => {
    const { message, ...found } = classifyError(error, exit_code, stderr, new Date(errors.now))
    expect(found).toEqual({ type, retryable, ...(retry_at === null ? {} : { retry_at }) })
    expect(message).not.toBe('')
  })
  it.each(times.cases)('resetTime: $text ($zone)', ({ text, now, zone, expected }) => {
    expect(resetTime(text, new Date(now), zone)?.toISOString() ?? null).toBe(expected)
  })
})
