/** Responsible for finding out whether a command line program is installed on this machine, and its version. */
import { limits } from '@modelreins/contract'
import { type ChildEnd, runChild } from './child.ts'
import { findProgram, launchOf } from './program.ts'
import type { ProviderCheck, ProviderSettings } from '../provider.ts'

export interface CliProgram {
  /** The provider's name. */
  readonly provider: string
  /** Looked up on PATH, unless `command` of the settings names another program (a name or a path, not a shell line). */
  readonly program: string
  /** One line: how to install it. */
  readonly install: string
}

/** Large Python and Node programs take seconds to print their version when they are not in the disk cache. */
const versionMs = 30_000

export const findCli = (cli: CliProgram, settings: ProviderSettings): string | undefined =>
  findProgram(settings.command?.trim() || cli.program, settings.env, settings.workDir)

export const missingCli = (cli: CliProgram, settings: ProviderSettings): string =>
  `${cli.provider}: "${settings.command?.trim() || cli.program}" is not found on PATH. Get it with: ${cli.install}`

/** Runs the program with a few arguments and no input, for a question that it answers quickly. */
export const askCli = (file: string, args: readonly string[], settings: ProviderSettings): Promise<ChildEnd> =>
  runChild({
    launch: launchOf(file, args, settings.env),
    cwd: settings.workDir,
    env: settings.env,
    signal: AbortSignal.timeout(versionMs),
    graceMs: limits.kill_grace_ms,
  })

export type CliFound =
  | { readonly found: true; readonly file: string; readonly version: string; readonly detail: string }
  | { readonly found: false; readonly check: ProviderCheck }

export const checkCli = async (cli: CliProgram, settings: ProviderSettings): Promise<CliFound> => {
  const file = findCli(cli, settings)
  if (file === undefined) return { found: false, check: { usable: false, detail: missingCli(cli, settings) } }
  const end = await askCli(file, ['--version'], settings)
  const version = /\d+\.\d+(?:\.\d+)?(?:[-+][\w.]+)?/.exec(end.stdout)?.[0]
  if (end.exitCode !== 0 || version === undefined) {
    const reason = end.error?.message ?? (end.stderr.trim().split('\n').at(-1) || `exit code ${end.exitCode}`)
    return { found: false, check: { usable: false, detail: `${cli.provider}: ${file} --version failed: ${reason}` } }
  }
  return { found: true, file, version, detail: `${cli.program} ${version} at ${file}` }
}

/** Compares numerically; missing parts count as 0, so "2.1" is not before "2.1.0". */
export const isBefore = (version: string, other: string): boolean => {
  const parts = (text: string): number[] => text.split(/[.+-]/).slice(0, 3).map(Number)
  const [left, right] = [parts(version), parts(other)]
  for (let index = 0; index < 3; index += 1) {
    const difference = (left[index] || 0) - (right[index] || 0)
    if (difference !== 0) return difference < 0
  }
  return false
}
