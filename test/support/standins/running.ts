/** Responsible for reporting which processes a program has started and whether they run; a zombie counts as ended. */
import { existsSync, readFileSync } from 'node:fs'
import { until } from '../until.ts'

export const isRunning = (pid: number): boolean => {
  if (existsSync('/proc/self/stat')) {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
      return stat[stat.lastIndexOf(')') + 2] !== 'Z'
    } catch {
      return false
    }
  }
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** The process ids that a program has written to a file, one per line, once there are `count` of them. */
export const pidsIn = (file: string, count: number): Promise<readonly number[]> =>
  until(
    () => {
      const pids = existsSync(file) ? readFileSync(file, 'utf8').trim().split(/\s+/).map(Number) : []
      return pids.length === count && pids.every((pid) => pid > 0) ? pids : undefined
    },
    60_000,
    () => `${file} does not name ${count} processes`,
  )
