/** Responsible for locating and reading the config file; the CLI writes it. */
import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { ModelReinsError } from '../../client/error.ts'
import { parseJson } from '../../client/transport.ts'
import type { ConfigValues, Environment } from './options.ts'

/** MODELREINS_CONFIG, else the usual location of the platform. */
export function configPath(env: Environment, platform: NodeJS.Platform = process.platform, home: string = homedir()): string {
  const named = env['MODELREINS_CONFIG']
  if (named !== undefined && named !== '') return named
  const base =
    platform === 'win32'
      ? env['APPDATA'] || join(home, 'AppData', 'Roaming')
      : platform === 'darwin'
        ? env['XDG_CONFIG_HOME'] || join(home, 'Library', 'Application Support')
        : env['XDG_CONFIG_HOME'] || join(home, '.config')
  return join(base, 'modelreins', 'config.json')
}

/** The file's content; empty when there is no file. A file that cannot be read or is not JSON is an error. */
export function readConfig(path: string): ConfigValues {
  let content: string
  try {
    content = readFileSync(path, 'utf8')
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return {}
    throw new ModelReinsError(`Cannot read the config file ${path}: ${cause instanceof Error ? cause.message : String(cause)}`, {
      code: 'invalid-request',
      status: 0,
      cause,
    })
  }
  const value = content.trim() === '' ? {} : parseJson(content)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ModelReinsError(
      `The config file ${path} is not a JSON object: correct it, or remove it with \`modelreins-worker config reset\``,
      {
        code: 'invalid-request',
        status: 0,
      },
    )
  }
  return Object.fromEntries(Object.entries(value))
}
