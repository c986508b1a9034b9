/** Responsible for one question: what do thousands of idle workers cost while nothing happens: rows, processor time, memory? It reads /proc, so it runs on Linux. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { WebSocket } from 'ws'
import { limits } from '../contract/src/index.ts'
import type { Answer, Figure } from './measure.ts'
import { startOurs } from './servers.ts'
import type { Bench } from './servers.ts'

const fleets = [1, 5_000] as const
const idleMs = 60_000
/** An alarm backs up the last commit for a minute; from then on nothing is left to do but to sign a head, ten minutes later. */
const settleMs = 90_000
const atOnce = 32
const ticksPerSecond = 100

interface Reading {
  readonly seconds: number
  readonly megabytes: number
  /** Newest change of any database file, and their sizes. */
  readonly stored: string
}

/** The runtime: the child of this process that listens. */
function runtimePid(): string {
  const own = String(process.pid)
  const found = readdirSync('/proc').find((pid) => {
    if (!/^\d+$/.test(pid)) return false
    try {
      const [, name, , parent] = /^\d+ \((.*)\) (\S) (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? []
      return parent === own && name === 'workerd'
    } catch {
      return false
    }
  })
  if (found === undefined) throw new Error('The runtime is not to be found in /proc')
  return found
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    return entry.isDirectory() ? filesBelow(path) : [path]
  })
}

function read(pid: string, folder: string): Reading {
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

/** One worker, greeted and without credit for work, answering nothing and pinging as the SDK does. */
async function connect(bench: Bench, name: string): Promise<WebSocket> {
  const { token } = await bench.register(name)
  const socket = new WebSocket(`${bench.url.replace('http', 'ws')}/api/v1/connect`, { headers: { authorization: `Bearer ${token}` } })
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject).once('open', () => socket.send(JSON.stringify({ type: 'hello', instance: name, slots: 1 })))
    socket.once('message', () => resolve())
  })
  socket.send(JSON.stringify({ type: 'credit', slots: 1 }))
  return socket
}

async function idle(fleet: number): Promise<{ readonly before: Reading; readonly after: Reading; readonly closed: number }> {
  const bench = await startOurs()
  const sockets: WebSocket[] = []
  let next = 0
  const lane = async (): Promise<void> => {
    while (next < fleet) sockets.push(await connect(bench, `idle-${next++}`))
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, fleet) }, lane))
  let closed = 0
  for (const socket of sockets) socket.on('close', () => (closed += 1))
  // Spread over the interval, as a fleet's pings are.
  const pings = sockets.map((socket, index) =>
    setTimeout(
      () => setInterval(() => socket.send('ping'), limits.heartbeat_socket_ms).unref(),
      (index / fleet) * limits.heartbeat_socket_ms,
    ).unref(),
  )
  await pause(settleMs)
  const pid = runtimePid()
  const before = read(pid, bench.folder)
  await pause(idleMs)
  const after = read(pid, bench.folder)
  const lost = closed
  for (const ping of pings) clearTimeout(ping)
  for (const socket of sockets) socket.terminate()
  await bench.stop()
  return { before, after, closed: lost }
}

export async function idleSockets(): Promise<Answer> {
  const figures: Figure[] = []
  const memory: number[] = []
  for (const fleet of fleets) {
    const { before, after, closed } = await idle(fleet)
    if (closed > 0) throw new Error(`${closed} of ${fleet} sockets were closed while idle`)
    const workers = `${fleet.toLocaleString('en')} idle ${fleet === 1 ? 'worker' : 'workers'}`
    const spent = after.seconds - before.seconds
    const changed = before.stored === after.stored ? 0 : 1
    memory.push(after.megabytes)
    figures.push(
      { what: `${workers}: database files changed in a minute`, value: changed, unit: '(0: no)', raw: [changed], target: '0' },
      { what: `${workers}: processor time of the runtime in a minute`, value: spent, unit: 's', raw: [spent] },
      { what: `${workers}: memory of the runtime`, value: after.megabytes, unit: 'MiB', raw: [before.megabytes, after.megabytes] },
    )
  }
  const [few = 0, many = 0] = memory
  const each = ((many - few) * 1024) / (fleets[1] - fleets[0])
  figures.push({ what: 'memory for each further worker', value: each, unit: 'KiB', raw: memory })
  return {
    question: `What do idle workers on sockets cost in a minute (a ping every ${limits.heartbeat_socket_ms / 1000} s each)?`,
    figures,
  }
}
