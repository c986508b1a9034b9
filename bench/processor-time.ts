/** Responsible for how long the runtime has computed for us: unlike the time that passes, it says the same on a machine that is busy otherwise. */
import { readFileSync, readdirSync } from 'node:fs'

/** Clock ticks of Linux, in which /proc counts. */
const ticksPerSecond = 100

const statOf = (pid: string): { readonly name: string; readonly fields: readonly string[] } | undefined => {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const end = text.lastIndexOf(')')
    return { name: text.slice(text.indexOf('(') + 1, end), fields: text.slice(end + 2).split(' ') }
  } catch {
    return undefined
  }
}

/** Milliseconds of processor time that the runtimes which this process has started have used so far; undefined where there is no /proc. */
export function runtimeCpuMs(): number | undefined {
  let pids: string[]
  try {
    pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  } catch {
    return undefined
  }
  let ticks = 0
  for (const pid of pids) {
    const stat = statOf(pid)
    if (stat === undefined || Number(stat.fields[1]) !== process.pid || !stat.name.startsWith('workerd')) continue
    ticks += Number(stat.fields[11]) + Number(stat.fields[12])
  }
  return (ticks / ticksPerSecond) * 1000
}
