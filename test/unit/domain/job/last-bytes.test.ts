import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { lastBytes } from '../../../../src/domain/job/last-bytes.ts'

const size = (text: string): number => Buffer.byteLength(text)

test('the end of a text is the longest that fits, and no character of it is cut', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 40 }), fc.nat(60), (text, most) => {
      const last = lastBytes(text, most)
      expect(text.endsWith(last)).toBe(true)
      expect(size(last)).toBeLessThanOrEqual(most)
      const longer = [...text].slice(-[...last].length - 1).join('')
      expect(last === text || size(longer) > most).toBe(true)
    }),
  )
})
