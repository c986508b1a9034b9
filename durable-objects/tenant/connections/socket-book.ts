/**
 * Responsible for the open worker sockets and the state of each. The platform keeps sockets and their attachments through hibernation, so
 * the attachment is authoritative and this class caches it.
 */
import { limits } from '@modelreins/contract'
import { ChangedIds } from '../kernel/changed-ids.ts'

/** The attachment of a worker socket, at most 16 KiB (platform limit). */
export interface SocketNote {
  readonly worker_id: string
  readonly instance: string
  /** Id of the credential that opened the socket: a rotated token must not stay valid through an old socket. */
  readonly credential: string
  readonly connected_at: number
  /** Number of offers that the worker can take now. */
  readonly credit: number
  readonly greeted: boolean
  /** The worker takes no more work. Stored here because the worker says it only once, and the object may hibernate afterwards. */
  readonly stopping?: boolean
}

export class SocketBook {
  readonly #state: DurableObjectState
  /** Cache of the attachments: reading one deserializes it each time. */
  readonly #notes = new Map<WebSocket, SocketNote>()
  readonly #byWorker = new Map<string, WebSocket>()
  /**
   * Sockets whose attachment may be outdated, with the credit stored in it. Writing is deferred, because serializing an attachment costs as
   * much as a small SQL statement.
   */
  readonly #behind = new Map<WebSocket, number>()
  /** Ids of workers that connected or disconnected. */
  readonly changed = new ChangedIds()
  /** Ids of workers whose credit has changed. */
  readonly credited = new ChangedIds()
  readonly #free = new Set<string>()

  constructor(state: DurableObjectState) {
    this.#state = state
    for (const socket of state.getWebSockets()) {
      const note = socket.deserializeAttachment() as SocketNote | null
      // Sockets that follow events have no worker.
      if (note === null || !('worker_id' in note)) continue
      this.#notes.set(socket, note)
      if (note.greeted) this.#connected(socket, note)
    }
  }

  #connected(socket: WebSocket, { worker_id, credit }: SocketNote): void {
    this.#byWorker.set(worker_id, socket)
    this.changed.add(worker_id)
    this.credited.add(worker_id)
    this.#hasRoom(worker_id, credit)
  }

  #hasRoom(workerId: string, credit: number): void {
    if (credit > 0) this.#free.add(workerId)
    else this.#free.delete(workerId)
  }

  /** Workers that can take an offer now. */
  get free(): ReadonlySet<string> {
    return this.#free
  }

  note(socket: WebSocket): SocketNote | undefined {
    return this.#notes.get(socket)
  }

  keep(socket: WebSocket, note: SocketNote): void {
    socket.serializeAttachment(note)
    this.#behind.delete(socket)
    this.#notes.set(socket, note)
    if (note.greeted) this.#connected(socket, note)
  }

  drop(socket: WebSocket): SocketNote | undefined {
    const note = this.#notes.get(socket)
    this.#behind.delete(socket)
    this.#notes.delete(socket)
    if (note !== undefined && this.#byWorker.get(note.worker_id) === socket) {
      this.#byWorker.delete(note.worker_id)
      this.#free.delete(note.worker_id)
      this.changed.add(note.worker_id)
    }
    return note
  }

  ofWorker(workerId: string): WebSocket | undefined {
    return this.#byWorker.get(workerId)
  }

  workers(): IterableIterator<string> {
    return this.#byWorker.keys()
  }

  all(): IterableIterator<WebSocket> {
    return this.#notes.keys()
  }

  credit(workerId: string): number {
    const socket = this.#byWorker.get(workerId)
    return socket === undefined ? 0 : (this.#notes.get(socket)?.credit ?? 0)
  }

  /**
   * Credit usually rises and falls within one event, so the attachment is written only after the event, and only if the credit differs from
   * the stored one.
   */
  setCredit(workerId: string, credit: number): void {
    const socket = this.#byWorker.get(workerId)
    const note = socket === undefined ? undefined : this.#notes.get(socket)
    if (socket === undefined || note === undefined || note.credit === credit) return
    this.#notes.set(socket, { ...note, credit })
    this.credited.add(workerId)
    this.#hasRoom(workerId, credit)
    if (this.#behind.size === 0) queueMicrotask(() => this.#catchUp())
    if (!this.#behind.has(socket)) this.#behind.set(socket, note.credit)
  }

  #catchUp(): void {
    for (const [socket, said] of this.#behind) {
      const note = this.#notes.get(socket)
      if (note !== undefined && note.credit !== said) socket.serializeAttachment(note)
    }
    this.#behind.clear()
  }

  isStopping(workerId: string): boolean {
    const socket = this.#byWorker.get(workerId)
    return socket !== undefined && this.#notes.get(socket)?.stopping === true
  }

  setStopping(workerId: string, stopping: boolean): void {
    const socket = this.#byWorker.get(workerId)
    const note = socket === undefined ? undefined : this.#notes.get(socket)
    if (socket !== undefined && note !== undefined && (note.stopping ?? false) !== stopping) this.keep(socket, { ...note, stopping })
  }

  /**
   * When the worker was last heard on its socket, milliseconds since 1970; null without a socket. The platform answers pings without waking
   * the object, and records their time.
   */
  heardAt(workerId: string): number | null {
    const socket = this.#byWorker.get(workerId)
    if (socket === undefined) return null
    const pinged = this.#state.getWebSocketAutoResponseTimestamp(socket)?.getTime() ?? 0
    return Math.max(pinged, this.#notes.get(socket)?.connected_at ?? 0)
  }

  isHealthy(workerId: string, at: number): boolean {
    const heard = this.heardAt(workerId)
    return heard !== null && at - heard <= limits.lease_ms
  }
}
