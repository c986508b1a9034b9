/** Responsible for the package as a user gets it: built when it is stale, packed, and installed into an empty folder without a network. */
import { execFileSync } from 'node:child_process'
import { existsSync, lstatSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))

export const npm = (cwd: string, ...words: string[]): string =>
  execFileSync('npm', [...words, '--no-audit', '--no-fund', '--loglevel', 'error'], {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  })

const newestIn = (path: string): number =>
  lstatSync(path).isDirectory() ? Math.max(0, ...readdirSync(path).map((name) => newestIn(join(path, name)))) : lstatSync(path).mtimeMs

/** A build removes the package for a moment, which breaks tests that run in parallel, so it runs only when necessary. */
function build(): void {
  const built = join(root, 'worker-sdk/dist/cjs/index.js')
  const sources = ['worker-sdk/src', 'worker-sdk/build', 'contract/src'].map((path) => newestIn(join(root, path)))
  if (!existsSync(built) || lstatSync(built).mtimeMs < Math.max(...sources)) npm(join(root, 'worker-sdk'), 'run', 'build')
}

/** `folder` must not exist; the archives are written beside it. Returns the path of its command-line program. */
export function installPacked(folder: string): string {
  build()
  const pack = (path: string): string => {
    const beside = dirname(folder)
    return join(beside, npm(join(root, path), 'pack', '--ignore-scripts', '--pack-destination', beside).trim().split('\n').at(-1) ?? '')
  }
  mkdirSync(folder)
  writeFileSync(join(folder, 'package.json'), '{"private":true,"name":"stranger"}')
  // Its one dependency is packed from the installed copy, so that no network is needed.
  npm(folder, 'install', '--ignore-scripts', '--offline', pack('worker-sdk'), pack('node_modules/ws'))
  return join(folder, 'node_modules/modelreins-worker/dist/cli.js')
}
