/**
 * Responsible for a small control plane on a real port, for tests of the SDK: one worker, jobs in memory, the socket and the long
 * poll of the contract, and switches that make it misbehave. It knows no storage, no tenants and no rules beyond that.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  problems,
  workerMessage,
  type Job,
  type KillswitchBrief,
  type ProblemCode,
  type ServerFrame,
  type WorkerConfig,
  type WorkerFrame,
} from '@modelreins/contract'
import { WebSocketServer, type WebSocket } from 'ws'
import { jobOf } from './job.ts'

export interface Seen {
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: unknown
  readonly at: number
}

export const workerToken = 'mrw_acme_abcdefgh12_abcdefghijklmnopqrstuvwx_abcdefghijklmnopqrstuvwx'

/** What happened to a job, as the server saw it. */
export interface Ended {
  readonly job_id: number
  readonly via: 'socket' | 'http'
  readonly kind: 'complete' | 'fail'
  readonly body: Record<string, unknown>
}

export class ControlPlane {
  readonly seen: Seen[] = []
  readonly frames: WorkerFrame[] = []
  readonly messages: string[] = []
  readonly ended: Ended[] = []
  readonly output: { job_id: number; seq: number; stream: string; text: string }[] = []
  readonly acks: unknown[] = []
  readonly jobs = new Map<number, Job>()
  killswitch: KillswitchBrief = { level: 0, active: false, reason: null, generation: 0 }
  config: WorkerConfig = {}
  /** How far its clock is ahead of this machine's. */
  aheadMs = 0
  configVersion = 0
  paused = false
  aborts: { job_id: number; attempt: number; reason: string }[] = []
  heartbeatMs = 10_000
  contextText = ''
  /** Frames that it takes beside those of the first version. */
  takes: readonly string[] = ['hand_back']
  readonly handedBack: number[] = []
  /** Answers the upgrade with this status and no socket. */
  refuseSocket: number | undefined
  /** Accepts the socket and never answers anything on it. */
  mute = false
  /** Called before a request is answered; true: it has been dealt with. */
  intercept: (request: Seen, response: ServerResponse) => boolean = () => false
  /** Called before a frame is dealt with; true: it has been. */
  interceptFrame: (frame: WorkerFrame, socket: WebSocket) => boolean = () => false
  url = ''
  readonly #queue: number[] = []
  readonly #server: Server
  readonly #sockets = new WebSocketServer({ noServer: true })
  #socket: WebSocket | undefined
  #credit = 0
  #nextId = 1
  readonly #polls: { max: number; answer: (offers: unknown[]) => void }[] = []
  readonly #watchers: { check: () => boolean; resolve: () => void }[] = []

  constructor() {
    this.#server = createServer((request, response) => void this.#serve(request, response))
    this.#server.on('upgrade', (request, socket, head) => {
      this.#note({ method: 'GET', path: request.url ?? '', headers: request.headers, body: undefined, at: Date.now() })
      const refusal = request.headers.authorization === `Bearer ${workerToken}` ? this.refuseSocket : 401
      if (refusal !== undefined) {
        const body = JSON.stringify(problemOf(refusal === 401 ? 'unauthorized' : 'unavailable'))
        socket.end(
          `HTTP/1.1 ${refusal} No\r\ncontent-type: application/problem+json\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`,
        )
        return
      }
      this.#sockets.handleUpgrade(request, socket, head, (opened) => this.#accept(opened))
    })
  }

  async listen(port = 0): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(port, '127.0.0.1', resolve))
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
    return this
  }

  async close(): Promise<void> {
    for (const client of this.#sockets.clients) client.terminate()
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  get connected(): boolean {
    return this.#socket !== undefined
  }

  get credit(): number {
    return this.#credit
  }

  dispatch(fields: Partial<Job> = {}): number {
    const id = this.#nextId++
    this.jobs.set(id, jobOf({ attempt: 0, ...fields, id }))
    this.#queue.push(id)
    this.#feed()
    return id
  }

  push(frame: ServerFrame | ServerFrame[]): void {
    this.#socket?.send(JSON.stringify(frame))
  }

  /** Ends the worker's socket from this side; without a code the connection is cut. */
  cut(code?: number, reason = ''): void {
    if (code === undefined) this.#socket?.terminate()
    else this.#socket?.close(code, reason)
  }

  /** Settles when the condition holds; it is looked at after everything that arrives. */
  until(check: () => boolean): Promise<void> {
    if (check()) return Promise.resolve()
    return new Promise((resolve) => this.#watchers.push({ check, resolve }))
  }

  endOf(jobId: number): Ended | undefined {
    return this.ended.find((ended) => ended.job_id === jobId)
  }

  outputOf(jobId: number): string {
    return this.output
      .filter((chunk) => chunk.job_id === jobId)
      .map((chunk) => chunk.text)
      .join('')
  }

  requests(method: string, path: string): Seen[] {
    return this.seen.filter((request) => request.method === method && request.path.split('?')[0] === path)
  }

  leaseOf(jobId: number): { token: string; attempt: number; expires_at: string } {
    return { token: `mrl_test_${jobId}`, attempt: 1, expires_at: new Date(Date.now() + 30_000).toISOString() }
  }

  presenceReply() {
    return {
      worker: { worker_id: 'wktest0000000', name: 'registered', paused: this.paused, capabilities: [] },
      config: this.config,
      config_version: this.configVersion,
      killswitch: this.killswitch,
      aborts: this.aborts,
      intervals: { heartbeat_ms: this.heartbeatMs, poll_wait_s: 1 },
      ...(this.aheadMs === 0 ? {} : { server_time: new Date(Date.now() + this.aheadMs).toISOString() }),
    }
  }

  #note(seen: Seen): void {
    this.seen.push(seen)
    this.#look()
  }

  #look(): void {
    for (const watcher of this.#watchers.slice()) {
      if (!watcher.check()) continue
      this.#watchers.splice(this.#watchers.indexOf(watcher), 1)
      watcher.resolve()
    }
  }

  #accept(socket: WebSocket): void {
    socket.on('message', (data) => {
      const text = String(data)
      this.messages.push(text)
      if (this.mute) {
        this.#look()
        return
      }
      if (text === 'ping') {
        socket.send('pong')
        this.#look()
        return
      }
      const parsed = workerMessage.parse(JSON.parse(text))
      for (const frame of Array.isArray(parsed) ? parsed : [parsed]) {
        this.frames.push(frame)
        if (!this.interceptFrame(frame, socket)) this.#onFrame(frame, socket)
      }
      this.#look()
    })
    socket.on('close', () => {
      if (this.#socket === socket) {
        this.#socket = undefined
        this.#credit = 0
      }
      this.#look()
    })
  }

  #onFrame(frame: WorkerFrame, socket: WebSocket): void {
    const send = (answer: ServerFrame): void => socket.send(JSON.stringify(answer))
    if (frame.type === 'hello') {
      this.#socket = socket
      send({ type: 'welcome', ...this.presenceReply(), takes: [...this.takes] })
    } else if (frame.type === 'credit') {
      this.#credit = frame.slots
      this.#feed()
    } else if (frame.type === 'decline') {
      this.#queue.unshift(jobOfToken(frame.token))
      this.#feed()
    } else if (frame.type === 'start') {
      const id = jobOfToken(frame.token)
      send({ type: 'started', ref: frame.ref, attempt: 1, expires_at: this.leaseOf(id).expires_at })
    } else if (frame.type === 'complete' || frame.type === 'fail') {
      const { type, ref, token: _, ...body } = frame
      this.#end({ job_id: body.job_id, via: 'socket', kind: type, body })
      send({ type: 'settled', ref, job_id: body.job_id, status: type === 'complete' ? 'done' : 'failed' })
    } else if (frame.type === 'hand_back') {
      const id = jobOfToken(frame.token)
      this.handedBack.push(id)
      send({ type: 'settled', ref: frame.ref, job_id: id, status: 'pending' })
    } else if (frame.type === 'killswitch_ack' || frame.type === 'abort_ack') this.acks.push(frame)
  }

  #end(ended: Ended): void {
    this.ended.push(ended)
  }

  #feed(): void {
    while (this.#socket !== undefined && this.#credit > 0 && this.#queue.length > 0) {
      this.#credit -= 1
      this.push({ type: 'offer', ...this.#offer(this.#queue.shift() ?? 0) })
    }
    while (this.#polls.length > 0 && this.#queue.length > 0) {
      const poll = this.#polls.shift()
      poll?.answer(this.#queue.splice(0, poll.max).map((id) => this.#offer(id)))
    }
  }

  #offer(id: number): { job: Job; lease: { token: string; attempt: number; expires_at: string } } {
    return { job: this.jobs.get(id) ?? jobOf({ id }), lease: this.leaseOf(id) }
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part as Buffer)
    const raw = Buffer.concat(parts)
    const json = request.headers['content-type'] === 'application/json'
    const seen = {
      method: request.method ?? '',
      path: request.url ?? '',
      headers: request.headers,
      body: json ? JSON.parse(raw.toString()) : raw,
      at: Date.now(),
    }
    if (!this.intercept(seen, response)) this.#answer(seen, response)
    this.#note(seen)
  }

  #answer(seen: Seen, response: ServerResponse): void {
    const body = (seen.body ?? {}) as Record<string, unknown>
    const [path = ''] = seen.path.split('?')
    const lease = /^\/api\/v1\/claims\/(\d+)\/(start|output|complete|fail)$/.exec(path)
    if (seen.headers.authorization !== `Bearer ${lease === null ? workerToken : `mrl_test_${lease[1]}`}`) refuse(response, 'unauthorized')
    else if (lease !== null) this.#answerAttempt(Number(lease[1]), lease[2] ?? '', body, response)
    else if (path === '/api/v1/presence') answer(response, 200, this.presenceReply())
    else if (path === '/api/v1/claims') this.#answerPoll(body, response)
    else if (path === '/api/v1/killswitch')
      answer(response, 200, { ...this.killswitch, raised_by: null, raised_at: null, acknowledged: [], stragglers: [] })
    else if (path === '/api/v1/killswitch/ack') {
      this.acks.push(body)
      answer(response, 200, { ok: true })
    } else if (path === '/api/v1/context')
      answer(response, 200, { policy: 'inline', size: this.contextText.length, context: this.contextText })
    else refuse(response, 'not-found')
  }

  #answerAttempt(id: number, verb: string, body: Record<string, unknown>, response: ServerResponse): void {
    const job = this.jobs.get(id) ?? jobOf({ id })
    if (verb === 'start') answer(response, 200, { job: runningJob(job), lease: this.leaseOf(id), killswitch: this.killswitch })
    else if (verb === 'output') {
      for (const chunk of body['chunks'] as { seq: number; stream: string; text: string }[]) this.output.push({ job_id: id, ...chunk })
      answer(response, 200, { next_seq: this.output.length, closed: false })
    } else {
      this.#end({ job_id: id, via: 'http', kind: verb === 'complete' ? 'complete' : 'fail', body })
      answer(response, 200, { job })
    }
  }

  #answerPoll(body: Record<string, unknown>, response: ServerResponse): void {
    const reply = (offers: unknown[]): void => answer(response, 200, { offers, killswitch: this.killswitch })
    const poll = { max: Number(body['max'] ?? 1), answer: reply }
    this.#polls.push(poll)
    const timer = setTimeout(
      () => {
        const at = this.#polls.indexOf(poll)
        if (at < 0) return
        this.#polls.splice(at, 1)
        reply([])
      },
      Number(body['wait'] ?? 0) * 1_000,
    )
    response.on('close', () => {
      clearTimeout(timer)
      const at = this.#polls.indexOf(poll)
      if (at >= 0) this.#polls.splice(at, 1)
    })
    this.#feed()
  }
}

/** As the real server shows a job that has begun. */
const runningJob = (job: Job): Job => ({
  ...job,
  status: 'running',
  attempt: 1,
  worker_id: 'wktest0000000',
  assigned_to: 'registered',
  error: null,
  started_at: new Date().toISOString(),
})

const jobOfToken = (token: string): number => Number(token.split('_').at(-1))

export function problemOf(code: ProblemCode, detail?: string) {
  const { status, title, retryable } = problems[code]
  return {
    type: `https://modelreins.dev/problems/${code}`,
    status,
    title,
    retryable,
    code,
    instance: 'req-1',
    ...(detail === undefined ? {} : { detail }),
  }
}

export function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': status < 400 ? 'application/json' : 'application/problem+json' })
  response.end(JSON.stringify(body))
}

export const refuse = (response: ServerResponse, code: ProblemCode, detail?: string): void =>
  answer(response, problems[code].status, problemOf(code, detail))
