import { describe, expect, test } from 'vitest'
import { gates, select } from '../../../../tools/check/gates.ts'
import { summary } from '../../../../tools/check/summary.ts'
import { count, longest, waitedFor } from '../../../../tools/check/test-report.ts'

const report = { success: true, numPassedTests: 3, numFailedTests: 0, numPendingTests: 1, testResults: [] }

describe('choosing what npm test runs', () => {
  test('nothing named means everything, in the order of the list', () => {
    const all = select([])
    expect(all.ok && all.selections.map(({ gate }) => gate.name)).toEqual(gates.map((gate) => gate.name))
  })

  test('a gate and a file can be named, and the order of the list stays', () => {
    const some = select(['./test/e2e/start.test.ts', 'lint', 'test/e2e/other.test.ts'])
    expect(some.ok && some.selections.map(({ gate, files }) => [gate.name, files])).toEqual([
      ['lint', []],
      ['e2e', ['test/e2e/start.test.ts', 'test/e2e/other.test.ts']],
    ])
  })

  test('what is neither is refused by name', () => {
    expect(select(['linter'])).toEqual({ ok: false, unknown: 'linter' })
  })
})

describe('counting a vitest report', () => {
  test('takes the numbers of a green run', () => {
    expect(count(report, 0)).toEqual({ passed: 3, failed: 0, skipped: 1 })
  })

  test('counts a file that could not be loaded', () => {
    const broken = { ...report, success: false, testResults: [{ status: 'failed', assertionResults: [] }] }
    expect(count(broken, 1)).toEqual({ passed: 3, failed: 1, skipped: 1 })
  })

  test('never calls a run green that exited with a failure', () => {
    expect(count(report, 1).failed).toBe(1)
    expect(count({ ...report, success: false }, 0).failed).toBe(1)
  })
})

describe('what a gate waited for', () => {
  test('is named when the gate is stopped, longest first', () => {
    const record = [
      { test: 'test/e2e/b.test.ts > quick', since: 98_000 },
      { test: 'test/e2e/a.test.ts > stuck', since: 10_000 },
    ]
    expect(waitedFor(JSON.stringify(record), 100_000)).toEqual([
      'it waited for',
      '  90 s  test/e2e/a.test.ts > stuck',
      '   2 s  test/e2e/b.test.ts > quick',
    ])
    expect(waitedFor('[]', 0)).toEqual(['no test was running'])
  })

  test('is named at its end when it was long', () => {
    const file = (duration: number) => ({
      status: 'passed',
      name: '/x/test/e2e/a.test.ts',
      assertionResults: [{ status: 'passed', fullName: 'waits', duration }],
    })
    expect(longest({ ...report, testResults: [file(14_999)] })).toEqual([])
    expect(longest({ ...report, testResults: [file(20_000), file(31_000)] })).toEqual([
      'waited longest for',
      '  31 s  test/e2e/a.test.ts > waits',
      '  20 s  test/e2e/a.test.ts > waits',
    ])
  })
})

describe('the summary', () => {
  test('ends with one plain line that holds the sums', () => {
    const text = summary([
      { title: 'Lint', seconds: 0.5, passed: 0, failed: 1, skipped: 0 },
      { title: 'Unit', seconds: 61, passed: 12, failed: 0, skipped: 2, note: 'because' },
    ])
    expect(text.split('\n').at(-1)).toBe('12 passed, 1 failed')
    expect(text).toContain('FAILED  Lint')
    expect(text).toContain('12 passed, 0 failed, 2 skipped (because)')
  })
})
