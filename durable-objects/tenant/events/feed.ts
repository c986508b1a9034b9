/**
 * Responsible for the connections that follow the tenant's events: replay from the audit rows, then each row as it is committed. Sockets
 * hibernate: their attachments say who follows what, and an idle tenant is not woken for them.
 */
import { closeCodes, limits } from '@modelreins/contract'
import type { AuditRow, FeedFrame } from '@modelreins/contract'
import { eventOf, maySee, maySeePresence, wants, wantsPresence } from '../../../src/domain/event/visibility.ts'
import type { FeedFilter, FeedViewer } from '../../../src/domain/event/visibility.ts'
import { fail, ok } from '../../../src/domain/result.ts'
import type { Result } from '../../../src/domain/result.ts'
import type { Host } from '../kernel/host.ts'
import { PresenceWatch } from './presence-watch.ts'

/** Kept with the socket, at most 16 KiB (platform limit). */
interface Follower {
  readonly kind: 'events'
  readonly viewer: FeedViewer
  readonly filter: FeedFilter
  /** Whose right it rests on, and the key, token or session that it was opened with. */
  readonly owner: string
  readonly credential: string
  /** When the session that it was opened with ends by itself; null for keys and tokens. */
  readonly until: number | null
}

const tag = 'events'
const rowsPerRead = 500

export class Feed {
  readonly #host: Host
  readonly #followers = new Map<WebSocket, Follower>()
  /** The last row that every follower has been told of. */
  #through = 0
  /** Knows the presence of each worker as it was said last, so that only changes are. */
  readonly presence = new PresenceWatch()
  #presenceAt = 0
  #stopPresence: (() => void) | undefined

  constructor(host: Host) {
    this.#host = host
    for (const socket of host.state.getWebSockets(tag)) {
      // Written by `accept` below, and by nobody else.
      const follower = socket.deserializeAttachment() as Follower | null
      if (follower !== null) this.#followers.set(socket, follower)
    }
  }

  /** Memory is new: rows that are there have been told, since a socket that missed one did not survive. */
  begin(): void {
    this.#through = this.#host.live.auditWriter.head.seq
    this.presence.changes(this.#host.read())
  }

  has(socket: WebSocket): boolean {
    return this.#followers.has(socket)
  }

  /** `after`: events with a higher sequence are told first; undefined: from now on. */
  accept(follower: Omit<Follower, 'kind'>, after: number | undefined): Result<WebSocket> {
    if (this.#followers.size >= limits.event_connections)
      return fail('conflict', `${limits.event_connections} event connections are open for this tenant, the maximum. Close one and retry.`)
    this.tell()
    const { 0: client, 1: server } = new WebSocketPair()
    this.#host.state.acceptWebSocket(server, [tag])
    const kept: Follower = { kind: 'events', ...follower }
    server.serializeAttachment(kept)
    this.#followers.set(server, kept)
    this.#replay(server, kept, after ?? this.#through)
    return ok(client)
  }

  #replay(socket: WebSocket, follower: Follower, after: number): void {
    const { audit } = this.#host.store
    const oldest = audit.after(after, 1)[0]?.seq
    const lost = after > this.#through || (after < this.#through && oldest !== after + 1)
    if (lost || this.#through - after > limits.event_replay) {
      const detail = lost
        ? `Events after ${after} are too old, or of another history: fetch the state again.`
        : `More than ${limits.event_replay} events have followed ${after}: fetch the state again.`
      this.#send(socket, textOf({ type: 'reset', seq: this.#through, detail }))
      return
    }
    this.#send(socket, textOf({ type: 'open', seq: after }))
    for (const row of this.#rowsAfter(after)) if (isFor(follower, row)) this.#send(socket, textOf(eventOf(row)))
  }

  *#rowsAfter(after: number): Generator<AuditRow> {
    let last = after
    for (;;) {
      const rows = this.#host.store.audit.after(last, rowsPerRead)
      yield* rows
      const newest = rows.at(-1)
      if (newest === undefined) return
      last = newest.seq
    }
  }

  /** Something was committed: every follower learns of the new rows, each of which is spelt once. */
  tell(): void {
    const { head } = this.#host.live.auditWriter
    const after = this.#through
    this.#through = head.seq
    if (this.#followers.size === 0 || head.seq === after) return
    const now = this.#host.now()
    for (const [socket, follower] of this.#followers)
      if (follower.until !== null && follower.until <= now) this.#close(socket, closeCodes.revoked, 'This session has ended.')
    for (const row of this.#rowsAfter(after)) {
      let text: string | undefined
      for (const [socket, follower] of this.#followers) {
        if (!isFor(follower, row)) continue
        text ??= textOf(eventOf(row))
        this.#send(socket, text)
      }
    }
  }

  /** Whoever is there may have changed: said once a second at most, and only what has changed. */
  tellPresence(): void {
    if (this.#followers.size === 0 || this.#stopPresence !== undefined) return
    const { now, setTimer } = this.#host
    this.#stopPresence = setTimer(() => this.#sayPresence(), Math.max(0, this.#presenceAt + limits.event_presence_ms - now()))
  }

  #sayPresence(): void {
    this.#stopPresence = undefined
    this.#presenceAt = this.#host.now()
    for (const presence of this.presence.changes(this.#host.read())) {
      const text = textOf({ type: 'presence', presence })
      for (const [socket, { viewer, filter }] of this.#followers)
        if (maySeePresence(viewer, presence) && wantsPresence(filter, presence)) this.#send(socket, text)
    }
    const next = this.silenceAt()
    if (next === undefined) return
    this.#host.live.due.hint(next)
    this.#host.rearm()
  }

  /** When a worker that polls will have been silent for so long that it counts as gone; undefined when nobody would be told. */
  silenceAt(): number | undefined {
    return this.#followers.size === 0 ? undefined : this.presence.silenceAt(this.#host.read())
  }

  /** A right has ended: of this owner (by one credential or any), or of everybody. */
  disconnect(owner: string | undefined, credential?: string): void {
    for (const [socket, follower] of this.#followers) {
      if (owner !== undefined && follower.owner !== owner) continue
      if (credential !== undefined && follower.credential !== credential) continue
      this.#close(socket, closeCodes.revoked, 'The right to follow these events has ended.')
    }
  }

  left(socket: WebSocket): void {
    this.#close(socket, 1000, '')
  }

  #close(socket: WebSocket, code: number, reason: string): void {
    this.#followers.delete(socket)
    try {
      socket.close(code, reason)
    } catch {
      // It was closed already.
    }
  }

  #send(socket: WebSocket, text: string): void {
    try {
      socket.send(text)
    } catch {
      // Closed under our hands: it goes on from its last sequence when it connects again.
      this.#followers.delete(socket)
    }
  }
}

const isFor = ({ viewer, filter }: Follower, row: AuditRow): boolean => maySee(viewer, row) && wants(filter, row)

const textOf = (frame: FeedFrame): string => JSON.stringify(frame)
