/** Says that a walk finds every matching row once, whatever the windows, and reads no more than they hold in one call. */
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { scan, scanWindows } from '../../../src/registry/scan.ts'
import type { Span } from '../../../src/registry/scan.ts'

const numbers = fc.uniqueArray(fc.integer({ min: 1, max: 120 }), { maxLength: 60 })

test('pages of a walk are the matching rows in order, each once', async () => {
  const windows = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 3 })
  await fc.assert(
    fc.asyncProperty(numbers, windows, fc.boolean(), fc.integer({ min: 1, max: 5 }), async (matching, sizes, descending, limit) => {
      const ordered = matching.toSorted((one, other) => (descending ? other - one : one - other))
      const seen: number[] = []
      let span: Span = { first: 1, last: 120 }
      for (let pages = 0; ; pages += 1) {
        expect(pages).toBeLessThan(200)
        let read = 0
        const page = await scan({
          span,
          descending,
          limit,
          windows: sizes,
          numberOf: (row: number) => row,
          read: async ({ first, last }, most) => {
            read += last - first + 1
            return ordered.filter((row) => row >= first && row <= last).slice(0, most)
          },
        })
        expect(read).toBeLessThanOrEqual(sizes.reduce((sum, size) => sum + size, 0))
        expect(page.items.length).toBeLessThanOrEqual(limit)
        seen.push(...page.items)
        if (page.next_cursor === null) break
        const beyond = Number(page.next_cursor)
        span = descending ? { first: 1, last: beyond - 1 } : { first: beyond + 1, last: 120 }
      }
      expect(seen).toEqual(ordered)
    }),
    { numRuns: 300 },
  )
})

test('a walk over nothing reads nothing', async () => {
  const nothing = { first: 1, last: 0 }
  const page = await scan({ span: nothing, descending: true, limit: 3, numberOf: Number, read: () => Promise.reject(new Error('read')) })
  expect(page).toEqual({ items: [], next_cursor: null })
})

test('one call may read more rows than a page has, and less than a statement takes time for', () => {
  expect(scanWindows.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(500_000)
})
