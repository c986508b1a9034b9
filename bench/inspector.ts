/** Responsible for a CPU profile of the Worker's isolate, taken with the inspector's protocol and mapped back to the bundled sources. */
import { SourceMap } from 'node:module'
import type { WebSocket } from 'ws'
import { openSocket } from './sockets.ts'

interface CallFrame {
  readonly functionName: string
  readonly scriptId: string
  readonly lineNumber: number
  readonly columnNumber: number
}
interface ProfileNode {
  readonly id: number
  readonly callFrame: CallFrame
  readonly children?: readonly number[]
}
interface Profile {
  readonly nodes: readonly ProfileNode[]
  readonly samples: readonly number[]
  /** Microseconds between each sample and the one before. */
  readonly timeDeltas: readonly number[]
}

/** A place in the sources. `module` is a path in the repository or a package in brackets; empty for the engine itself. */
export interface Place {
  readonly module: string
  readonly name: string
}

/** Time spent at one place, and its call stack, with the outermost caller last. */
export interface Spent {
  readonly us: number
  readonly stack: readonly Place[]
}

class Inspector {
  readonly #socket: WebSocket
  readonly #answers = new Map<number, (answer: { readonly result?: unknown; readonly error?: { readonly message: string } }) => void>()
  readonly scripts = new Map<string, { readonly url: string; readonly sourceMapURL: string }>()
  #next = 1

  constructor(socket: WebSocket) {
    this.#socket = socket
    socket.on('message', (data) => {
      const message = JSON.parse(String(data))
      if (message.method === 'Debugger.scriptParsed') this.scripts.set(message.params.scriptId, message.params)
      this.#answers.get(message.id)?.(message)
      this.#answers.delete(message.id)
    })
  }

  call(method: string, params: object = {}): Promise<unknown> {
    const id = this.#next++
    return new Promise((resolve, reject) => {
      this.#answers.set(id, ({ result, error }) =>
        error === undefined ? resolve(result) : reject(new Error(`${method}: ${error.message}`)),
      )
      this.#socket.send(JSON.stringify({ id, method, params }))
    })
  }

  end(): void {
    this.#socket.close()
  }
}

async function inspect(url: URL): Promise<Inspector> {
  const answer = await fetch(`http://${url.host}/json`)
  const targets = (await answer.json()) as readonly { readonly id: string; readonly webSocketDebuggerUrl: string }[]
  const target = targets.find(({ id }) => /modelreins|floor/.test(id))
  if (target === undefined) throw new Error(`The runtime names no isolate of the Worker: ${targets.map(({ id }) => id).join(', ')}`)
  return new Inspector(await openSocket(target.webSocketDebuggerUrl))
}

/** Bytes of the Worker's isolate after a garbage collection. `work` must give the isolate something to do, because an idle one does not collect. */
export async function heapOf(url: URL, work: () => Promise<unknown>): Promise<number> {
  const inspector = await inspect(url)
  await inspector.call('HeapProfiler.enable')
  const collected = inspector.call('HeapProfiler.collectGarbage').then(() => true)
  for (let tries = 0; ; tries += 1) {
    if (await Promise.race([collected, work().then(() => false)])) break
    if (tries === 1_000) throw new Error('The runtime does not collect its garbage')
  }
  const { usedSize } = (await inspector.call('Runtime.getHeapUsage')) as { readonly usedSize: number }
  inspector.end()
  return usedSize
}

const mapOf = (sourceMapURL: string): SourceMap | undefined =>
  sourceMapURL.startsWith('data:')
    ? new SourceMap(JSON.parse(Buffer.from(sourceMapURL.split(',')[1] ?? '', 'base64').toString()))
    : undefined

/** `../node_modules/drizzle-orm/x/y.js` becomes `[drizzle-orm]`; our own code becomes its path in the repository. */
function moduleOf(source: string): string {
  const inPackages = source.split('node_modules/').at(-1)
  // The source maps of drizzle-orm contain wrong paths.
  if (source.includes('node_modules/src/')) return '[drizzle-orm]'
  if (source.includes('node_modules/') && inPackages !== undefined)
    return `[${inPackages
      .split('/')
      .slice(0, inPackages.startsWith('@') ? 2 : 1)
      .join('/')}]`
  return source.replace(/^.*?(?=(?:src|contract|durable-objects|migrations|tools)\/)/, '')
}

const intervalUs = 250
/** A later sample was delayed by a busy processor or disk, which is not time of the code. */
const longestUs = 4 * intervalUs

/** Runs `work` under the profiler; returns the time spent at each place, including the engine's own pauses. */
export async function profileOf(url: URL, work: () => Promise<unknown>): Promise<readonly Spent[]> {
  const inspector = await inspect(url)
  await inspector.call('Profiler.enable')
  await inspector.call('Profiler.setSamplingInterval', { interval: intervalUs })
  await inspector.call('Profiler.start')
  await work()
  const { profile } = (await inspector.call('Profiler.stop')) as { readonly profile: Profile }
  // Enabled after the profile, because an attached debugger makes the code slower.
  await inspector.call('Debugger.enable')
  const maps = new Map([...inspector.scripts].map(([id, { sourceMapURL }]) => [id, mapOf(sourceMapURL ?? '')]))
  inspector.end()
  const places = new Map(
    profile.nodes.map(({ id, callFrame }): [number, Place] => {
      const entry = maps.get(callFrame.scriptId)?.findEntry(callFrame.lineNumber, callFrame.columnNumber)
      const source = entry !== undefined && 'originalSource' in entry ? entry.originalSource : ''
      return [id, { module: source === '' ? '' : moduleOf(source), name: callFrame.functionName || '(anonymous)' }]
    }),
  )
  const callers = new Map(profile.nodes.flatMap(({ id, children = [] }) => children.map((child): [number, number] => [child, id])))
  const spent = new Map<number, number>()
  for (const [index, id] of profile.samples.entries())
    spent.set(id, (spent.get(id) ?? 0) + Math.min(profile.timeDeltas[index] ?? 0, longestUs))
  return [...spent].map(([id, us]) => {
    const stack: Place[] = []
    for (let at: number | undefined = id; at !== undefined; at = callers.get(at)) {
      const place = places.get(at)
      if (place !== undefined) stack.push(place)
    }
    return { us, stack }
  })
}
