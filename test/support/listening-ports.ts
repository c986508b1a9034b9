/** Responsible for finding the TCP ports on which given processes listen, from Linux's /proc, without help of these processes. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** Inode and port of every TCP socket in the state LISTEN (0A). */
function listeners(): ReadonlyMap<string, number> {
  const found = new Map<string, number>()
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    for (const line of readFileSync(table, 'utf8').split('\n').slice(1)) {
      const fields = line.trim().split(/\s+/)
      if (fields[3] === '0A') found.set(fields[9] ?? '', Number.parseInt(fields[1]?.split(':').at(-1) ?? '', 16))
    }
  }
  return found
}

export function listeningPorts(pids: readonly number[]): readonly number[] {
  const known = listeners()
  const ports = new Set<number>()
  for (const pid of pids) {
    for (const fd of readdirSync(`/proc/${pid}/fd`)) {
      try {
        const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1]
        const port = inode === undefined ? undefined : known.get(inode)
        if (port !== undefined) ports.add(port)
      } catch {
        // Closed after the folder was read.
      }
    }
  }
  return [...ports]
}
