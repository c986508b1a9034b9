/** Responsible for a worker socket in tests: says frames, waits for answers, and counts what was sent. */
import type { ServerFrame, WorkerFrame } from '@modelreins/contract'
import type { TestTenant, WorkerHandle } from '../harness.ts'

export class TestSocket {
  readonly received: ServerFrame[] = []
  /** Answers of the platform to `ping`: no frames. */
  pongs = 0
  sent = 0
  closed: { readonly code: number; readonly reason: string } | undefined
  readonly #socket: WebSocket
  readonly #waiting: (() => void)[] = []

  constructor(socket: WebSocket) {
    this.#socket = socket
    socket.accept()
    socket.addEventListener('message', (event) => {
      if (event.data === 'pong') {
        this.pongs += 1
        this.#tell()
        return
      }
      const frames: ServerFrame | ServerFrame[] = JSON.parse(String(event.data))
      this.received.push(...[frames].flat())
      this.#tell()
    })
    socket.addEventListener('close', (event) => {
      this.closed = { code: event.code, reason: event.reason }
      this.#tell()
    })
  }

  static async open(tenant: TestTenant, worker: WorkerHandle): Promise<TestSocket> {
    const response = await tenant.raw.fetch('http://tenant/api/v1/connect', {
      headers: { upgrade: 'websocket', 'x-modelreins-credential': JSON.stringify(worker.credential) },
    })
    if (response.webSocket === null) throw new Error(`no socket: ${response.status} ${await response.text()}`)
    return new TestSocket(response.webSocket)
  }

  /** Opens, greets and waits for the welcome. */
  static async greet(
    tenant: TestTenant,
    worker: WorkerHandle,
    more: Partial<Extract<WorkerFrame, { type: 'hello' }>> = {},
  ): Promise<TestSocket> {
    const socket = await TestSocket.open(tenant, worker)
    socket.send({ type: 'hello', instance: `${worker.name}-1`, ...more })
    await socket.next('welcome')
    return socket
  }

  send(...frames: WorkerFrame[]): void {
    this.sent += 1
    this.#socket.send(JSON.stringify(frames.length === 1 ? frames[0] : frames))
  }

  sendText(text: string): void {
    this.#socket.send(text)
  }

  close(): void {
    this.#socket.close(1000, 'done')
  }

  /** The next frame of a type, taken out of what has been received. */
  async next<Type extends ServerFrame['type']>(type: Type): Promise<Extract<ServerFrame, { type: Type }>> {
    for (;;) {
      const index = this.received.findIndex((frame) => frame.type === type)
      const [frame] = index < 0 ? [] : this.received.splice(index, 1)
      if (frame !== undefined) return frame as Extract<ServerFrame, { type: Type }>
      if (this.closed !== undefined) throw new Error(`closed while waiting for ${type}: ${this.closed.code} ${this.closed.reason}`)
      await this.#change()
    }
  }

  async untilPongs(count: number): Promise<void> {
    while (this.pongs < count) await this.#change()
  }

  async untilClosed(): Promise<{ readonly code: number; readonly reason: string }> {
    while (this.closed === undefined) await this.#change()
    return this.closed
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  #tell(): void {
    for (const wake of this.#waiting.splice(0)) wake()
  }
}
