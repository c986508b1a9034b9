/** Responsible for the tests against a real local server process and real workers. */
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    name: 'e2e',
    include: ['test/e2e/**/*.test.ts'],
    globalSetup: ['test/support/built-package.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // As for the tests inside workerd.
    expect: { poll: { timeout: 20_000 } },
    // A file starts servers of its own; two at a time is what two cores carry.
    maxWorkers: 2,
  },
})
