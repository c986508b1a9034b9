/**
 * Responsible for finding which processes of this machine belong to one child: by group, by descent, or by the mark in their environment. It sends no
 * signals.
 */
import { execFile } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'

export interface ProcessEntry {
  readonly pid: number
  readonly parent: number
  readonly group: number
  /** Start time in the system's own unit. Together with the pid it identifies a process even after the pid was reused. */
  readonly started: string
  readonly dead: boolean
}

/**
 * Variable that marks everything that a child starts. A grandchild that creates its own session (`setsid`, a daemon, most agents' shells) leaves the
 * process group, but on Linux the mark still finds it. Only a process that left the group, lost its parent and was started with an emptied
 * environment (`env -i setsid`, forked twice) cannot be found; docs/how-to/providers.md says so.
 */
export const markVariable = 'MODELREINS_CHILD_MARK'

const parseStat = (pid: number, stat: string): ProcessEntry | undefined => {
  // The name in parentheses may itself contain parentheses and blanks, so fields are counted from the last parenthesis.
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
    return undefined // it ended between listing and reading
  }
}

/** Cache of marks by pid and start time: a process keeps the mark it was started with. */
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
    return undefined // it ended, or belongs to another user
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

/** How long a table is reused, so that thirty children that are stopped together need only one. */
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

/** Identifies the child that is searched for. */
export interface ChildOrigin {
  /** Its process id, which is also the id of the group that it leads; undefined for a program that was started by other code. */
  readonly root: number | undefined
  readonly mark: string
  /** `performance.now()` after its start. Only a table that was read later can show that none of its processes is left. */
  readonly bornAt: number
  /** Its start time in the system's own unit: processes that started earlier do not belong to it. 0 when unknown. */
  readonly started: number
}

/** Must be called directly after the start. */
export const originOf = (root: number | undefined, mark: string): ChildOrigin => {
  const started = process.platform === 'linux' && root !== undefined ? readEntry(root)?.started : undefined
  return { root, mark, bornAt: performance.now(), started: Number(started ?? 0) }
}

/** Live processes that belong to the child, including itself: by group, by descent, or by mark. POSIX only. */
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
    // A process is a child of the thread that started it.
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
 * The child and its descendants through living parents, found without reading any other process: otherwise thirty workers that are stopped at once
 * would spend the grace period reading tables. Empty when the system does not provide this, or when the child has ended.
 */
export const familyOf = ({ root, started }: ChildOrigin): ProcessEntry[] => {
  // The pid may have been reused since.
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

/** Whether exactly this process still runs. A zombie does not. */
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
