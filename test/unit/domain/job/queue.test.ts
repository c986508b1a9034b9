import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { efforts, headStartByEffort, limits } from '@modelreins/contract'
import { greatestHeadStart, highestRank, places, poolRank, queuedWithin } from '../../../../src/domain/job/queue.ts'

const at = 1_800_000_000_000
const effort = fc.constantFrom(...efforts)
const priority = fc.integer({ min: limits.priority_min, max: limits.priority_max })
const time = fc.integer({ min: at, max: at + 86_400_000 })

describe('the rank in a pool', () => {
  it.each([
    ['trivial', 0, 0],
    ['quick', 0, 2 * 60_000],
    ['standard', 0, 2 * 60_000],
    ['deep', 0, 2 * 60_000],
    ['critical', 0, 10 * 60_000],
    ['trivial', 1, 60_000],
    ['trivial', -10, -10 * 60_000],
    ['critical', 10, 20 * 60_000],
  ] as const)('of %s with priority %i is ahead of its time by %i ms', (name, points, ahead) => {
    expect(poolRank(at, name, points)).toBe(at - ahead)
  })

  it('is lower for more effort, more priority, or an earlier arrival, everything else alike', () => {
    fc.assert(
      fc.property(time, effort, priority, (queued, name, points) => {
        const rank = poolRank(queued, name, points)
        expect(poolRank(queued + 1, name, points)).toBeGreaterThan(rank)
        if (points < limits.priority_max) expect(poolRank(queued, name, points + 1)).toBeLessThan(rank)
        for (const other of efforts) {
          expect(Math.sign(poolRank(queued, other, points) - rank)).toBe(Math.sign(headStartByEffort[name] - headStartByEffort[other]))
        }
      }),
    )
  })

  it('lets nobody overtake a job that has waited for longer than the greatest head start', () => {
    fc.assert(
      fc.property(time, effort, priority, effort, priority, (queued, oldEffort, oldPriority, newEffort, newPriority) => {
        const old = poolRank(queued, oldEffort, oldPriority)
        expect(poolRank(queued + greatestHeadStart + 1, newEffort, newPriority)).toBeGreaterThan(old)
      }),
    )
    expect(poolRank(at + greatestHeadStart, 'critical', limits.priority_max)).toBe(poolRank(at, 'trivial', limits.priority_min))
  })
})

describe('the time of arrival that a rank allows', () => {
  it('holds every job of that rank, and no tighter bounds would', () => {
    fc.assert(
      fc.property(time, effort, priority, (queued, name, points) => {
        const { from, to } = queuedWithin(poolRank(queued, name, points))
        expect(queued).toBeGreaterThanOrEqual(from)
        expect(queued).toBeLessThanOrEqual(to)
      }),
    )
    expect(queuedWithin(poolRank(at, 'trivial', limits.priority_min)).from).toBe(at)
    expect(queuedWithin(poolRank(at, 'critical', limits.priority_max)).to).toBe(at)
  })

  it('puts no job of that time above the highest rank', () => {
    fc.assert(
      fc.property(time, effort, priority, (queued, name, points) => {
        expect(poolRank(queued, name, points)).toBeLessThanOrEqual(highestRank(queued))
      }),
    )
    expect(poolRank(at, 'trivial', limits.priority_min)).toBe(highestRank(at))
  })
})

it('places that are no pool have ids that no pool has', () => {
  const ids = Object.values(places)
  expect(new Set(ids).size).toBe(ids.length)
  expect(ids.every((id) => id <= 0)).toBe(true)
})
