/** Responsible for the tests of the Python SDK: from the built wheel, in fresh virtual environments, against a real local server. */
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    name: 'python',
    include: ['test/python/**/*.test.ts'],
    // Not in the gate until they have passed on a quiet machine; named on the command line they run.
    exclude: process.argv.some((word) => /test\/python\/./.test(word)) ? [] : ['test/python/{bad-days,endurance,package,reins}.test.ts'],
    globalSetup: ['test/support/python/prepare.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
  },
})
