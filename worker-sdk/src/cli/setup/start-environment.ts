/**
 * Responsible for removing credentials from the environment that this process was started with: other programs of the same user, which includes jobs,
 * can read it as long as the process lives.
 */
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { scrubEnvironment } from '../../providers/child-process/environment.ts'
import type { Environment } from '../../worker/settings/options.ts'

/** Fields of /proc/self/stat after the program's name (proc(5)): the memory range of the initial environment. */
const environmentStart = 47
const environmentEnd = 48

/**
 * Overwrites the values of these variables where the kernel shows them to other processes (/proc/PID/environ). Answers whether none is left there.
 */
function wipe(names: readonly string[]): boolean {
  try {
    const stat = readFileSync('/proc/self/stat', 'latin1')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const start = Number(fields[environmentStart])
    const block = readFileSync('/proc/self/environ')
    // The values are written to a memory address, so it must be exactly the range that was read.
    if (!(start > 0) || Number(fields[environmentEnd]) - start !== block.length) return false
    const memory = openSync('/proc/self/mem', 'r+')
    try {
      for (let at = 0; at < block.length;) {
        const end = block.indexOf(0, at) === -1 ? block.length : block.indexOf(0, at)
        const equals = block.indexOf('=', at)
        if (equals !== -1 && equals < end && names.includes(block.toString('utf8', at, equals)))
          writeSync(memory, Buffer.alloc(end - equals - 1), 0, end - equals - 1, start + equals + 1)
        at = end + 1
      }
    } finally {
      closeSync(memory)
    }
    return Object.keys(secretsIn(parsed(readFileSync('/proc/self/environ', 'utf8')))).length === 0
  } catch {
    return false
  }
}

const parsed = (block: string): Environment =>
  Object.fromEntries(
    block
      .split('\0')
      .flatMap((line) => (line.includes('=') ? [[line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]] : [])),
  )

/** The variables that a child would not get. */
function secretsIn(env: Environment): Environment {
  const kept = scrubEnvironment(env)
  return Object.fromEntries(
    Object.entries(env).filter(([name, value]) => value !== undefined && value !== '' && !Object.hasOwn(kept, name)),
  )
}

export interface StartEnvironment {
  /** Everything that the process was started with, including credentials, only for this program. */
  readonly env: Environment
  /** Variables with credentials that other programs of this user can still read. */
  readonly exposed: readonly string[]
}

/** The name under which a service manager passes the token (systemd: `LoadCredential=modelreins_token:FILE`). */
export const credentialName = 'modelreins_token'

/** Adds the token from the credentials folder that systemd created for this service. A variable that is set takes precedence. */
export function withCredential(env: Environment): Environment {
  const folder = env['CREDENTIALS_DIRECTORY']
  if (folder === undefined || folder === '' || (env['MODELREINS_TOKEN'] ?? '') !== '') return env
  try {
    return { ...env, MODELREINS_TOKEN: readFileSync(join(folder, credentialName), 'utf8').trim() }
  } catch {
    // The folder has no token. The code that needs one reports where it can be set.
    return env
  }
}

/** Called once, before anything else runs. Does nothing on Windows, where the environment of another process is not as easy to read. */
export function takeEnvironment(platform: NodeJS.Platform = process.platform): StartEnvironment {
  if (platform === 'win32') return { env: process.env, exposed: [] }
  const given = { ...process.env }
  const env = withCredential(given)
  const names = Object.keys(secretsIn(given))
  if (names.length === 0) return { env, exposed: [] }
  const wiped = platform === 'linux' && wipe(names)
  for (const name of names) Reflect.deleteProperty(process.env, name)
  return { env, exposed: wiped ? [] : names }
}
