/**
 * Responsible for naming the directory that a worker works in, so that workers with the same directory are recognised. It restricts nothing itself.
 */
import { createHash } from 'node:crypto'
import { realpathSync } from 'node:fs'
import { hostname } from 'node:os'
import { resolve } from 'node:path'
import { limits, onlySeen } from '@modelreins/contract'

function real(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    // The directory may be created later; until then its path is used unresolved.
    return resolve(path)
  }
}

/** The machine's name to report; undefined when none is to be reported. */
export function machineName(setting: string | undefined): string | undefined {
  if (setting === '-') return undefined
  return onlySeen(onlySeen(setting ?? hostname()).slice(0, limits.name_chars)) || undefined
}

/** Distinguishes machines without naming them, so that two machines with hidden names do not count as one. The Python SDK uses the same form. */
const unnamed = (): string => createHash('sha256').update(hostname()).digest('hex').slice(0, 12)

/** `MACHINE:PATH` with links resolved; of a long path only the end. The Python SDK uses the same form. */
export const placeOf = (workDir: string | undefined, machine?: string): string =>
  // Applied again after the cut, which may have split a character.
  onlySeen(
    onlySeen(`${machine === undefined ? hostname() : (machineName(machine) ?? unnamed())}:${real(workDir ?? process.cwd())}`).slice(
      -limits.name_chars,
    ),
  )
