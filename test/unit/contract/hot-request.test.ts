/** Says that the readers of frequent inputs take nothing that the schema refuses or reads otherwise, and take what programs send. */
import { type Operation, limits, operations } from '@modelreins/contract'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

/** As it would come from a body. */
const wire = (value: unknown): Record<string, unknown> => JSON.parse(JSON.stringify(value))

const odd: fc.Arbitrary<unknown> = fc.oneof(
  fc.integer({ min: -200, max: 200_000 }),
  fc.double(),
  fc.maxSafeInteger(),
  fc.constantFrom(0, -0, 1.5, 2 ** 53, -1, limits.priority_min - 1, limits.priority_max + 1, limits.attempts_max + 1, 1e9),
  fc.string({ unit: 'binary', maxLength: 8 }),
  fc.constantFrom('', 't'.repeat(200), 't'.repeat(201), '7', '-1', '07', 'queue', 'quick', 'auto', 'é'.repeat(300_000), '\ud800'),
  fc.boolean(),
  fc.constant(null),
  fc.constant([]),
  fc.constant({}),
)
const short = fc.string({ minLength: 1, maxLength: 12 })
const seconds = fc.integer({ min: 1, max: 3_600 })
const names = [
  ...['prompt', 'when_offline', 'idempotency_key', 'effort', 'mode', 'priority', 'max_attempts', 'thread_id', 'session_id', 'timeout'],
  ...['silence_timeout', 'expires_in', 'target', 'targets', 'merge', 'context', 'context_from', 'tags', 'not_before', 'toString', 'color'],
  ...['job_id', 'result', 'exit_code', 'tail', 'usage', 'chunks'],
]
const dispatch = fc.record(
  {
    prompt: short,
    when_offline: fc.constantFrom('queue', 'reject'),
    idempotency_key: short,
    effort: fc.constantFrom('trivial', 'quick', 'standard', 'deep', 'critical'),
    mode: fc.constantFrom('auto', 'local', 'cloud'),
    priority: fc.integer({ min: limits.priority_min, max: limits.priority_max }),
    thread_id: short,
    session_id: short,
    timeout: seconds,
  },
  { requiredKeys: ['prompt'] },
)
const jobId = fc.integer({ min: 1, max: 99_999 }).map(String)
const completion = fc.record({ job_id: jobId, result: fc.option(short), exit_code: fc.integer() }, { requiredKeys: ['job_id'] })
const start = fc.record({ job_id: jobId })

/** An input as it should be, or with a field of it made odd, left out, or put in. */
const changed = (fair: fc.Arbitrary<object>): fc.Arbitrary<Record<string, unknown>> =>
  fc
    .record({ fair, change: fc.option(fc.tuple(fc.constantFrom(...names), fc.option(odd, { nil: undefined }))) })
    .map(({ fair: base, change }) => wire(change === null ? base : { ...base, [change[0]]: change[1] }))

const rows: readonly (readonly [Operation, fc.Arbitrary<object>])[] = [
  [operations['jobs.dispatch'], dispatch],
  [operations['claims.start'], start],
  [operations['claims.complete'], completion],
]

test('every row with such a reader is held by these tests', () => {
  const having = Object.values<Operation>(operations).filter((row) => row.hot !== undefined)
  expect(having).toEqual(rows.map(([row]) => row))
})

describe.each(rows)('$summary', (row, fair) => {
  test('whatever is taken, the schema takes, and reads the same', () => {
    let taken = 0
    fc.assert(
      fc.property(changed(fair), (value) => {
        const hot = row.hot?.(value)
        if (hot === undefined) return
        taken += 1
        expect(row.input.parse(value)).toEqual(hot)
        expect((row.ownInput ?? row.input).parse(value)).toEqual(hot)
      }),
      { numRuns: 3_000 },
    )
    expect(taken).toBeGreaterThan(50)
  })

  test('what programs send is taken', () => {
    fc.assert(
      fc.property(fair, (value) => {
        expect(row.hot?.(wire(value))).toEqual(row.input.parse(value))
      }),
    )
  })
})
