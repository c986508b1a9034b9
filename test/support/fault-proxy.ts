/**
 * Responsible for simulating network faults: a TCP proxy in front of a real server that delays, resets, withholds and loses data. It reads bytes only
 * as far as a fault requires, and knows no operation.
 */
import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** The fault that applies to every connection, including those already open. */
export type Fault =
  | { readonly kind: 'none' }
  /** Every byte is delayed by this much, in each direction. */
  | { readonly kind: 'latency'; readonly ms: number }
  /** Every connection is reset after this many bytes of answers. */
  | { readonly kind: 'reset'; readonly afterBytes: number }
  /** Nothing passes and no side is told. Withheld data arrives when the fault ends, as after TCP's retransmissions. */
  | { readonly kind: 'blackhole' }

/** Which answer is lost after the server has processed its request: one whose request, or whose own bytes, match. */
export type Loss = { readonly request: RegExp } | { readonly reply: RegExp }

type Way = 'up' | 'down'

interface PendingLoss {
  readonly loss: Loss
  readonly happened: () => void
}

/** One connection: two sockets, and for each direction the data that was received but not forwarded. */
class Line {
  readonly client: Socket
  readonly server: Socket
  readonly queue: Record<Way, Promise<void>> = { up: Promise.resolve(), down: Promise.resolve() }
  answered = 0
  /** Set when the next answer is to be lost. */
  losing: PendingLoss | undefined
  /** Half-open: one side has closed and the other has not been told. */
  silent = false

  constructor(client: Socket, server: Socket) {
    this.client = client
    this.server = server
  }

  reset(): void {
    this.client.resetAndDestroy()
    this.server.resetAndDestroy()
  }
}

const requestLine = /^((?:GET|POST|PUT|PATCH|DELETE) \S+) HTTP\/1\.1\r\n/

export class FaultProxy {
  readonly url: string
  /** Every request of a client, as `POST /dispatch`, in order. */
  readonly requests: string[] = []
  readonly #listener: Server
  readonly #lines = new Set<Line>()
  #fault: Fault = { kind: 'none' }
  #healed: { readonly promise: Promise<void>; readonly resolve: () => void } | undefined
  #loss: PendingLoss | undefined

  private constructor(listener: Server, url: string) {
    this.#listener = listener
    this.url = url
  }

  /** Listens on a free port of this machine in front of the server at `target`. */
  static async open(target: string): Promise<FaultProxy> {
    const { hostname, port } = new URL(target)
    const listener = createServer()
    await new Promise<void>((resolve) => {
      listener.listen(0, '127.0.0.1', resolve)
    })
    const address = listener.address() as AddressInfo // a TCP server's address is never a path
    const proxy = new FaultProxy(listener, `http://127.0.0.1:${address.port}`)
    listener.on('connection', (client) => proxy.#accept(client, connect({ host: hostname, port: Number(port) })))
    return proxy
  }

  /** Connections that are open now. */
  get lines(): number {
    return this.#lines.size
  }

  set(fault: Fault): void {
    this.#fault = fault
    if (fault.kind === 'blackhole') {
      this.#healed ??= Promise.withResolvers<void>()
    } else {
      this.#healed?.resolve()
      this.#healed = undefined
    }
  }

  /** Closes all connections on one side only; `unaware` is the side that keeps its connection. New connections work normally. */
  halfOpen(unaware: 'client' | 'server'): void {
    for (const line of this.#lines) {
      line.silent = true
      line[unaware === 'client' ? 'server' : 'client'].resetAndDestroy()
    }
  }

  /** Resets all current connections. */
  resetAll(): void {
    for (const line of this.#lines) line.reset()
  }

  /** Loses one answer and resets its connection; resolves when that has happened. */
  loseReply(loss: Loss): Promise<void> {
    return new Promise((resolve) => {
      this.#loss = { loss, happened: resolve }
    })
  }

  async close(): Promise<void> {
    this.set({ kind: 'none' })
    const closed = new Promise<void>((resolve) => {
      this.#listener.close(() => resolve())
    })
    this.resetAll()
    await closed
  }

  #accept(client: Socket, server: Socket): void {
    const line = new Line(client, server)
    this.#lines.add(line)
    for (const socket of [client, server]) {
      socket.setNoDelay(true)
      // `close` handles resets.
      socket.on('error', () => undefined)
    }
    client.on('data', (bytes: Buffer) => this.#take(line, 'up', bytes))
    server.on('data', (bytes: Buffer) => this.#take(line, 'down', bytes))
    client.on('close', () => this.#closed(line, 'up'))
    server.on('close', () => this.#closed(line, 'down'))
  }

  #take(line: Line, way: Way, bytes: Buffer): void {
    if (way === 'up') this.#readRequest(line, bytes)
    const due = performance.now() + (this.#fault.kind === 'latency' ? this.#fault.ms : 0)
    this.#enqueue(line, way, async () => {
      const early = due - performance.now()
      if (early > 0) await sleep(early)
      await this.#healed?.promise
      this.#pass(line, way, bytes)
    })
  }

  #readRequest(line: Line, bytes: Buffer): void {
    const text = bytes.toString('latin1')
    const request = requestLine.exec(text)?.[1]
    if (request !== undefined) this.requests.push(request)
    if (this.#loss !== undefined && 'request' in this.#loss.loss && this.#loss.loss.request.test(text)) {
      line.losing = this.#loss
      this.#loss = undefined
    }
  }

  #enqueue(line: Line, way: Way, act: () => Promise<void> | void): void {
    line.queue[way] = line.queue[way].then(act)
  }

  #pass(line: Line, way: Way, bytes: Buffer): void {
    if (line.silent) return
    if (way === 'up') {
      if (!line.server.destroyed) line.server.write(bytes)
      return
    }
    if (this.#isLost(line, bytes)) return
    if (line.client.destroyed) return
    const fault = this.#fault
    const left = fault.kind === 'reset' ? fault.afterBytes - line.answered : Number.POSITIVE_INFINITY
    line.answered += bytes.length
    if (left >= bytes.length) {
      line.client.write(bytes)
      return
    }
    // Data that was written before a reset may or may not arrive, as on a real network.
    if (left > 0) line.client.write(bytes.subarray(0, left))
    line.reset()
  }

  /** The server has answered, so it has processed the request: the answer is dropped and the connection reset. */
  #isLost(line: Line, bytes: Buffer): boolean {
    if (this.#loss !== undefined && 'reply' in this.#loss.loss && this.#loss.loss.reply.test(bytes.toString('latin1'))) {
      line.losing = this.#loss
      this.#loss = undefined
    }
    if (line.losing === undefined) return false
    line.silent = true
    line.reset()
    line.losing.happened()
    return true
  }

  /** One side has closed: after all data in transit was forwarded, the other side is closed too, unless the line is half-open. */
  #closed(line: Line, way: Way): void {
    if (line.client.destroyed && line.server.destroyed) this.#lines.delete(line)
    this.#enqueue(line, way, async () => {
      await this.#healed?.promise
      if (line.silent) return
      const other = way === 'up' ? line.server : line.client
      if (!other.destroyed) other.destroySoon()
    })
  }
}
