/** Responsible for what a runtime process has used: processor time, memory, and whether its database files have changed. It reads /proc, so it runs on Linux. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

const ticksPerSecond = 100

export interface Reading {
  readonly seconds: number
  readonly megabytes: number
  /** Newest change of any database file, and their sizes. */
  readonly stored: string
}

/** The runtimes that this process has started: its children. */
export function runtimePids(): readonly string[] {
  if (!existsSync('/proc/self/stat')) throw new Error('This bench reads /proc: it runs on Linux')
  const own = String(process.pid)
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false
    try {
      const [, name, , parent] = /^\d+ \((.*)\) (\S) (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? []
      return parent === own && name === 'workerd'
    } catch {
      return false
    }
  })
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    return entry.isDirectory() ? filesBelow(path) : [path]
  })
}

export function readRuntime(pid: string, folder: string): Reading {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
  const resident = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  const stored = filesBelow(folder)
    .map((path) => statSync(path))
    .map(({ mtimeMs, size }) => `${mtimeMs} ${size}`)
    .toSorted()
    .join()
  return { seconds: (Number(stat[11]) + Number(stat[12])) / ticksPerSecond, megabytes: Number(resident) / 1024, stored }
}
