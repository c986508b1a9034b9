/** Responsible for the tests of the Python SDK: from the built wheel, in fresh virtual environments, against a real local server. */
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    name: 'python',
    include: ['test/python/**/*.test.ts'],
    globalSetup: ['test/support/python/prepare.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // As for the tests inside workerd.
    expect: { poll: { timeout: 20_000 } },
    maxWorkers: 2,
  },
})
