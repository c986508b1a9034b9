import { jobRequest } from '@modelreins/contract'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { specOf } from '../../../../src/domain/job/job-spec.ts'
import { freeAt, isFree, keysOf, type JobKey, type KeyUse } from '../../../../src/domain/job/keys.ts'

const now = 1_800_000_000_000
const one: JobKey = { kind: 'concurrency', key: 'repo', most: 1, per_ms: null }
const mail: JobKey = { kind: 'rate', key: 'mail', most: 2, per_ms: 60_000 }
const unused: KeyUse = { holders: 0, smallest: undefined, starts: [], before: false }

describe('a key', () => {
  it('is free below the smallest limit of those that hold it, and in its turn', () => {
    expect(isFree(one, unused)).toBe(true)
    expect(isFree(one, { ...unused, holders: 1, smallest: 1 })).toBe(false)
    expect(isFree({ ...one, most: 3 }, { ...unused, holders: 1, smallest: 1 })).toBe(false)
    expect(isFree({ ...one, most: 3 }, { ...unused, holders: 1, smallest: 2 })).toBe(true)
    expect(isFree(one, { ...unused, before: true })).toBe(false)
  })

  it('is asked for by jobs that name one', () => {
    const spec = specOf(
      jobRequest.parse({ prompt: 'x', concurrency: { key: 'repo' }, rate: { key: 'mail', max: 2, per_seconds: 60 } }),
      null,
    )
    expect(keysOf({ spec })).toEqual([one, mail])
    expect(keysOf({ spec: specOf(jobRequest.parse({ prompt: 'x' }), null) })).toEqual([])
  })
})

describe('a rate', () => {
  it('is free again at the time that it tells, and not before', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.array(fc.integer({ min: 0, max: 59_999 }), { maxLength: 5 }),
        fc.integer({ min: 0, max: 3 }),
        (most, ages, holders) => {
          const key = { ...mail, most }
          const all = ages.map((age) => now - age).toSorted((left, right) => right - left)
          const at = (time: number): KeyUse => ({
            ...unused,
            holders,
            starts: all.filter((start) => start > time - 60_000).slice(0, most),
          })
          const free = freeAt(key, at(now))
          if (isFree(key, at(now))) return void expect(free).toBeUndefined()
          if (free === undefined) return void expect(holders).toBeGreaterThanOrEqual(most)
          expect(isFree(key, at(free))).toBe(true)
          expect(isFree(key, at(free - 1))).toBe(false)
        },
      ),
    )
  })
})
