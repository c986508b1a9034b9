/** Responsible for saying which processes of this machine belong to one child: by group, by descent, or by the mark in their environment. It signals nothing. */
import { execFile } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'

export interface ProcessEntry {
  readonly pid: number
  readonly parent: number
  readonly group: number
  /** Start time in whatever unit the system tells: with the pid it names one process, also after the pid was reused. */
  readonly started: string
  readonly dead: boolean
}

/**
 * Variable that marks everything a child starts. A grandchild that makes its own session (`setsid`, a daemon, most agents'
 * shells) leaves the process group; the mark still finds it on Linux.
 */
export const markVariable = 'MODELREINS_CHILD_MARK'

const parseStat = (pid: number, stat: string): ProcessEntry | undefined => {
  // The name in parentheses may itself hold parentheses and blanks: fields are counted from the last one.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [state, parent, group] = fields
  const started = fields[19]
  if (state === undefined || parent === undefined || group === undefined || started === undefined) return undefined
  return { pid, parent: Number(parent), group: Number(group), started, dead: state === 'Z' || state === 'X' }
}

const readEntry = (pid: number): ProcessEntry | undefined => {
  try {
    return parseStat(pid, readFileSync(`/proc/${pid}/stat`, 'latin1'))
  } catch {
    return undefined // it ended between the listing and the look
  }
}

const carriesMark = (pid: number, mark: string): boolean => {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`${markVariable}=${mark}`)
  } catch {
    return false // ended, or not ours to read
  }
}

const readLinux = (): ProcessEntry[] =>
  readdirSync('/proc')
    .filter((name) => /^[0-9]+$/.test(name))
    .map((name) => readEntry(Number(name)))
    .filter((entry) => entry !== undefined)

const readPs = async (): Promise<ProcessEntry[]> => {
  const text = await new Promise<string>((resolve) => {
    execFile('ps', ['-axo', 'pid=,ppid=,pgid=,stat=,lstart='], { maxBuffer: 16 * 1024 * 1024 }, (_error, stdout) => resolve(stdout))
  })
  const entries: ProcessEntry[] = []
  for (const line of text.split('\n')) {
    const [pid, parent, group, state, ...started] = line.trim().split(/\s+/)
    if (pid === undefined || parent === undefined || group === undefined || state === undefined) continue
    entries.push({
      pid: Number(pid),
      parent: Number(parent),
      group: Number(group),
      started: started.join(' '),
      dead: state.startsWith('Z'),
    })
  }
  return entries
}

/**
 * Live processes that belong to the child `root` (which leads the group of the same number), itself included, or that carry the mark.
 * POSIX only.
 */
export const membersOf = async (root: number | undefined, mark: string): Promise<ProcessEntry[]> => {
  const linux = process.platform === 'linux'
  const entries = linux ? readLinux() : await readPs()
  const byPid = new Map(entries.map((entry) => [entry.pid, entry]))
  const descends = (entry: ProcessEntry): boolean => {
    let at: ProcessEntry | undefined = entry
    for (let steps = 0; at !== undefined && steps < 64; steps += 1) {
      if (at.pid === root) return true
      at = byPid.get(at.parent)
    }
    return false
  }
  return entries.filter(
    (entry) =>
      !entry.dead &&
      entry.pid !== process.pid &&
      ((root !== undefined && (entry.group === root || descends(entry))) || (linux && entry.pid > 1 && carriesMark(entry.pid, mark))),
  )
}

/** Whether exactly this process still runs; a zombie that nobody has reaped does not. */
export const stillRuns = async (entry: ProcessEntry): Promise<boolean> => {
  if (process.platform === 'linux') {
    const now = readEntry(entry.pid)
    return now !== undefined && !now.dead && now.started === entry.started
  }
  try {
    process.kill(entry.pid, 0)
    return true
  } catch {
    return false
  }
}
