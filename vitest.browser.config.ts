/** Responsible for the tests that drive a real browser against a real local server process. */
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    name: 'browser',
    include: ['test/browser/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // As for the tests inside workerd.
    expect: { poll: { timeout: 20_000 } },
    maxWorkers: 1,
  },
})
