/** Responsible for building the package when it is older than its source, before tests that run it. */
import { execFileSync } from 'node:child_process'
import { globSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const changedAt = (path: string): number => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0

/** For vitest's `globalSetup`: `npm test` builds the package first, but a single test file that is run by hand does not. */
export function setup(): void {
  const sources = globSync('{contract,worker-sdk}/{src,build}/**/*.ts', { cwd: root }).map((path) => changedAt(`${root}/${path}`))
  if (Math.max(...sources) < changedAt(`${root}/worker-sdk/dist/cli.js`)) return
  execFileSync(process.execPath, ['build/main.ts'], { cwd: `${root}/worker-sdk`, stdio: ['ignore', 'ignore', 'inherit'] })
}
