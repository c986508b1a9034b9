/** Says where a result is cut that is too large to be kept with its job. */
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { beginningOf } from '../../../../src/edge/jobs/stored-result.ts'

test('the beginning fits, ends between characters, and is as long as it can be', () => {
  const text = fc.string({ unit: 'binary', maxLength: 200 })
  fc.assert(
    fc.property(text, fc.integer({ min: 0, max: 300 }), (whole, limit) => {
      const beginning = beginningOf(whole, limit)
      const size = (part: string): number => new TextEncoder().encode(part).byteLength
      expect(whole.startsWith(beginning)).toBe(true)
      expect(size(beginning)).toBeLessThanOrEqual(limit)
      const point = whole.codePointAt(beginning.length)
      const next = point === undefined ? '' : String.fromCodePoint(point)
      expect(next === '' || size(beginning + next) > limit).toBe(true)
    }),
  )
})

test('an emoji is kept whole or left out', () => {
  expect(beginningOf('a🙂b', 4)).toBe('a')
  expect(beginningOf('a🙂b', 5)).toBe('a🙂')
})
