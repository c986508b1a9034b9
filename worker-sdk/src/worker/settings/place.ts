/** Responsible for naming the directory that a worker works in, so that workers who share it are recognised. It keeps nobody out. */
import { createHash } from 'node:crypto'
import { realpathSync } from 'node:fs'
import { hostname } from 'node:os'
import { resolve } from 'node:path'
import { limits, onlySeen } from '@modelreins/contract'

function real(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    // It may be made later; until then its name is what there is.
    return resolve(path)
  }
}

/** The name that is told of this machine; undefined when none is to be told. */
export function machineName(setting: string | undefined): string | undefined {
  if (setting === '-') return undefined
  return onlySeen(onlySeen(setting ?? hostname()).slice(0, limits.name_chars)) || undefined
}

/** Tells machines apart without naming them: two that hid their names must not be taken for one. The Python SDK spells it alike. */
const unnamed = (): string => createHash('sha256').update(hostname()).digest('hex').slice(0, 12)

/** `MACHINE:PATH`, links resolved; of a long path its end. The Python SDK spells it alike. */
export const placeOf = (workDir: string | undefined, machine?: string): string =>
  // Once more behind the cut, which may have halved a character.
  onlySeen(
    onlySeen(`${machine === undefined ? hostname() : (machineName(machine) ?? unnamed())}:${real(workDir ?? process.cwd())}`).slice(
      -limits.name_chars,
    ),
  )
