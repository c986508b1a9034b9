/** Responsible for writing the config file: completely or not at all, and readable only by its owner. The Worker reads it (config-source.ts). */
import { randomBytes } from 'node:crypto'
import { chmodSync, closeSync, fsyncSync, mkdirSync, openSync, realpathSync, renameSync, rmSync, statSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { readConfig } from '../../worker/settings/config-source.ts'
import type { ConfigValues } from '../../worker/settings/options.ts'

export type ConfigChange = Readonly<Record<string, string | number | boolean | undefined>>

/** A symbolic link is kept: the file that it points to is written. */
const target = (path: string): string => {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}

/** Changes keys (undefined removes one) and keeps all others, including unknown ones. */
export function changeConfig(path: string, change: ConfigChange): ConfigValues {
  const before = readConfig(path)
  const after = Object.fromEntries(Object.entries({ ...before, ...change }).filter(([, value]) => value !== undefined))
  writeConfig(path, after)
  return after
}

function writeConfig(path: string, values: ConfigValues): void {
  const file = target(path)
  const folder = dirname(file)
  // Only a folder that is created here gets the private mode; an existing folder keeps its own.
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const fresh = `${file}.${randomBytes(6).toString('hex')}`
  try {
    const handle = openSync(fresh, 'wx', 0o600)
    try {
      writeSync(handle, `${JSON.stringify(values, undefined, 2)}\n`)
      fsyncSync(handle)
    } finally {
      closeSync(handle)
    }
    // The umask can only remove permissions. This call is for file systems that ignore the mode of open().
    chmodSync(fresh, 0o600)
    renameSync(fresh, file)
  } catch (error) {
    rmSync(fresh, { force: true })
    throw error
  }
}

/** Answers whether the file existed. */
export function removeConfig(path: string): boolean {
  const file = target(path)
  if (statSync(file, { throwIfNoEntry: false }) === undefined) return false
  rmSync(file)
  return true
}

/** The permissions of other users, as an octal mode; undefined when they have none, or on systems without such modes. */
export function openToOthers(path: string, platform: NodeJS.Platform): string | undefined {
  if (platform === 'win32') return undefined
  const mode = statSync(path, { throwIfNoEntry: false })?.mode
  return mode === undefined || (mode & 0o077) === 0 ? undefined : (mode & 0o777).toString(8)
}
