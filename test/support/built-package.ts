/** Responsible for a built package that is as new as its source, before tests that run it. */
import { execFileSync } from 'node:child_process'
import { globSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const changedAt = (path: string): number => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0

/** For `globalSetup` of vitest: `npm test` has built the package before, a single file run by hand may not have. */
export function setup(): void {
  const sources = globSync('{contract,worker-sdk}/{src,build}/**/*.ts', { cwd: root }).map((path) => changedAt(`${root}/${path}`))
  if (Math.max(...sources) < changedAt(`${root}/worker-sdk/dist/cli.js`)) return
  execFileSync(process.execPath, ['build/main.ts'], { cwd: `${root}/worker-sdk`, stdio: ['ignore', 'ignore', 'inherit'] })
}
