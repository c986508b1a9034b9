/** What is wrong with an input is said in words that need no knowledge of the parser, of whatever operation. */
import { inputOf, issuesOf, jobErrorTypes, operationIds, operations, type Operation, type OperationId } from '@modelreins/contract'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ERROR_TYPES } from '../../../worker-sdk/src/errors.ts'

function told(id: OperationId, input: unknown): Readonly<Record<string, string>> {
  const parsed = inputOf(operations[id], false).safeParse(input)
  return parsed.success ? {} : Object.fromEntries(issuesOf(parsed.error, input).map(({ path, message }) => [path, message]))
}

describe('an issue', () => {
  it.each<[OperationId, unknown, Readonly<Record<string, string>>]>([
    [
      'workers.register',
      { name: 'x', capabilities: [{ name: 'mail.send' }] },
      { 'capabilities.0.risk_tier': 'is required: one of auto, audit, approve, session' },
    ],
    ['workers.register', { name: 'x', capabilities: ['mail.send'] }, { 'capabilities.0': 'must be an object, not text' }],
    ['jobs.dispatch', {}, { prompt: 'is required' }],
    ['jobs.dispatch', { prompt: 'x', effort: 'huge' }, { effort: 'must be one of trivial, quick, standard, deep, critical' }],
    ['jobs.dispatch', { prompt: 'x', timeout: '5m' }, { timeout: expect.stringMatching(/^must be a number of seconds, at most \d+$/) }],
    ['jobs.dispatch', { prompt: 'x', targets: ['anna'] }, { targets: 'must have at least 2 entries' }],
    ['jobs.dispatch', { prompt: 'x', tags: 5 }, { tags: 'must be a list, not a number' }],
    ['jobs.dispatch', { prompt: 'x', fallback: null }, { fallback: 'must be a list, not null' }],
    ['workers.get', { worker_id: 'anna' }, { worker_id: 'must be an id such as wk0123456789abcdef (GET /api/v1/workers lists them)' }],
    ['jobs.get', { job_id: 'abc' }, { job_id: 'must be an id, a whole number such as 42 (GET /api/v1/jobs lists them)' }],
    ['schedules.get', { schedule_id: 'nightly' }, { schedule_id: expect.stringContaining('GET /api/v1/schedules lists them') }],
    ['jobs.list', { limit: '0' }, { limit: 'must be a whole number from 1 to 200' }],
    ['jobs.list', { colour: 1 }, { colour: 'is not a field of this request' }],
  ])('of %s is said in words', (id, input, words) => {
    expect(told(id, input)).toMatchObject(words)
  })

  const odd = fc.oneof(fc.constantFrom<unknown>(null, '', 'x', ' ', 0, -1, 1.5, true, [], [1], {}, { a: 1 }), fc.string(), fc.double())

  it.each(operationIds)('of a field of %s never shows the parser', (id) => {
    const row: Operation = operations[id]
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...Object.keys(row.input.shape), 'unknown'), odd), (input) => {
        for (const message of Object.values(told(id, input)))
          expect(message).not.toMatch(/^(?:Invalid|Too|Unrecognized)|expected|pattern|\/\^/)
      }),
      { numRuns: 60 },
    )
  })
})

it('classes of errors that are known have all that the SDK gives', () => {
  expect(jobErrorTypes).toEqual(expect.arrayContaining(Object.values(ERROR_TYPES)))
})
