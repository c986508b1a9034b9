import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { costPage } from '../../../../tools/costs/cost-page.ts'
import { idleWorker, longJobs, shortJobs } from '../../../../tools/costs/scenarios.ts'
import { withScale } from '../../../../tools/costs/scale-page.ts'
import { simulateDay } from '../../../../tools/costs/simulation.ts'
import { dollars, spelled, sum, times } from '../../../../tools/costs/usage.ts'

const root = fileURLToPath(new URL('../../../..', import.meta.url))

test('usage adds up, and its price is that of its parts', () => {
  const call = { worker_request: 1, object_request: 1 }
  expect(times(2, sum(call, { object_request: 1, d1_row_written: 4 }))).toEqual({ worker_request: 2, object_request: 4, d1_row_written: 8 })
  expect(dollars(times(1e6, call))).toBeCloseTo(0.45)
})

test('amounts are spelled with as many digits as say something', () => {
  expect([0, 0.00194, 0.35, 20.6, 1234.5].map(spelled)).toEqual(['$0', '$0.0019', '$0.35', '$20.60', '$1,235'])
})

/** Of a worker that polls every 5 s: 518,400 heartbeats, as many looks into the inbox, 43,200 at the killswitch; the heartbeats are stored. */
test('the polling of the comparison costs what its calls cost', () => {
  const polling = idleWorker.find(({ what }) => what.startsWith('polling'))
  const byHand = (2 * 518_400 + 43_200) * (0.3e-6 + 0.15e-6) + 518_400 * 1e-6
  expect(dollars(polling?.usage ?? {})).toBeCloseTo(byHand, 6)
})

test('an idle worker on a socket costs a hundredth of a polling one at most, and long jobs add nothing per minute but pings', () => {
  const [ours] = idleWorker
  expect(dollars(ours?.usage ?? {})).toBeLessThan(0.01)
  const jobs = (scenarios: typeof longJobs): number =>
    dollars(sum(...scenarios.filter(({ what }) => /^ours: (the jobs|the audit)/.test(what)).map(({ usage }) => usage)))
  expect(jobs(longJobs)).toBeCloseTo(jobs(shortJobs), 6)
})

test('the same seed gives the same day, another seed another one; the average tenant is what it is said to be', () => {
  expect(simulateDay(100)).toEqual(simulateDay(100))
  expect(simulateDay(100, 2)).not.toEqual(simulateDay(100))
  expect(simulateDay(10_000).jobs / 10_000).toBeGreaterThan(180)
  expect(simulateDay(10_000).jobs / 10_000).toBeLessThan(220)
})

test('the pages on cost and scale have every table, and a page without a place for one is refused', () => {
  expect(costPage()).toContain('| polling every 5 s |')
  const page = readFileSync(`${root}/docs/explanation/scale.md`, 'utf8')
  expect(withScale(root, page)).toContain('| 10,000 | ')
  expect(() => withScale(root, '# Scale')).toThrow('The page has no place for')
})
