/** Says that the hand-written reader of hot frames takes nothing that the schema refuses or reads otherwise, and takes what SDKs send. */
import { hotFrame, limits, workerFrame } from '@modelreins/contract'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

/** As it would come from the socket. */
const wire = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

const oddNumber = fc.oneof(fc.integer({ min: -3, max: 2_000 }), fc.double(), fc.maxSafeInteger(), fc.constantFrom(0, -0, 1.5, 2 ** 53, -1))
const oddText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 8 }),
  fc.constantFrom('t'.repeat(400), 't'.repeat(401), '7', '-1', 'é'.repeat(40_000), '\ud800'),
)
const odd: fc.Arbitrary<unknown> = fc.oneof(oddNumber, oddText, fc.boolean(), fc.constant(null), fc.constant([]), fc.constant({}))
const tail = fc.oneof(fc.record({ text: oddText, truncated: fc.oneof(fc.boolean(), odd), more: odd }, { requiredKeys: [] }), odd)
const names = ['type', 'ref', 'token', 'job_id', 'result', 'exit_code', 'tail', 'chunks', 'slots', 'usage', '__proto__', 'toString']

const short = fc.string({ maxLength: 12 })
const fair = fc.oneof(
  fc.record({ type: fc.constant('start'), ref: fc.nat(9), token: short }),
  fc.record({ type: fc.constant('credit'), slots: fc.nat(limits.claim_max) }),
  fc.record(
    {
      type: fc.constant('complete'),
      ref: fc.nat(9),
      token: short,
      job_id: fc.integer({ min: 1, max: 9 }),
      result: fc.option(oddText),
      exit_code: fc.integer(),
      tail: fc.record({ text: short, truncated: fc.boolean() }, { requiredKeys: ['text'] }),
      chunks: fc.nat(9),
    },
    { requiredKeys: ['type', 'ref', 'token', 'job_id'] },
  ),
)
/** A frame as it should be, or with a field of it made odd, left out, or put in. */
const frame = fc
  .record({ fair, change: fc.option(fc.tuple(fc.constantFrom(...names), fc.option(fc.oneof(odd, tail), { nil: undefined }))) })
  .map(({ fair: base, change }) => wire(change === null ? base : { ...base, [change[0]]: change[1] }))

test('whatever it takes, the schema takes, and reads the same', () => {
  let taken = 0
  fc.assert(
    fc.property(fc.oneof(frame, fc.jsonValue()), (value) => {
      const hot = hotFrame(value)
      if (hot === undefined) return
      taken += 1
      expect(workerFrame.parse(value)).toEqual(hot)
    }),
    { numRuns: 5_000 },
  )
  expect(taken).toBeGreaterThan(50)
})

describe('of what the schema takes', () => {
  test('it leaves only the rare to the schema: spelled numbers, usage, fields that the schema drops', () => {
    fc.assert(
      fc.property(frame, (value) => {
        const parsed = workerFrame.safeParse(value)
        if (!parsed.success || !['start', 'complete', 'credit'].includes(parsed.data.type)) return
        const same = JSON.stringify(parsed.data) === JSON.stringify(value)
        if (same && !('usage' in parsed.data)) expect(hotFrame(value)).toEqual(parsed.data)
      }),
      { numRuns: 5_000 },
    )
  })

  test.each([
    { type: 'start', ref: 0, token: 'lease' },
    { type: 'credit', slots: limits.claim_max },
    { type: 'complete', ref: 1, token: 'lease', job_id: 7 },
    { type: 'complete', ref: 1, token: 'lease', job_id: 7, result: null },
    { type: 'complete', ref: 1, token: 'lease', job_id: 7, result: 'r', exit_code: 0, tail: { text: 'out', truncated: true }, chunks: 0 },
  ])('%j is read at once', (value) => {
    expect(hotFrame(wire(value))).toEqual(workerFrame.parse(value))
  })
})
