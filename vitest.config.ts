/** Responsible for the tests that run in Node without a server. */
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    projects: [{ test: { name: 'unit', include: ['test/unit/**/*.test.ts'], testTimeout: 20_000 } }],
  },
})
