/** Responsible for finding the runtimes that this process has started, and their resource usage. It reads /proc, so most of it needs Linux. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** Clock ticks per second on Linux, the unit of /proc. */
const ticksPerSecond = 100

export interface Reading {
  /** CPU time so far. */
  readonly seconds: number
  readonly megabytes: number
  /** The latest modification time of any database file, and the files' sizes. */
  readonly stored: string
}

const hasProc = (): boolean => existsSync('/proc/self/stat')

/** The fields of /proc for a process, from its state on; the name before them may contain spaces and brackets. */
function statOf(pid: string): { readonly name: string; readonly fields: readonly string[] } {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const end = text.lastIndexOf(')')
  return { name: text.slice(text.indexOf('(') + 1, end), fields: text.slice(end + 2).split(' ') }
}

const secondsOf = (pid: string): number => {
  const { fields } = statOf(pid)
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
}

/** Ids of the children of this process. */
function runtimePids(): readonly string[] {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false
    try {
      const { name, fields } = statOf(pid)
      return Number(fields[1]) === process.pid && name === 'workerd'
    } catch {
      return false
    }
  })
}

/** Starts a server with `start`; returns it with the process id of its runtime. */
export async function withRuntimePid<Server>(start: () => Promise<Server>): Promise<{ readonly server: Server; readonly pid: string }> {
  if (!hasProc()) throw new Error('This bench reads /proc: it runs on Linux')
  const others = new Set(runtimePids())
  const server = await start()
  const pid = runtimePids().find((found) => !others.has(found))
  if (pid === undefined) throw new Error('The runtime is not to be found in /proc')
  return { server, pid }
}

/** Milliseconds of CPU time of all runtimes. Unlike elapsed time, this hardly depends on other load of the machine. Undefined without /proc. */
export const runtimeCpuMs = (): number | undefined =>
  hasProc() ? runtimePids().reduce((sum, pid) => sum + secondsOf(pid), 0) * 1000 : undefined

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    return entry.isDirectory() ? filesBelow(path) : [path]
  })
}

export function readRuntime(pid: string, folder: string): Reading {
  const resident = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  const stored = filesBelow(folder)
    .map((path) => statSync(path))
    .map(({ mtimeMs, size }) => `${mtimeMs} ${size}`)
    .toSorted()
    .join()
  return { seconds: secondsOf(pid), megabytes: Number(resident) / 1024, stored }
}
