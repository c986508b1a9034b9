import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { limits } from '@modelreins/contract'
import { retryDelay } from '../../../../src/domain/job/retry.ts'

const almostOne = 1 - Number.EPSILON

describe('the wait before the next attempt', () => {
  it.each([
    [1, 2_000],
    [2, 4_000],
    [3, 8_000],
    [7, 128_000],
    [8, 256_000],
    [9, 300_000],
    [40, 300_000],
    [2_000, 300_000],
  ])('behind attempt %i is less than %i ms', (attempt, ceiling) => {
    expect(retryDelay(attempt, almostOne)).toBe(ceiling - 1)
    expect(retryDelay(attempt, 0.5)).toBe(ceiling / 2)
    expect(retryDelay(attempt, 0)).toBe(1)
  })

  it('is anything up to the bound: a whole millisecond at least, never the cap or more', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5_000 }), fc.double({ min: 0, max: almostOne, noNaN: true }), (attempt, random) => {
        const delay = retryDelay(attempt, random)
        expect(Number.isInteger(delay)).toBe(true)
        expect(delay).toBeGreaterThanOrEqual(1)
        expect(delay).toBeLessThan(limits.retry_cap_ms)
      }),
    )
  })

  it('grows with the chance that it was given', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.double({ min: 0, max: 0.5, noNaN: true }), (attempt, random) => {
        expect(retryDelay(attempt, random + 0.25)).toBeGreaterThan(retryDelay(attempt, random))
      }),
    )
  })
})
