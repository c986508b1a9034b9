/** Responsible for naming the directory that a worker works in, so that workers who share it are recognised. It keeps nobody out. */
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

/** `MACHINE:PATH`, links resolved; of a long path its end. The Python SDK spells it alike. */
export const placeOf = (workDir: string | undefined): string =>
  // Once more behind the cut, which may have halved a character.
  onlySeen(onlySeen(`${hostname()}:${real(workDir ?? process.cwd())}`).slice(-limits.name_chars))
