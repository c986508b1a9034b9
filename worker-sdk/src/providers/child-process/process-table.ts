/**
 * Responsible for saying which processes of this machine belong to one child: by group, by descent, or by the mark in their environment. It
 * signals nothing.
 */
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
 * shells) leaves the process group; the mark still finds it on Linux. Only a process that left the group, lost its parent and was started
 * with an emptied environment (`env -i setsid`, forked twice) is found by nothing; docs/how-to/providers.md says so.
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

/** Marks that were found, by pid and start: a process keeps the one it was born with. */
const marks = new Map<string, string>()
const markPattern = new RegExp(`(?:^|\0)${markVariable}=([^\0]*)`)

const markOf = (entry: ProcessEntry): string | undefined => {
  const key = `${entry.pid} ${entry.started}`
  const known = marks.get(key)
  if (known !== undefined) return known
  try {
    const mark = markPattern.exec(readFileSync(`/proc/${entry.pid}/environ`, 'latin1'))?.[1]
    if (mark !== undefined) marks.set(key, mark)
    return mark
  } catch {
    return undefined // ended, or not ours to read
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

interface Table {
  readonly at: number
  readonly entries: readonly ProcessEntry[]
  readonly byPid: ReadonlyMap<number, ProcessEntry>
}

let latest: Table | undefined

/** Thirty children that are stopped together look at one table, not at thirty. */
const freshMs = 20

const readTable = async (bornAt: number): Promise<Table> => {
  const now = performance.now()
  if (latest !== undefined && latest.at >= bornAt && now - latest.at < freshMs) return latest
  const entries = process.platform === 'linux' ? readLinux() : await readPs()
  latest = { at: now, entries, byPid: new Map(entries.map((entry) => [entry.pid, entry])) }
  const alive = new Set(entries.map((entry) => `${entry.pid} ${entry.started}`))
  for (const key of marks.keys()) if (!alive.has(key)) marks.delete(key)
  return latest
}

/** Which child is asked about. */
export interface ChildOrigin {
  /** Its process id, and that of the group it leads; undefined for a program that somebody else has started. */
  readonly root: number | undefined
  readonly mark: string
  /** `performance.now()` after it was started: a table from before cannot tell that nothing of it is left, a later one can. */
  readonly bornAt: number
  /** Its start in the system's own unit: nothing that started before belongs to it. 0 where unknown. */
  readonly started: number
}

/** To be called right after the start. */
export const originOf = (root: number | undefined, mark: string): ChildOrigin => {
  const started = process.platform === 'linux' && root !== undefined ? readEntry(root)?.started : undefined
  return { root, mark, bornAt: performance.now(), started: Number(started ?? 0) }
}

/** Live processes that belong to the child, itself included: of its group, of its descent, or with its mark. POSIX only. */
export const membersOf = async ({ root, mark, bornAt, started }: ChildOrigin): Promise<ProcessEntry[]> => {
  const linux = process.platform === 'linux'
  const { entries, byPid } = await readTable(bornAt)
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
      ((root !== undefined && (entry.group === root || descends(entry))) ||
        (linux && entry.pid > 1 && Number(entry.started) >= started && markOf(entry) === mark)),
  )
}

const childrenOf = (pid: number): readonly number[] => {
  try {
    // A process is the child of the thread that started it.
    return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, 'latin1')
        .split(' ')
        .filter((word) => word !== '')
        .map(Number),
    )
  } catch {
    return [] // it ended, or this kernel does not list children
  }
}

/**
 * The child and what descends from it through living parents, found without looking at any other process: thirty workers that are
 * stopped at once would otherwise spend the grace reading tables. Empty where the system does not tell, or when the child has ended.
 */
export const familyOf = ({ root, started }: ChildOrigin): ProcessEntry[] => {
  // A number may have been given to somebody else since.
  if (process.platform !== 'linux' || root === undefined || Number(readEntry(root)?.started) !== started) return []
  const family: ProcessEntry[] = []
  const seen = new Set([root])
  for (const pid of seen) {
    const entry = readEntry(pid)
    if (entry !== undefined && !entry.dead) family.push(entry)
    for (const child of childrenOf(pid)) seen.add(child)
  }
  return family
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
