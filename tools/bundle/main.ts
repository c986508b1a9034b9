/** Responsible for `dist/worker/index.js`, the module that `wrangler deploy` uploads: wrangler runs this first (`[build]` of wrangler.toml). */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { workerBundle } from './worker-bundle.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

async function main(): Promise<void> {
  const { code, map } = await workerBundle({ root, minify: true })
  const folder = join(root, 'dist/worker')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'index.js'), `${code.trimEnd()}\n//# sourceMappingURL=index.js.map\n`)
  if (map !== undefined) writeFileSync(join(folder, 'index.js.map'), map)
}

void main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
})
