/** Responsible for many workers of one tenant, each on its own socket with room for one job, that end every job at once. */
import type { WebSocket } from 'ws'
import type { ServerFrame } from '@modelreins/contract'
import { limits } from '../contract/src/index.ts'
import { result } from './peers/peer.ts'
import { memoryOf } from './idle-sockets.ts'
import type { Memory } from './idle-sockets.ts'
import { inLanes } from './measure.ts'
import { readRuntime, withRuntimePid } from './runtime-process.ts'
import type { Reading } from './runtime-process.ts'
import { startOurs } from './servers.ts'
import type { OurServer } from './servers.ts'
import { connectWorker } from './sockets.ts'

export interface Fleet {
  readonly size: number
  readonly bench: OurServer
  /** Resolves when the next job has ended. */
  readonly nextEnd: () => Promise<void>
  /** Number of sockets that were closed. */
  readonly closed: () => number
  readonly read: () => Reading
  /** Memory after a forced garbage collection. */
  readonly memory: () => Promise<Memory>
  readonly stop: () => Promise<void>
}

const atOnce = 32

/** Answers a worker's frames: starts each offer and completes each start. */
function serve(socket: WebSocket, onEnd: () => void): void {
  let taken: { readonly token: string; readonly job_id: number } | undefined
  socket.on('message', (data) => {
    const text = String(data)
    if (text === 'pong') return
    const frames: ServerFrame[] = [JSON.parse(text)].flat()
    for (const frame of frames) {
      if (frame.type === 'offer') {
        taken = { token: frame.lease.token, job_id: frame.job.id }
        socket.send(JSON.stringify({ type: 'start', ref: frame.job.id, token: frame.lease.token }))
      } else if (frame.type === 'started') {
        socket.send(
          JSON.stringify([
            { type: 'complete', ref: frame.ref, ...taken, result },
            { type: 'credit', slots: 1 },
          ]),
        )
      } else if (frame.type === 'settled') onEnd()
      else if (frame.type === 'problem') throw new Error(JSON.stringify(frame.problem))
    }
  })
}

async function connect(bench: OurServer, name: string): Promise<WebSocket> {
  const { token } = await bench.register(name)
  const socket = await connectWorker(bench.url, token)
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject).once('message', () => resolve())
    socket.send(JSON.stringify({ type: 'hello', instance: name, slots: 1 }))
  })
  return socket
}

export async function startFleet(size: number): Promise<Fleet> {
  const { server: bench, pid } = await withRuntimePid(() => startOurs({ inspectorPort: 0 }))
  let waiting: () => void = () => undefined
  let closed = 0
  const sockets: WebSocket[] = []
  const pings: NodeJS.Timeout[] = []
  await inLanes(size, atOnce, async (index) => {
    const socket = await connect(bench, `worker-${index}`)
    socket.on('close', () => (closed += 1)).on('error', () => undefined)
    serve(socket, () => waiting())
    socket.send(JSON.stringify({ type: 'credit', slots: 1 }))
    sockets.push(socket)
    // The pings begin with the connection, because connecting thousands takes longer than a silent worker stays online.
    pings.push(setInterval(() => socket.send('ping'), limits.heartbeat_socket_ms).unref())
  })
  return {
    size,
    bench,
    nextEnd: () => new Promise((resolve) => (waiting = resolve)),
    closed: () => closed,
    read: () => readRuntime(pid, bench.folder),
    memory: async () =>
      memoryOf(pid, bench.folder, await bench.inspector(), () => fetch(`${bench.url}/health`).then((answer) => answer.text())),
    stop: async () => {
      for (const ping of pings) clearInterval(ping)
      for (const socket of sockets) socket.terminate()
      await bench.stop()
    },
  }
}
