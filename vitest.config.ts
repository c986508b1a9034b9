/** Responsible for the tests that run in Node without a server. */
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    // vitest leaves a core to itself unless told: on two it would run one file at a time.
    maxWorkers: 2,
    projects: [
      // As for the tests inside workerd.
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'], testTimeout: 20_000, expect: { poll: { timeout: 15_000 } } } },
    ],
  },
})
