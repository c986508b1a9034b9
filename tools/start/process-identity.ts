/** Responsible for distinguishing a process from a later one with the same id, and for ending exactly the intended one. */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** The start time of a process, as text that is unique for it; undefined when it is gone or cannot be read. */
export function bornAt(pid: number): string | undefined {
  try {
    if (process.platform === 'linux') {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
      // The name is in parentheses and may contain anything, so fields are counted from after it. Field 3 is the state, 22 the start time.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      // A zombie counts as gone, unless its other threads still run: until they end, its ports are in use.
      if (fields[0] === 'Z' && readdirSync(`/proc/${pid}/task`).length <= 1) return undefined
      const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
      return `${boot}:${fields[19] ?? ''}`
    }
    if (process.platform === 'win32') return undefined
    return (
      execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim() ||
      undefined
    )
  } catch {
    return undefined
  }
}

/** Ids of the direct children of this process whose program has this name. */
export function childrenNamed(name: string): readonly number[] {
  try {
    if (process.platform === 'linux') {
      return readdirSync('/proc')
        .filter((entry) => /^\d+$/.test(entry))
        .map(Number)
        .filter((pid) => {
          try {
            const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
            const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
            return parent === process.pid && stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')')) === name
          } catch {
            return false
          }
        })
    }
    if (process.platform === 'win32') return []
    const table = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,comm='], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
    return table.split('\n').flatMap((line) => {
      const match = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line)
      return match?.[2] === String(process.pid) && match[3]?.trim().split('/').at(-1) === name ? [Number(match[1])] : []
    })
  } catch {
    return []
  }
}

/** Ends the process that started at this time, if it still exists, and waits until it is gone. A later process with the same id is not touched. */
export async function endProcess(pid: number, born: string): Promise<boolean> {
  if (bornAt(pid) !== born) return false
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    return false
  }
  for (let waited = 0; waited < 5_000 && bornAt(pid) === born; waited += 20) await sleep(20)
  return true
}
