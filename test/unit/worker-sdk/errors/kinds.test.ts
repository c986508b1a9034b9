/** Says what holds for errors of every kind: a status decides whatever the words, phrases hold without one, and no text holds the thread. */
import { describe, expect, it } from 'vitest'
import { classifyError, explainError } from '../../../../worker-sdk/src/errors.ts'
import { resetTime } from '../../../../worker-sdk/src/reset-time.ts'
import { cpuTimeOf } from '../../../support/cpu-time.ts'

const now = new Date('2026-09-25T12:00:00.000Z')
const statuses = Array.from({ length: 200 }, (_, index) => 400 + index)

const classOf = (status: number): readonly [string, boolean] => {
  if (status >= 500) return ['network', true]
  if (status === 429) return ['rate_limited', true]
  if (status === 408) return ['timeout', true]
  return status === 401 || status === 403 || status === 407 ? ['auth_failed', false] : ['exit_error', false]
}

const carriers: readonly (readonly [string, (status: number) => unknown])[] = [
  ['a field', (status) => ({ message: 'no', status })],
  ['a text in a field', (status) => ({ message: 'no', code: String(status) })],
  ['an answer beside the error', (status) => ({ message: 'no', response: { status } })],
  ['a cause', (status) => new Error('no', { cause: { statusCode: status } })],
  ['HTTP n', (status) => new Error(`HTTP ${status}: no`)],
  ['status code n', (status) => new Error(`Request failed with status code ${status}`)],
  ['failed: n', (status) => new Error(`Request failed: ${status}`)],
  ['(n)', (status) => new Error(`API Error: Request rejected (${status}) · no`)],
  ['n {json}', (status) => new Error(`API Error: ${status} {"error":{"message":"no"}}`)],
  ['a number in JSON', (status) => new Error(`{"error":{"message":"no","code":${status}}}`)],
  ['a text in JSON', (status) => new Error(`{"error":{"message":"no","code":"${status}"}}`)],
  ['the body of an answer', (status) => ({ message: 'no', error: { message: 'no', code: status } })],
  [
    'JSON inside JSON',
    (status) => new Error(JSON.stringify({ error: { message: JSON.stringify({ error: { code: status, message: 'no' } }) } })),
  ],
]

/** Words that would name another class, were no status known. */
const misleading = ['rate limit timeout ECONNREFUSED', 'the server is overloaded, too many requests', 'usage limit reached']

describe('a status', () => {
  it.each(carriers)('decides when it is told as %s', (_how, error) => {
    for (const status of statuses) {
      const { type, retryable } = classifyError(error(status), 1, '', now)
      expect([status, type, retryable]).toEqual([status, ...classOf(status)])
    }
  })
  it('decides before any words of the message and of stderr', () => {
    for (const status of statuses)
      for (const words of misleading) {
        const { type, retryable } = classifyError({ message: words, status }, 1, words, now)
        expect([status, type, retryable]).toEqual([status, ...classOf(status)])
      }
  })
  it.each([
    'processed NNN rows',
    'src/main.ts:NNN:12 - error TS2304',
    'line NNN: unexpected token',
    'id req_NNN',
    'request id: 8f-NNN-aa',
    'the price is $NNN',
    'costs 1.NNN',
    'exit status NNN',
    'exited with code NNN',
    'took NNN ms',
    'listening on port NNN0',
  ])('is none in: %s', (pattern) => {
    for (const status of statuses) {
      const { type } = classifyError(undefined, 2, pattern.replace('NNN', String(status)), now)
      expect([status, type]).toEqual([status, 'exit_error'])
    }
  })
})

describe('what people see', () => {
  it('is the words of the provider, behind the name that programs compare', () => {
    const words = "You've hit your session limit · resets 3pm (UTC)"
    expect(classifyError(new Error(words), 1, '', now).message).toBe('Rate limited')
    expect(explainError(new Error(words), 1, '', now).message).toBe(`Rate limited: ${words}`)
    expect(explainError(undefined, 1, `warning\n${words}\n`, now).message).toBe(`Rate limited: ${words}`)
    expect(explainError(new Error('HTTP 429: Too Many Requests'), 1, '', now).message).toBe('Rate limited')
    expect(explainError(undefined, 1, 'a\nlast words\n', now).message).toBe('Exited with code 1: last words')
  })
})

describe('a text of any shape', () => {
  const size = 64 * 1024
  const units = [
    '-',
    '--',
    '-a',
    'a',
    ' ',
    '\t',
    '\n',
    '\r\n:',
    '{',
    '}',
    '{"',
    '"',
    "'",
    '{"a":',
    '/',
    'a/',
    './',
    '@',
    '4',
    '429 ',
    'code',
    'code ',
    'status ',
    'error ',
    'error 4',
    'retry ',
    'resets ',
    'retry 1s ',
    '1s',
    'a timeout',
    'timeout=',
    'at ',
    ' at ',
    'abcdef1 ',
    'server a ',
    'File "',
    'reset at',
    'Oct 9 ',
    '\\',
    'http://',
    '[',
    '[a ',
    '|',
  ]
  it.each(units)('made of %j holds the thread for no more than a moment', (unit) => {
    const text = unit.repeat(Math.ceil(size / unit.length)).slice(0, size)
    const took = cpuTimeOf(() => {
      classifyError(new Error(text), 1, text, now)
      resetTime(text, now)
    })
    // A quadratic pattern takes seconds here.
    expect(took).toBeLessThan(1_000)
  })
})
