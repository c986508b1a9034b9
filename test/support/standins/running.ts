/** Responsible for saying whether a process runs; a zombie that nobody has reaped does not. */
import { existsSync, readFileSync } from 'node:fs'

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
