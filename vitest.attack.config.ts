/** Responsible for the tests that attack a real local server, real workers and the command line, as SECURITY.md lists them. */
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    name: 'attack',
    include: ['test/attack/**/*.test.ts'],
    testTimeout: 180_000,
    hookTimeout: 240_000,
    // As for the tests inside workerd.
    expect: { poll: { timeout: 20_000 } },
    // As for the end-to-end tests: a file starts servers of its own.
    maxWorkers: 2,
  },
})
