/**
 * Responsible for reading the PATH of the user's login shell: version managers put programs there that a service, a scheduler or an editor cannot
 * find. It starts nothing but that shell.
 */
import { execFile } from 'node:child_process'

type Environment = Readonly<Record<string, string | undefined>>

const mark = 'modelreins-path='
/** Time limit, because a profile may ask questions or look for updates. */
const shellMs = 5_000

/** Undefined on Windows, where a login does not change PATH, and when the shell does not answer. */
export function loginPath(env: Environment, platform: NodeJS.Platform = process.platform): Promise<string | undefined> {
  const shell = env['SHELL']
  if (platform === 'win32' || shell === undefined || shell === '') return Promise.resolve(undefined)
  return new Promise((resolve) => {
    const line = `echo "${mark}$PATH"`
    const child = execFile(shell, ['-lic', line], { env, timeout: shellMs, killSignal: 'SIGKILL', encoding: 'utf8' }, (_, stdout) => {
      const told = stdout.split('\n').findLast((one) => one.startsWith(mark))
      resolve(told?.slice(mark.length).trim() || undefined)
    })
    child.stdin?.end()
  })
}
