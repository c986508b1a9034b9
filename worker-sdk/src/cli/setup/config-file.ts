/** Responsible for writing the config file: whole or not at all, readable by its owner alone. Reading it is the Worker's (config-source.ts). */
import { randomBytes } from 'node:crypto'
import { chmodSync, closeSync, fsyncSync, mkdirSync, openSync, realpathSync, renameSync, rmSync, statSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { readConfig } from '../../worker/settings/config-source.ts'
import type { ConfigValues } from '../../worker/settings/options.ts'

export type ConfigChange = Readonly<Record<string, string | number | boolean | undefined>>

/** A symbolic link stays one: what it points to is written. */
const target = (path: string): string => {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}

/** Changes keys (undefined removes one) and keeps all others, also those this version does not know. */
export function changeConfig(path: string, change: ConfigChange): ConfigValues {
  const before = readConfig(path)
  const after = Object.fromEntries(Object.entries({ ...before, ...change }).filter(([, value]) => value !== undefined))
  writeConfig(path, after)
  return after
}

function writeConfig(path: string, values: ConfigValues): void {
  const file = target(path)
  const folder = dirname(file)
  // A folder that we make is ours; one that was there before may be somebody else's to open.
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
    // The umask may have taken rights away, never added any; this is for file systems that ignore the mode of open().
    chmodSync(fresh, 0o600)
    renameSync(fresh, file)
  } catch (error) {
    rmSync(fresh, { force: true })
    throw error
  }
}

/** True: there was one. */
export function removeConfig(path: string): boolean {
  const file = target(path)
  if (statSync(file, { throwIfNoEntry: false }) === undefined) return false
  rmSync(file)
  return true
}

/** What others than the owner may do with it, as an octal mode; undefined when nothing, or where modes mean nothing. */
export function openToOthers(path: string, platform: NodeJS.Platform): string | undefined {
  if (platform === 'win32') return undefined
  const mode = statSync(path, { throwIfNoEntry: false })?.mode
  return mode === undefined || (mode & 0o077) === 0 ? undefined : (mode & 0o777).toString(8)
}
