/** A jump of the server's own time is noticed, and told from a day on which nothing was due. */
import { describe, expect, it } from 'vitest'
import { JumpDetector } from '../../../../../durable-objects/tenant/kernel/jump-detector.ts'

const hour = 3_600_000

describe('the server', () => {
  it('that slept past what was due has not run for so long', () => {
    const jumps = new JumpDetector()
    expect(jumps.note(0, 0, 30_000)).toBeUndefined()
    expect(jumps.note(hour, hour, 30_000)).toEqual({ kind: 'gap', from: 30_000, to: hour })
    expect(jumps.sleptSince(0)).toBe(hour - 30_000)
    expect(jumps.sleptSince(hour / 2)).toBe(hour / 2)
    expect(jumps.sleptSince(hour)).toBe(0)
  })

  it.each([
    ['just below', 39_999, false],
    ['at', 40_000, false],
    ['just above', 40_001, true],
  ])('that is late by %s ten seconds is %#', (_where, at, gap) => {
    const jumps = new JumpDetector()
    jumps.note(0, 0, 30_000)
    expect(jumps.note(at, at, 30_000) !== undefined).toBe(gap)
  })

  it('to which nobody came while nothing was due was only idle', () => {
    const jumps = new JumpDetector()
    jumps.note(0, 0, Number.POSITIVE_INFINITY)
    expect(jumps.note(24 * hour, 24 * hour, Number.POSITIVE_INFINITY)).toBeUndefined()
  })

  it('whose date a test moves by hand has not slept', () => {
    const jumps = new JumpDetector()
    jumps.note(0, 0, 30_000)
    expect(jumps.note(hour, 5, 30_000)).toBeUndefined()
  })

  it('whose clock is set back says by how much; what a clock is corrected by all the time is nothing', () => {
    const jumps = new JumpDetector()
    jumps.note(hour, 0, hour + 30_000)
    expect(jumps.note(hour - 2_000, 5, hour + 30_000)).toBeUndefined()
    expect(jumps.note(10, 10, hour + 30_000)).toEqual({ kind: 'back', from: hour - 2_000, to: 10 })
    expect(jumps.note(20, 20, 30_000)).toBeUndefined()
  })
})
