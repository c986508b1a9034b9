/** Responsible for counting the results in a vitest JSON report. */

export interface Count {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

/** The fields that are read from vitest's JSON report (its `json` reporter). */
export interface TestReport {
  readonly success: boolean
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly numPendingTests: number
  readonly testResults: readonly {
    readonly status: string
    readonly name?: string
    readonly assertionResults: readonly { readonly status: string; readonly fullName?: string; readonly duration?: number | null }[]
  }[]
}

/** Tests that take longer, in milliseconds, are named at the end of their gate. */
const longMs = 15_000
const named = 5

const seconds = (ms: number): string => `${(ms / 1000).toFixed(0).padStart(4)} s`

/** The slowest tests of the gate, slowest first; empty when none was slow. */
export function longest(report: TestReport): readonly string[] {
  const tests = report.testResults.flatMap((file) =>
    file.assertionResults.flatMap(({ duration, fullName }) =>
      duration == null || duration < longMs
        ? []
        : [{ duration, test: `${(file.name ?? '').replace(/^.*\/test\//, 'test/')} > ${fullName ?? ''}` }],
    ),
  )
  const slowest = tests.toSorted((one, other) => other.duration - one.duration).slice(0, named)
  return slowest.length === 0 ? [] : ['waited longest for', ...slowest.map(({ duration, test }) => `${seconds(duration)}  ${test}`)]
}

/** The tests that were running when the gate was ended, from the record of `running-tests.ts`. */
export function waitedFor(record: string, now: number): readonly string[] {
  const running: readonly { readonly test: string; readonly since: number }[] = JSON.parse(record)
  if (running.length === 0) return ['no test was running']
  const oldest = running.toSorted((one, other) => one.since - other.since)
  return ['it waited for', ...oldest.map(({ test, since }) => `${seconds(now - since)}  ${test}`)]
}

/**
 * Counts passed, failed and skipped tests. A file that cannot be loaded fails without a failed test, and an unhandled error fails the run without
 * either: each must count as a failure, or a broken run would look successful.
 */
export function count(report: TestReport, exitCode: number): Count {
  const brokenFiles = report.testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((result) => result.status === 'failed'),
  ).length
  const failed = report.numFailedTests + brokenFiles
  return {
    passed: report.numPassedTests,
    failed: failed === 0 && (exitCode !== 0 || !report.success) ? 1 : failed,
    skipped: report.numPendingTests,
  }
}
