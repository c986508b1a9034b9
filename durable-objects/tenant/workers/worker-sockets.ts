/**
 * Responsible for worker sockets: accepting them, greeting, one process per name, credit, and closing. Sockets hibernate, so the code must
 * not rely on memory that the attachment does not also hold.
 */
import { closeCodes, hotFrame, issueInWords, issuesOf, limits, workerFrame } from '@modelreins/contract'
import type { ServerFrame, WorkerFrame } from '@modelreins/contract'
import type { Caller, CommandContext, Store } from '../kernel/context.ts'
import type { Host } from '../kernel/host.ts'
import type { SocketNote } from '../connections/socket-book.ts'
import { noteGone } from './presence-commands.ts'
import { answerFrame, problemOf, welcome } from './frames.ts'
import type { WorkerRecord } from '../queue/workforce/worker-store.ts'

/** Largest message, enough for a batch of completions with their inline results. The platform's limit is 32 MiB. */
const messageBytes = 4 * 1024 * 1024
const framesPerMessage = 512

export class WorkerSockets {
  readonly #host: Host
  /** Sockets that have not sent `hello`, each with the function that cancels its time limit. */
  readonly #waiting = new Map<WebSocket, () => void>()
  /** Collects the frames for a socket while its own message is handled, so that one message carries the answers and, after them, new offers. */
  #answering: { readonly socket: WebSocket; readonly behind: ServerFrame[] } | undefined

  constructor(host: Host) {
    this.#host = host
    host.state.setWebSocketAutoResponse(new WebSocketRequestResponsePair('ping', 'pong'))
  }

  /** Accepts an upgrade of a worker that has been authenticated. */
  accept(worker: WorkerRecord, credential: string, at: number): Response {
    const { 0: client, 1: server } = new WebSocketPair()
    this.#hangUpOnSilent(worker.worker_id)
    this.#host.state.acceptWebSocket(server, [worker.worker_id])
    this.#host.live.sockets.keep(server, {
      worker_id: worker.worker_id,
      instance: '',
      credential,
      connected_at: at,
      credit: 0,
      greeted: false,
    })
    const stop = this.#host.setTimer(() => {
      if (this.#host.live.sockets.note(server)?.greeted === false) this.#end(server, closeCodes.protocol_error, 'Say hello first.')
    }, limits.hello_ms)
    this.#waiting.set(server, stop)
    return new Response(null, { status: 101, webSocket: client })
  }

  /** Limits the sockets of a worker that have not sent `hello`: the oldest are closed. Otherwise a worker could open any number. */
  #hangUpOnSilent(workerId: string): void {
    const { sockets } = this.#host.live
    const silent = this.#host.state
      .getWebSockets(workerId)
      .flatMap((socket) => {
        const note = sockets.note(socket)
        return note === undefined || note.greeted ? [] : [{ socket, since: note.connected_at }]
      })
      .toSorted((left, right) => left.since - right.since)
    for (const { socket } of silent.slice(0, Math.max(0, silent.length - limits.silent_sockets + 1)))
      this.#end(socket, closeCodes.protocol_error, 'Say hello first.')
  }

  send(socket: WebSocket, frames: readonly ServerFrame[]): void {
    if (frames.length === 0) return
    if (this.#answering?.socket === socket) {
      this.#answering.behind.push(...frames)
      return
    }
    try {
      socket.send(JSON.stringify(frames.length === 1 ? frames[0] : frames))
    } catch {
      // The socket has just closed: its frames are repeated after a reconnect, or the offers in them expire.
      this.closed(socket)
    }
  }

  push(workerId: string, frames: readonly ServerFrame[]): void {
    const socket = this.#host.live.sockets.ofWorker(workerId)
    if (socket !== undefined) this.send(socket, frames)
  }

  broadcast(frame: ServerFrame): void {
    for (const socket of [...this.#host.live.sockets.all()]) this.send(socket, [frame])
  }

  /** Closes all sockets of a worker, greeted or not. */
  disconnect(workerId: string, code: number, reason: string): void {
    for (const socket of this.#host.state.getWebSockets(workerId)) this.#end(socket, code, reason)
  }

  /** Closes all sockets of the object, greeted or not. */
  disconnectAll(code: number, reason: string): void {
    for (const socket of this.#host.state.getWebSockets()) this.#end(socket, code, reason)
  }

  /** Handles a closed socket. The worker's leases stay until they expire, so that a worker that reconnects in time keeps them. */
  closed(socket: WebSocket): void {
    const { live } = this.#host
    this.#stopWaiting(socket)
    const note = live.sockets.note(socket)
    const heard = note === undefined ? null : live.sockets.heardAt(note.worker_id)
    const dropped = live.sockets.drop(socket)
    if (dropped !== undefined) live.leases.doubt(dropped.worker_id)
    if (dropped === undefined || !dropped.greeted) return
    live.presence.heard(dropped.worker_id, heard ?? 0)
    for (const lease of live.leases.heldBy(dropped.worker_id)) live.due.hint(lease.expires_at)
    this.#host.run(callerOf(this.#host.store, dropped.worker_id), (ctx) => {
      const worker = ctx.store.workers.get(dropped.worker_id)
      if (worker !== undefined && worker.revoked_at === null) noteGone(ctx, worker, heard ?? ctx.at)
      for (const offer of live.leases.dropOffersTo(dropped.worker_id)) ctx.after({ kind: 'wake', pool: offer.pool })
      return []
    })
  }

  #stopWaiting(socket: WebSocket): void {
    this.#waiting.get(socket)?.()
    this.#waiting.delete(socket)
  }

  /** The other side has closed. Answers with a close frame, because the client would otherwise wait half a minute for it. */
  left(socket: WebSocket): void {
    this.#end(socket, 1000, '')
  }

  #end(socket: WebSocket, code: number, reason: string): void {
    try {
      socket.close(code, reason)
    } catch {
      // It was closed already.
    }
    this.closed(socket)
  }

  message(socket: WebSocket, data: string | ArrayBuffer): void {
    const note = this.#host.live.sockets.note(socket)
    if (note === undefined) return this.#end(socket, closeCodes.protocol_error, 'This connection is not known any more: connect again.')
    const worker = this.#host.store.workers.get(note.worker_id)
    if (worker === undefined || worker.revoked_at !== null) return this.#end(socket, closeCodes.revoked, 'This worker has been revoked.')
    // Check with each message, so that an open socket ends when its token is replaced or its tenant is suspended.
    const credential = this.#host.store.credentials.find(note.credential)
    if (credential === undefined || credential.revoked_at !== null || this.#host.store.identity.get()?.suspended !== false)
      return this.#end(socket, closeCodes.revoked, 'The token of this connection is no longer valid.')
    const frames = parseMessage(data)
    if ('reason' in frames) {
      this.send(socket, [{ type: 'problem', ref: null, problem: problemOf({ code: 'invalid-request', detail: frames.reason }) }])
      return
    }
    this.#handle(socket, worker, frames)
  }

  #handle(socket: WebSocket, worker: WorkerRecord, frames: readonly ReadFrame[]): void {
    const caller: Caller = { kind: 'worker', worker, actor: { kind: 'worker', id: worker.worker_id, name: worker.name } }
    const behind: ServerFrame[] = []
    const replies: ServerFrame[] = []
    let refused: Refused | undefined
    this.#answering = { socket, behind }
    try {
      this.#host.run(caller, (ctx) => {
        refused = this.#answer(ctx, socket, worker, frames, replies)
        return []
      })
    } finally {
      this.#answering = undefined
    }
    this.send(socket, [...replies, ...behind])
    if (refused !== undefined) this.#end(socket, refused.code, refused.reason)
  }

  /** Answers the frames in order. Stops at a frame that ends the connection, and returns the close code and reason. */
  #answer(
    ctx: CommandContext,
    socket: WebSocket,
    worker: WorkerRecord,
    frames: readonly ReadFrame[],
    replies: ServerFrame[],
  ): Refused | undefined {
    for (const frame of frames) {
      if ('reason' in frame) {
        replies.push({ type: 'problem', ref: frame.ref, problem: problemOf({ code: 'invalid-request', detail: frame.reason }) })
        continue
      }
      // Earlier frames of the batch may have changed the row (profile, killswitch).
      const current = ctx.store.workers.get(worker.worker_id) ?? worker
      if (frame.type === 'hello') {
        const refused = this.#greet(ctx, socket, current, frame, replies)
        if (refused !== undefined) return refused
      } else if (this.#host.live.sockets.note(socket)?.greeted !== true) {
        return { code: closeCodes.protocol_error, reason: 'Say hello first.' }
      } else if (frame.type === 'credit') {
        this.#credit(ctx, current, frame.slots)
      } else {
        const reply = answerFrame(ctx, this.#host.keys, current, frame)
        if (reply !== undefined) replies.push(reply)
      }
    }
    return undefined
  }

  #credit(ctx: CommandContext, worker: WorkerRecord, slots: number): void {
    const { live } = this.#host
    live.presence.asked(worker.worker_id, ctx.at)
    live.sockets.setCredit(worker.worker_id, slots)
    if (slots > 0) ctx.after({ kind: 'feed', worker_id: worker.worker_id })
  }

  /**
   * Greets a connection, with one process per name: a healthy process keeps the name unless the new one sends `takeover`; a reconnect of the
   * same process replaces its old socket.
   */
  #greet(
    ctx: CommandContext,
    socket: WebSocket,
    worker: WorkerRecord,
    hello: Extract<WorkerFrame, { type: 'hello' }>,
    replies: ServerFrame[],
  ): Refused | undefined {
    const { live } = this.#host
    const other = live.sockets.ofWorker(worker.worker_id)
    const theirs = other === undefined || other === socket ? undefined : live.sockets.note(other)
    if (
      theirs !== undefined &&
      theirs.instance !== hello.instance &&
      hello.takeover !== true &&
      live.sockets.isHealthy(worker.worker_id, ctx.at)
    ) {
      const detail = `${worker.name} is running as ${theirs.instance} already. Stop that one, or start this one with takeover.`
      replies.push({ type: 'problem', ref: null, problem: problemOf({ code: 'name-taken', detail }) })
      return { code: closeCodes.name_taken, reason: detail.slice(0, 120) }
    }
    this.#stopWaiting(socket)
    const mine = live.sockets.note(socket)
    if (mine !== undefined) live.sockets.keep(socket, { ...mine, instance: hello.instance, greeted: true } satisfies SocketNote)
    if (other !== undefined && other !== socket) {
      live.sockets.drop(other)
      other.close(closeCodes.name_taken, `${worker.name} runs as ${hello.instance.slice(0, 60)} now.`.slice(0, 120))
    }
    replies.push(welcome(ctx, worker, hello))
    return undefined
  }
}

/** The close code and reason of a connection that is refused. */
interface Refused {
  readonly code: number
  readonly reason: string
}

/** A frame, or its `ref` and the reason why it is invalid: an invalid frame must not affect the other frames of its message. */
type ReadFrame = WorkerFrame | { readonly ref: number | null; readonly reason: string }

function readFrame(raw: unknown, index: number): ReadFrame {
  const hot = hotFrame(raw)
  if (hot !== undefined) return hot
  const parsed = workerFrame.safeParse(raw)
  if (parsed.success) return parsed.data
  const ref: unknown = typeof raw === 'object' && raw !== null && 'ref' in raw ? raw.ref : null
  const issues = issuesOf(parsed.error, raw).map(issueInWords)
  return { ref: Number.isSafeInteger(ref) ? Number(ref) : null, reason: `frame ${index}: ${issues.join('; ')}` }
}

function parseMessage(data: string | ArrayBuffer): readonly ReadFrame[] | { readonly reason: string } {
  if (typeof data !== 'string') return { reason: 'Frames are JSON text.' }
  if (data.length > messageBytes) return { reason: `A message takes at most ${messageBytes} characters.` }
  let json: unknown
  try {
    json = JSON.parse(data)
  } catch {
    return { reason: 'The message is not JSON.' }
  }
  const raw: readonly unknown[] = Array.isArray(json) ? json : [json]
  if (raw.length === 0 || raw.length > framesPerMessage)
    return { reason: `A message is one frame, or an array of 1 to ${framesPerMessage}.` }
  return raw.map(readFrame)
}

function callerOf(store: Store, workerId: string): Caller {
  const worker = store.workers.get(workerId)
  return worker === undefined
    ? { kind: 'system', actor: { kind: 'system', id: 'system', name: 'ModelReins' } }
    : { kind: 'worker', worker, actor: { kind: 'worker', id: worker.worker_id, name: worker.name } }
}
