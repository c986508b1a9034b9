import { expect, it } from 'vitest'
import { Rates } from '../../../../src/domain/access/rates.ts'

it('lets each caller do so much in a while, and no caller stand in the way of another', () => {
  const rates = new Rates()
  const rate = { most: 3, per_ms: 1_000 }
  for (let n = 0; n < 3; n += 1) {
    expect(rates.wait('a', 100, rate)).toBe(0)
    rates.note('a', 100, rate)
  }
  expect(rates.wait('a', 600, rate)).toBe(500)
  expect(rates.wait('b', 600, rate)).toBe(0)
  expect(rates.wait('a', 1_100, rate)).toBe(0)
  rates.note('a', 1_100, rate, 5)
  expect(rates.wait('a', 1_101, rate)).toBe(999)
})

it('stays small', () => {
  const rates = new Rates()
  const rate = { most: 1, per_ms: 1_000 }
  for (let n = 0; n < 30_000; n += 1) rates.note(`key ${n}`, 0, rate)
  expect(rates.wait('key 29999', 1, rate)).toBeGreaterThan(0)
})
