/**
 * Responsible for taking credentials out of the environment that this process was started with: programs of the same user can read it as long as
 * the process lives, and jobs are such programs.
 */
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { scrubEnvironment } from '../../providers/child-process/environment.ts'
import type { Environment } from '../../worker/settings/options.ts'

/** Fields of /proc/self/stat behind the program's name (proc(5)): where the first environment lies in memory. */
const environmentStart = 47
const environmentEnd = 48

/** Overwrites the values of these variables where the kernel shows them to others (/proc/PID/environ). Answers whether none is left there. */
function wipe(names: readonly string[]): boolean {
  try {
    const stat = readFileSync('/proc/self/stat', 'latin1')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const start = Number(fields[environmentStart])
    const block = readFileSync('/proc/self/environ')
    // What is written goes to an address: it must be the very place that was read.
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

/** What a child would not get, by name. */
function secretsIn(env: Environment): Environment {
  const kept = scrubEnvironment(env)
  return Object.fromEntries(
    Object.entries(env).filter(([name, value]) => value !== undefined && value !== '' && !Object.hasOwn(kept, name)),
  )
}

export interface StartEnvironment {
  /** Everything that the process was started with, credentials among it, for this program alone. */
  readonly env: Environment
  /** Variables with credentials that other programs of this user can still read. */
  readonly exposed: readonly string[]
}

/** The name under which a service manager hands the token over (systemd: `LoadCredential=modelreins_token:FILE`). */
export const credentialName = 'modelreins_token'

/** With a token from the folder of credentials that systemd made for this service; a variable that is set goes before it. */
export function withCredential(env: Environment): Environment {
  const folder = env['CREDENTIALS_DIRECTORY']
  if (folder === undefined || folder === '' || (env['MODELREINS_TOKEN'] ?? '') !== '') return env
  try {
    return { ...env, MODELREINS_TOKEN: readFileSync(join(folder, credentialName), 'utf8').trim() }
  } catch {
    // None of ours is there: whoever needs a token says where it may stand.
    return env
  }
}

/** Called once, before anything else runs. On Windows the environment of another process is not there to be read so simply: nothing is done. */
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
