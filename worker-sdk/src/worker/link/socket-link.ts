/**
 * Responsible for one worker socket: hello and welcome, frames batched into messages, replies matched to requests by `ref`. It never reconnects and
 * decides nothing; it passes incoming frames on.
 */
import { closeCodes, type Problem, type ServerFrame, type WorkerFrame } from '@modelreins/contract'
import type { Clock } from '../../client/clock.ts'
import { errorFromProblem, ModelReinsError, networkError } from '../../client/error.ts'
import { refusalOf } from '../../client/foreign.ts'
import { parseJson } from '../../client/transport.ts'
import { readFrame } from './read-frame.ts'
import type { OpenSocket, Socket } from './socket.ts'

/** Frames that are not replies. */
export type PushFrame = Exclude<ServerFrame, { type: 'started' | 'settled' | 'problem' }>
export type ReplyFrame = Extract<ServerFrame, { type: 'started' | 'settled' }>
type RequestFrame = Extract<WorkerFrame, { type: 'start' | 'complete' | 'fail' | 'hand_back' }>
type Unreferenced<Frame> = Frame extends unknown ? Omit<Frame, 'ref'> : never

export interface LinkPorts {
  readonly open: OpenSocket
  readonly clock: Clock
  readonly url: string
  readonly token: string
  readonly hello: () => WorkerFrame
  /** How many offers can be taken now. */
  readonly credit: () => number
  readonly onPush: (frame: PushFrame) => void
  /** Called for a frame that this version cannot read. */
  readonly onUnread: (why: string) => void
  /** Called for a refusal that no request waits for. */
  readonly onProblem: (problem: Problem) => void
}

/** How a socket ended; `opened`: whether it ever received a welcome. */
export interface LinkEnd {
  readonly opened: boolean
  readonly code: number
  readonly error: ModelReinsError
}

const welcomeWithinMs = 10_000
const replyWithinMs = 10_000
/** How many frames are handled per turn of the event loop. The frames that they cause are sent while the next ones are handled. */
const framesPerTurn = 50
/**
 * While this many messages are unanswered, frames wait for an answer, but at most `waitForAnswerMs`. A message costs the server about the same for
 * one frame as for many, so frames are batched.
 */
const unansweredMessages = 2
const waitForAnswerMs = 25
/** Sentinel: the server's credit is unknown, so the next credit frame is always sent. */
const unknownCredit = -1

interface Waiting {
  readonly resolve: (frame: ReplyFrame) => void
  readonly reject: (error: ModelReinsError) => void
  readonly cancel: () => void
}

export class SocketLink {
  /** Settles when the socket has ended in any way; never rejects. */
  readonly ended: Promise<LinkEnd>
  readonly #ports: LinkPorts
  readonly #socket: Socket
  readonly #waiting = new Map<number, Waiting>()
  #finish: (end: LinkEnd) => void = () => undefined
  #cancelWelcome: () => void = () => undefined
  #opened = false
  #takes: readonly string[] = []
  #over = false
  #ref = 0
  #outgoing: WorkerFrame[] = []
  /** Received frames that are not handled yet, in order. */
  #incoming: unknown[] = []
  #scheduled = false
  /** The last request of each message that is not answered. */
  readonly #unanswered = new Set<number>()
  #cancelWait: (() => void) | undefined
  #creditChanged = false
  /** The credit as the server knows it: as last sent, minus one for each offer received. */
  #credit = 0
  #lastHeard: number
  #pinged: number | undefined

  constructor(ports: LinkPorts) {
    this.#ports = ports
    this.#lastHeard = ports.clock.now()
    this.ended = new Promise((resolve) => {
      this.#finish = resolve
    })
    this.#cancelWelcome = ports.clock.after(welcomeWithinMs, () => {
      this.#end(0, new ModelReinsError('The server did not answer on the socket', { code: 'timeout' }))
      this.#socket.terminate()
    })
    const url = `${ports.url.replace(/^http/, 'ws')}/api/v1/connect`
    this.#socket = ports.open(
      url,
      { authorization: `Bearer ${ports.token}` },
      {
        onOpen: () => this.#socket.send(JSON.stringify(ports.hello())),
        onMessage: (text) => this.#receive(text),
        onRefused: (status, body) => this.#end(0, refusalOf(ports.url, status, body)),
        onError: (error) => this.#end(0, networkError(ports.url, error)),
        onClose: (code, reason) =>
          this.#end(code, new ModelReinsError(reason === '' ? `The socket was closed (${code})` : reason, { code: 'network' })),
      },
    )
  }

  /** Whether frames may be sent: after the welcome and before the end. */
  get open(): boolean {
    return this.#opened && !this.#over
  }

  /** Whether the server knows frames of this type, which the first version did not have. */
  takes(type: string): boolean {
    return this.#takes.includes(type)
  }

  /** When anything last arrived from the server, by the worker's clock; 0 before its welcome. */
  get heardAt(): number {
    return this.#opened ? this.#lastHeard : 0
  }

  /** Frames sent in one turn of the event loop travel as one message, which the server handles in one commit. */
  send(frame: WorkerFrame): void {
    if (this.#over) return
    this.#outgoing.push(frame)
    this.#schedule()
  }

  /** Called when the credit may have changed: it is sent with the next message. */
  creditChanged(): void {
    if (!this.open) return
    this.#creditChanged = true
    this.#schedule()
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => this.#flush())
  }

  /** `now`: send even if messages are unanswered. */
  #flush(now = false): void {
    this.#scheduled = false
    if (this.#over) return
    if (!now && this.#unanswered.size >= unansweredMessages) {
      this.#cancelWait ??= this.#ports.clock.after(waitForAnswerMs, () => this.#flush(true))
      return
    }
    this.#cancelWait?.()
    this.#cancelWait = undefined
    const frames = this.#outgoing
    this.#outgoing = []
    if (this.#creditChanged) {
      this.#creditChanged = false
      const slots = this.#ports.credit()
      if (slots !== this.#credit) frames.push({ type: 'credit', slots })
      this.#credit = slots
    }
    const last = frames.findLast((frame) => 'ref' in frame)
    if (last !== undefined && 'ref' in last) this.#unanswered.add(last.ref)
    for (const message of messagesOf(frames)) this.#socket.send(message)
  }

  /** Sends a frame and waits for the reply with the same `ref`. Rejects with the problem, or with `network` when the socket ends first. */
  request(frame: Unreferenced<RequestFrame>): Promise<ReplyFrame> {
    if (!this.open) return Promise.reject(new ModelReinsError('The socket is not open', { code: 'network' }))
    this.#ref += 1
    const ref = this.#ref
    return new Promise((resolve, reject) => {
      const cancel = this.#ports.clock.after(replyWithinMs, () => {
        this.#take(ref)
        reject(new ModelReinsError('No reply on the socket', { code: 'timeout' }))
      })
      this.#waiting.set(ref, { resolve, reject, cancel })
      this.send({ ...frame, ref })
    })
  }

  /** Sends a ping. False: the last ping was not answered, so the connection is dead. */
  ping(): boolean {
    if (this.#pinged !== undefined && this.#lastHeard < this.#pinged) return false
    this.#pinged = this.#ports.clock.now()
    if (this.open) this.#socket.send('ping')
    return true
  }

  close(code = 1000, reason = ''): void {
    this.#flush(true)
    this.#socket.close(code, reason)
    this.#end(code, new ModelReinsError('The worker closed the socket', { code: 'network' }))
  }

  /** Drops a connection that does not answer. */
  abandon(): void {
    this.#end(0, new ModelReinsError('The socket went silent', { code: 'network' }))
    this.#socket.terminate()
  }

  #receive(text: string): void {
    if (this.#over) return
    this.#lastHeard = this.#ports.clock.now()
    if (text === 'pong') return
    const value = parseJson(text)
    const busy = this.#incoming.length > 0
    if (Array.isArray(value)) this.#incoming.push(...(value as readonly unknown[]))
    else this.#incoming.push(value)
    if (!busy) this.#handleSome()
  }

  #handleSome(): void {
    this.#handleNext(framesPerTurn)
    if (this.#incoming.length === 0) return
    // Frames that the handled ones caused are sent first.
    this.#schedule()
    setImmediate(() => this.#handleSome())
  }

  #handleNext(most: number): void {
    for (const raw of this.#incoming.slice(0, most)) {
      this.#incoming.shift()
      if (this.#over) return
      if (isOffer(raw) && this.#credit > 0) this.#credit -= 1
      const read = readFrame(raw)
      if (read.ok) this.#handle(read.frame)
      else this.#ports.onUnread(read.why)
    }
  }

  #handle(frame: ServerFrame): void {
    if (frame.type === 'started' || frame.type === 'settled') {
      this.#take(frame.ref)?.resolve(frame)
      return
    }
    if (frame.type === 'problem') {
      const waiting = frame.ref === null ? undefined : this.#take(frame.ref)
      if (waiting === undefined) this.#onUnreferenced(frame.problem)
      else waiting.reject(errorFromProblem(frame.problem.status, frame.problem))
      return
    }
    if (frame.type === 'welcome') {
      this.#opened = true
      this.#takes = frame.takes ?? []
      this.#cancelWelcome()
    }
    this.#ports.onPush(frame)
  }

  /**
   * The server drops a whole message when it cannot read a part of it, and does not say which part. The requests in it are repeated in another way.
   */
  #onUnreferenced(problem: Problem): void {
    if (problem.code === 'name-taken') {
      // This is the answer to hello. The close that follows says the same, but shortened to the limit of a close reason.
      this.#end(closeCodes.name_taken, errorFromProblem(problem.status, problem))
      this.#socket.close(1000, '')
      return
    }
    this.#ports.onProblem(problem)
    if (problem.code !== 'invalid-request') return
    this.#failWaiting(new ModelReinsError('The server did not read the message', { code: 'network' }))
    this.#credit = unknownCredit
    this.creditChanged()
  }

  #failWaiting(error: ModelReinsError): void {
    for (const ref of this.#waiting.keys()) this.#take(ref)?.reject(error)
  }

  #take(ref: number): Waiting | undefined {
    const waiting = this.#waiting.get(ref)
    this.#waiting.delete(ref)
    waiting?.cancel()
    if (this.#unanswered.delete(ref) && this.#cancelWait !== undefined) this.#schedule()
    return waiting
  }

  #end(code: number, error: ModelReinsError): void {
    if (this.#over) return
    // Frames that arrived before the end are still handled.
    this.#handleNext(Number.POSITIVE_INFINITY)
    if (this.#over) return
    this.#over = true
    this.#cancelWait?.()
    this.#cancelWelcome()
    this.#failWaiting(new ModelReinsError('The socket ended before the reply', { code: 'network', cause: error }))
    this.#finish({ opened: this.#opened, code, error })
  }
}

const isOffer = (raw: unknown): boolean => typeof raw === 'object' && raw !== null && 'type' in raw && raw.type === 'offer'

/** The contract's limit for a batch. */
const framesPerMessage = 512
/** Larger messages would block the server for too long. A single frame is at most a few times this size. */
const messageChars = 512 * 1024

/** Combines frames into as few messages as possible. */
function messagesOf(frames: readonly WorkerFrame[]): string[] {
  const messages: string[] = []
  let batch: string[] = []
  let chars = 0
  const close = (): void => {
    if (batch.length > 0) messages.push(batch.length === 1 ? batch.join() : `[${batch.join()}]`)
    batch = []
    chars = 0
  }
  for (const frame of frames) {
    const text = JSON.stringify(frame)
    if (batch.length === framesPerMessage || chars + text.length > messageChars) close()
    batch.push(text)
    chars += text.length
  }
  close()
  return messages
}
