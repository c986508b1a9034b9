/** Says that the front of a pool answers what reading the whole pool would, or that it does not know. */
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { PoolFront, PoolFronts } from '../../../../../durable-objects/tenant/queue/pool-front.ts'
import type { Head } from '../../../../../durable-objects/tenant/queue/pool-front.ts'

const ordered = (pool: ReadonlyMap<number, number>): Head[] =>
  [...pool].map(([id, rank]) => ({ id, rank })).toSorted((one, other) => one.rank - other.rank || one.id - other.id)

test('whatever comes and goes, and however much of the pool was read', () => {
  const entry = fc.tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 0, max: 9 }))
  fc.assert(
    fc.property(
      fc.uniqueArray(entry, { selector: ([id]) => id, maxLength: 30 }),
      fc.nat(30),
      fc.array(fc.oneof(entry, fc.integer({ min: 1, max: 40 })), { maxLength: 40 }),
      fc.uniqueArray(fc.integer({ min: 1, max: 40 }), { maxLength: 10 }),
      fc.integer({ min: 1, max: 6 }),
      (jobs, read, changes, offered, limit) => {
        const pool = new Map(jobs)
        const all = ordered(pool)
        const front = new PoolFront(all.slice(0, read), read > 0 && all.length >= read)
        const leftOut = new Set(offered)
        for (const change of changes) {
          const id = typeof change === 'number' ? change : change[0]
          front.remove(id)
          pool.delete(id)
          if (typeof change !== 'number') {
            pool.set(...change)
            front.add({ id, rank: change[1] })
          }
          const found = front.first(limit, leftOut)
          const expected = ordered(pool)
            .filter((head) => !leftOut.has(head.id))
            .slice(0, limit)
          if (found !== undefined && (read > 0 || all.length === 0)) expect(found).toEqual(expected)
        }
      },
    ),
    { numRuns: 500 },
  )
})

test('what is taken back leaves every front as the rows are: changed ones as they were, ones read meanwhile forgotten', () => {
  const fronts = new PoolFronts()
  const one = fronts.keep(1, new PoolFront([{ id: 5, rank: 50 }], false))
  const started = fronts.moved(5, { pool: null, rank: null })
  const queued = fronts.moved(6, { pool: 1, rank: 40 })
  const read = fronts.keep(2, new PoolFront([{ id: 7, rank: 1 }], false))
  const moved = fronts.moved(7, { pool: 1, rank: 60 })
  expect([one.first(9), read.first(9)]).toEqual([
    [
      { id: 6, rank: 40 },
      { id: 7, rank: 60 },
    ],
    [],
  ])
  for (const takeBack of [moved, queued, started]) takeBack()
  expect([fronts.get(1)?.first(9), fronts.get(2)]).toEqual([[{ id: 5, rank: 50 }], undefined])
})

test('a pool that grows without end is known as far as is needed, and no further', () => {
  const front = new PoolFront([], false)
  for (let id = 1; id <= 5_000; id += 1) front.add({ id, rank: id })
  expect(front.first(3, new Set([1]))).toEqual([2, 3, 4].map((id) => ({ id, rank: id })))
  expect(front.first(2_000, new Set())).toBeUndefined()
})
