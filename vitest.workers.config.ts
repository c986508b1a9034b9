/** Responsible for the tests that run inside workerd, on the bindings of wrangler.toml. */
import { fileURLToPath } from 'node:url'
import { cloudflareTest, readD1Migrations } from '@cloudflare/vitest-plugin'
import { defineConfig } from 'vitest/config'
import { buildAssets } from './tools/build-assets.ts'

// wrangler.toml names the folder that this makes.
buildAssets()

/** Tests of one name inside workerd. */
export const insideWorkerd = (name: string, include: string) =>
  defineConfig({
    plugins: [
      cloudflareTest(async () => ({
        // The sources, not the module made for the deployment.
        main: './src/index.ts',
        wrangler: { configPath: './wrangler.toml' },
        miniflare: {
          bindings: {
            // As at `npm start`; one test requires it.
            MODELREINS_VIEW_PROOF: '',
            MODELREINS_SECRET: 'a:tests-sign-with-this-key-of-more-than-32-characters',
            MODELREINS_MASTER_TOKEN: 'tests-create-tenants-with-this-master-token',
            TEST_REGISTRY_MIGRATIONS: await readD1Migrations(fileURLToPath(new URL('./migrations/registry', import.meta.url))),
          },
        },
      })),
    ],
    test: {
      name,
      include: [include],
      setupFiles: ['./test/support/registry-migrations.ts'],
      testTimeout: 60_000,
      // What is awaited comes within milliseconds, or a good while later on a machine that is busy otherwise; by itself vitest gives it one second.
      expect: { poll: { timeout: 20_000 } },
      // vitest leaves a core to itself unless told: on two it would run one file at a time.
      maxWorkers: 2,
    },
  })

export default insideWorkerd('workers', 'test/workers/**/*.test.ts')
