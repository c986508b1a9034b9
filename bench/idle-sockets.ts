/** Responsible for what idle connections cost the runtime itself: sockets to the bare object, which does nothing with them. */
import { WebSocket } from 'ws'
import { heapOf } from './inspector.ts'
import { readRuntime, runtimePids } from './runtime-process.ts'
import { post, startFloor } from './servers.ts'

const atOnce = 32

/** Kibibytes of the runtime process, and of the heap of its isolate in it. */
export interface Memory {
  readonly process: number
  readonly heap: number
}

/** After a forced collection: twice, since what the first one sets free may refer to more. `work`: see `heapOf`. */
export async function memoryOf(pid: string, folder: string, inspector: URL, work: () => Promise<unknown>): Promise<Memory> {
  await heapOf(inspector, work)
  const heap = await heapOf(inspector, work)
  return { process: readRuntime(pid, folder).megabytes * 1024, heap: heap / 1024 }
}

/** What each connection adds once there are `many` instead of `few`, in kibibytes. */
export async function idleSockets(few: number, many: number): Promise<Memory> {
  const others = new Set(runtimePids())
  const floor = await startFloor({ inspectorPort: 0 })
  const pid = runtimePids().find((found) => !others.has(found))
  if (pid === undefined) throw new Error('The runtime is not to be found in /proc')
  const sockets: WebSocket[] = []
  const connectUpTo = async (size: number): Promise<Memory> => {
    let next = sockets.length
    const lane = async (): Promise<void> => {
      while (next < size) {
        next += 1
        const socket = new WebSocket(floor.url.replace('http', 'ws'), { perMessageDeflate: false })
        await new Promise((resolve, reject) => void socket.once('open', resolve).once('error', reject))
        sockets.push(socket)
      }
    }
    await Promise.all(Array.from({ length: atOnce }, lane))
    return memoryOf(pid, floor.folder, await floor.inspector(), () => post(`${floor.url}/claims`, '', {}))
  }
  const before = await connectUpTo(few)
  const after = await connectUpTo(many)
  for (const socket of sockets) socket.terminate()
  await floor.stop()
  const each = (of: keyof Memory): number => (after[of] - before[of]) / (many - few)
  return { process: each('process'), heap: each('heap') }
}
