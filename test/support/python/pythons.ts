/** Responsible for finding the Pythons of this machine that the SDK supports, on PATH and in pyenv's folder. It installs nothing. */
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'

export interface Python {
  /** `3.12` */
  readonly version: string
  readonly minor: number
  /** The interpreter itself, with shims resolved. */
  readonly path: string
}

const oldest = 9
const newest = 14
const names = ['python3', ...Array.from({ length: newest - oldest + 1 }, (_, index) => `python3.${oldest + index}`), 'python']

/** Interpreters in pyenv's folder; empty without pyenv. */
function ofPyenv(): readonly string[] {
  let root = process.env['PYENV_ROOT']
  try {
    root ??= execFileSync('pyenv', ['root'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  } catch {
    return []
  }
  const versions = join(root, 'versions')
  return existsSync(versions) ? readdirSync(versions).map((name) => join(versions, name, 'bin', 'python')) : []
}

const onPath = (): readonly string[] =>
  (process.env['PATH'] ?? '')
    .split(delimiter)
    .flatMap((folder) => names.map((name) => join(folder, name)).filter((path) => existsSync(path)))

/** The version that the interpreter reports; undefined when it cannot run, such as a shim without a version. */
function ask(path: string): Python | undefined {
  const said = spawnSync(path, ['-c', 'import sys; print(*sys.version_info[:2], sys.executable)'], { encoding: 'utf8', timeout: 20_000 })
  const [, major, minor, executable] = /^(\d+) (\d+) (.+)$/m.exec(said.stdout ?? '') ?? []
  if (said.status !== 0 || major !== '3' || executable === undefined) return undefined
  return { version: `3.${minor}`, minor: Number(minor), path: executable }
}

/** One per version, oldest first. */
export function findPythons(): readonly Python[] {
  const found = new Map<number, Python>()
  for (const path of new Set([...onPath(), ...ofPyenv()])) {
    const python = ask(path)
    if (python === undefined || python.minor < oldest || python.minor > newest || found.has(python.minor)) continue
    found.set(python.minor, python)
  }
  return [...found.values()].toSorted((one, other) => one.minor - other.minor)
}
