/** Responsible for the children of a drill: a shell that ignores TERM, with a grandchild in a session of its own that does, too. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Everything that a family starts carries this variable. */
const folderVariable = 'DRILL_FOLDER'

/** Ignoring a signal is inherited: the sleeps ignore TERM as well. Both write their process id before they settle down. */
const stubborn = `trap "" TERM; echo $$ >> "$DRILL_FOLDER/$MODELREINS_JOB_ID.pids"; while :; do sleep 60; done`

/** The worker's shell line. `setsid` takes the grandchild out of the process group; without it, it stays there. */
export const familyCommand = `SESSION=$(command -v setsid); $SESSION sh -c '${stubborn}' & ${stubborn}`

export const familyEnvironment = (folder: string): Record<string, string> => ({ [folderVariable]: folder })

/** Process ids that the families of a folder have written, by job: child and grandchild each. */
export function familiesIn(folder: string): ReadonlyMap<string, readonly number[]> {
  const files = readdirSync(folder).filter((name) => name.endsWith('.pids'))
  return new Map(files.map((name) => [name.replace('.pids', ''), readFileSync(join(folder, name), 'utf8').trim().split(/\s+/).map(Number)]))
}

function carries(pid: string, mark: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1').includes(mark)
  } catch {
    return false
  }
}

/** Whatever still runs of the families of a folder, also what wrote no id. Linux only; elsewhere empty. */
export function survivorsOf(folder: string, except: readonly number[]): readonly number[] {
  if (process.platform !== 'linux') return []
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && !except.includes(Number(name)))
  return pids.filter((pid) => carries(pid, `${folderVariable}=${folder}`)).map(Number)
}
