/**
 * Responsible for which worker sockets are open and what is known of each. The platform keeps sockets and their attachments
 * through hibernation, so the attachment is the truth and this is a view of it.
 */
import { limits } from '@modelreins/contract'
import { ChangedIds } from '../kernel/changed-ids.ts'

/** Kept with the socket, at most 16 KiB (platform limit). */
export interface SocketNote {
  readonly worker_id: string
  readonly instance: string
  /** Credential it was opened with: a rotated token must not live on in an old socket. */
  readonly credential: string
  readonly connected_at: number
  /** Offers it can take now. */
  readonly credit: number
  readonly greeted: boolean
  /** It takes no more work: remembered here since nobody says it again while the object sleeps. */
  readonly stopping?: boolean
}

export class SocketBook {
  readonly #state: DurableObjectState
  /** Mirrors attachments, which are deserialised at each read otherwise. */
  readonly #notes = new Map<WebSocket, SocketNote>()
  readonly #byWorker = new Map<string, WebSocket>()
  /** Sockets whose attachment is behind, and the credit that it says: spelling one costs as much as a small statement. */
  readonly #behind = new Map<WebSocket, number>()
  /** Ids of workers that came or went. */
  readonly changed = new ChangedIds()
  /** Ids of workers whose credit is another one. */
  readonly credited = new ChangedIds()
  readonly #free = new Set<string>()

  constructor(state: DurableObjectState) {
    this.#state = state
    for (const socket of state.getWebSockets()) {
      const note = socket.deserializeAttachment() as SocketNote | null
      // Sockets that follow events carry no worker.
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

  /** Credit is given and used up within one event as a rule: the attachment is written once the event has ended, if it says otherwise then. */
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

  /** When the worker was last heard on its socket: pings are answered by the platform without waking the object. Null without a socket. */
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
