/** Responsible for the child processes of a drill: a shell that ignores TERM, with a grandchild in its own session that also ignores it. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Environment variable that all processes of a family inherit. */
const folderVariable = 'DRILL_FOLDER'

/** An ignored signal stays ignored in child processes, so the sleeps ignore TERM as well. Both shells first write their process id. */
const stubborn = `trap "" TERM; echo $$ >> "$DRILL_FOLDER/$MODELREINS_JOB_ID.pids"; while :; do sleep 60; done`

/** The worker's shell line. `setsid` moves the grandchild out of the process group; where it does not exist, the grandchild stays in it. */
export const familyCommand = `SESSION=$(command -v setsid); $SESSION sh -c '${stubborn}' & ${stubborn}`

export const familyEnvironment = (folder: string): Record<string, string> => ({ [folderVariable]: folder })

/** Process ids that the families wrote to a folder, by job: one child and one grandchild each. */
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

/** Processes of a folder's families that still run, including any that wrote no id. Linux only; elsewhere empty. */
export function survivorsOf(folder: string, except: readonly number[]): readonly number[] {
  if (process.platform !== 'linux') return []
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && !except.includes(Number(name)))
  return pids.filter((pid) => carries(pid, `${folderVariable}=${folder}`)).map(Number)
}
