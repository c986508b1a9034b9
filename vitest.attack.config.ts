/** Responsible for the tests that attack a real local server, real workers and the command line, as SECURITY.md lists them. */
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    name: 'attack',
    include: ['test/attack/**/*.test.ts'],
    // Not in the gate until they have passed on a quiet machine; named on the command line they run.
    exclude: process.argv.some((word) => /test\/attack\/./.test(word)) ? [] : ['test/attack/server-rights.test.ts'],
    testTimeout: 180_000,
    hookTimeout: 240_000,
    // As for the end-to-end tests: a file starts servers of its own.
    maxWorkers: 2,
  },
})
