/** Responsible for the peers' npm packages, which are installed into this folder on demand, so that `npm ci` does not install them. */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { PeerMissing } from './services.ts'

const folder = fileURLToPath(new URL('.', import.meta.url))
const resolver = createRequire(join(folder, 'package.json'))

const manifestOf = (name: string): string => join(folder, 'node_modules', name, 'package.json')

const read = (path: string): Readonly<Record<string, unknown>> => JSON.parse(readFileSync(path, 'utf8'))

/** The exact versions in this folder's package.json. */
export const peerVersions = (): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(read(join(folder, 'package.json'))['dependencies'] ?? {}).map(([name, version]) => [name, String(version)]),
  )

const installed = (name: string, version: string): boolean => existsSync(manifestOf(name)) && read(manifestOf(name))['version'] === version

/** Installs packages that are missing or have another version; returns a sentence when that fails. */
export function installPeers(say: (line: string) => void): string | undefined {
  const missing = Object.entries(peerVersions()).filter(([name, version]) => !installed(name, version))
  if (missing.length === 0) return undefined
  say(`installing ${missing.map(([name, version]) => `${name} ${version}`).join(', ')} for the comparison, in bench/peers`)
  const words = ['install', '--no-package-lock', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error']
  const { status, stderr } = spawnSync('npm', words, {
    cwd: folder,
    encoding: 'utf8',
    timeout: 120_000,
    shell: process.platform === 'win32',
  })
  if (status === 0) return undefined
  return `The peers' packages could not be installed, so there is no comparison: run \`npm install --no-package-lock\` in bench/peers. ${stderr.trim().split('\n')[0] ?? ''}`.trim()
}

/** Loads a package of this folder. The caller supplies the type, because the package may be missing when the project is type-checked. */
export async function loadPeer<Module>(name: string): Promise<Module> {
  let path: string
  try {
    path = resolver.resolve(name)
  } catch {
    throw new PeerMissing(`${name} is not installed: run \`npm install --no-package-lock\` in ${dirname('bench/peers/package.json')}.`)
  }
  return (await import(pathToFileURL(path).href)) as Module
}
