/** Responsible for the tests that drive a real browser against a real local server process. */
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    name: 'browser',
    include: ['test/browser/**/*.test.ts'],
    // Not in the gate until they have passed on a quiet machine; named on the command line they run.
    exclude: process.argv.some((word) => /test\/browser\/dashboard\/./.test(word))
      ? []
      : ['test/browser/dashboard/{accessible,hostile}.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    maxWorkers: 1,
  },
})
