/** Responsible for the memory that idle connections take in the runtime itself: sockets to a bare object that does nothing with them. */
import type { WebSocket } from 'ws'
import { heapOf } from './inspector.ts'
import { inLanes } from './measure.ts'
import { readRuntime, withRuntimePid } from './runtime-process.ts'
import { post, startFloor } from './servers.ts'
import { openSocket } from './sockets.ts'

const atOnce = 32

/** Kibibytes of the runtime process, and of its isolate's heap within it. */
export interface Memory {
  readonly process: number
  readonly heap: number
}

/** Memory after two forced garbage collections: objects that the first one frees may have kept others alive. `work`: see `heapOf`. */
export async function memoryOf(pid: string, folder: string, inspector: URL, work: () => Promise<unknown>): Promise<Memory> {
  await heapOf(inspector, work)
  const heap = await heapOf(inspector, work)
  return { process: readRuntime(pid, folder).megabytes * 1024, heap: heap / 1024 }
}

/** Kibibytes that each connection adds, from the difference between `many` and `few`. */
export async function idleSockets(few: number, many: number): Promise<Memory> {
  const { server: floor, pid } = await withRuntimePid(() => startFloor({ inspectorPort: 0 }))
  const sockets: WebSocket[] = []
  const connectUpTo = async (size: number): Promise<Memory> => {
    await inLanes(size - sockets.length, atOnce, async () => sockets.push(await openSocket(floor.url)))
    return memoryOf(pid, floor.folder, await floor.inspector(), () => post(`${floor.url}/claims`, '', {}))
  }
  const before = await connectUpTo(few)
  const after = await connectUpTo(many)
  for (const socket of sockets) socket.terminate()
  await floor.stop()
  const each = (of: keyof Memory): number => (after[of] - before[of]) / (many - few)
  return { process: each('process'), heap: each('heap') }
}
