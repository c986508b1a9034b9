/**
 * Responsible for preparing the Python tests, once for all of them: the tools that build and check the package, the wheel, and a fresh virtual
 * environment with the wheel for each Python of this machine. It tests nothing.
 */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { TestProject } from 'vitest/node'
import { startServer, type TestServer } from '../server.ts'
import { findPythons, type Python } from './pythons.ts'

export interface Environment {
  readonly version: string
  /** The interpreter of a virtual environment that contains only the wheel. */
  readonly python: string
}

export interface Prepared {
  /** Why the tests cannot run; undefined when they can. */
  readonly without: string | undefined
  readonly environments: readonly Environment[]
  /** The interpreter that has hatchling, mypy and ruff. */
  readonly tools: string
  readonly wheel: string
  readonly sdist: string
  /** A server that all test files share; a test that kills a server must start its own. */
  readonly server: SharedServer
}

export type SharedServer = Pick<TestServer, 'url' | 'ownerKey' | 'masterToken'>

declare module 'vitest' {
  interface ProvidedContext {
    readonly python: Prepared
  }
}

const root = fileURLToPath(new URL('../../..', import.meta.url))
const sdk = join(root, 'sdk-python')
const run = promisify(execFile)
const binary = (folder: string): string => join(folder, process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python')

/** Kept between runs, under a name that depends on the contents. */
async function installTools(python: Python): Promise<string> {
  const wanted = readFileSync(join(sdk, 'requirements-dev.txt'), 'utf8')
  const key = createHash('sha256').update(`${wanted}\0${python.path}`).digest('hex').slice(0, 16)
  const folder = join(root, 'node_modules', '.cache', 'modelreins-python', key)
  const ready = join(folder, 'ready')
  if (existsSync(ready)) return binary(folder)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  await run(python.path, ['-m', 'venv', folder])
  await run(binary(folder), ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', join(sdk, 'requirements-dev.txt')], {
    timeout: 300_000,
  })
  writeFileSync(ready, '')
  return binary(folder)
}

async function build(tools: string, folder: string): Promise<{ readonly wheel: string; readonly sdist: string }> {
  await run(tools, ['-m', 'hatchling', 'build', '-d', folder], { cwd: sdk })
  const built = readdirSync(folder)
  const named = (ending: string): string => {
    const name = built.find((one) => one.endsWith(ending))
    if (name === undefined) throw new Error(`hatchling built no ${ending}, only ${built.join(', ')}`)
    return join(folder, name)
  }
  return { wheel: named('.whl'), sdist: named('.tar.gz') }
}

/** Installs without a network, an index or dependencies, which proves that the wheel is sufficient. */
async function install(tools: string, python: Python, wheel: string, folder: string): Promise<Environment> {
  const home = join(folder, `python-${python.version}`)
  await run(python.path, ['-m', 'venv', '--without-pip', home])
  await run(tools, [
    '-m',
    'pip',
    '--python',
    binary(home),
    'install',
    '--quiet',
    '--no-index',
    '--no-deps',
    '--disable-pip-version-check',
    wheel,
  ])
  return { version: python.version, python: binary(home) }
}

let folder: string | undefined
let server: TestServer | undefined

const firstLine = (error: unknown): string => {
  const lines = (error instanceof Error ? error.message : String(error)).split('\n').filter((line) => line.trim() !== '')
  return lines.findLast((line) => /error/i.test(line)) ?? lines[0] ?? 'no reason given'
}

async function prepare(folder: string): Promise<Prepared> {
  const nothing = { environments: [], tools: '', wheel: '', sdist: '', server: { url: '', ownerKey: '', masterToken: '' } }
  const pythons = findPythons()
  const newest = pythons.at(-1)
  if (newest === undefined) return { ...nothing, without: 'there is no Python 3.9 or newer on PATH or under pyenv' }
  let tools: string
  try {
    tools = await installTools(newest)
  } catch (error) {
    return { ...nothing, without: `hatchling, mypy and ruff could not be installed from PyPI (is there a network?): ${firstLine(error)}` }
  }
  const { wheel, sdist } = await build(tools, join(folder, 'dist'))
  const environments = await Promise.all(pythons.map((python) => install(tools, python, wheel, folder)))
  // On a busy machine the first attempt may time out.
  server = await startServer().catch(() => startServer())
  const { url, ownerKey, masterToken } = server
  return { without: undefined, environments, tools, wheel, sdist, server: { url, ownerKey, masterToken } }
}

export async function setup(project: TestProject): Promise<void> {
  folder = mkdtempSync(join(tmpdir(), 'modelreins-python-'))
  const prepared = await prepare(folder)
  if (prepared.without === undefined) console.log(`Pythons: ${prepared.environments.map((one) => one.version).join(', ')}`)
  else console.log(`The Python SDK is not tested: ${prepared.without}`)
  project.provide('python', prepared)
}

export async function teardown(): Promise<void> {
  await server?.close()
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
}
