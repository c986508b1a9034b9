/**
 * Responsible for the connections that follow the tenant's events: replay from the audit rows, then each row as it is committed. Sockets
 * hibernate: their attachments store who follows what, and they do not keep an idle tenant awake.
 */
import { closeCodes, limits } from '@modelreins/contract'
import type { AuditRow, FeedFrame } from '@modelreins/contract'
import { eventOf, maySee, maySeePresence, wants, wantsPresence } from '../../../src/domain/event/visibility.ts'
import type { FeedFilter, FeedViewer } from '../../../src/domain/event/visibility.ts'
import { fail, ok } from '../../../src/domain/result.ts'
import type { Result } from '../../../src/domain/result.ts'
import type { Host } from '../kernel/host.ts'
import { PresenceWatch } from './presence-watch.ts'

/** The attachment of a follower's socket, at most 16 KiB (platform limit). */
interface Follower {
  readonly kind: 'events'
  readonly viewer: FeedViewer
  readonly filter: FeedFilter
  /** Id of the member or worker who opened it, and id of the key, token or session that they used. */
  readonly owner: string
  readonly credential: string
  /** When the session that opened it expires, milliseconds since 1970; null for keys and tokens. */
  readonly until: number | null
}

const tag = 'events'
const rowsPerRead = 500

export class Feed {
  readonly #host: Host
  readonly #followers = new Map<WebSocket, Follower>()
  /** Number of the last row that was sent to the followers. */
  #through = 0
  /** Remembers the last sent presence of each worker, so that only changes are sent. */
  readonly presence = new PresenceWatch()
  #presenceAt = 0
  #stopPresence: (() => void) | undefined

  constructor(host: Host) {
    this.#host = host
    for (const socket of host.state.getWebSockets(tag)) {
      // The cast is safe: only `accept` below writes these attachments.
      const follower = socket.deserializeAttachment() as Follower | null
      if (follower !== null) this.#followers.set(socket, follower)
    }
  }

  /** Called once after loading: treats all present rows as sent, because a socket that missed a row did not survive the eviction. */
  begin(): void {
    this.#through = this.#host.live.auditWriter.head.seq
    this.presence.changes(this.#host.read())
  }

  has(socket: WebSocket): boolean {
    return this.#followers.has(socket)
  }

  /** `after`: replays the events with a higher sequence number first; undefined: only new events. Error: `conflict` (too many connections). */
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

  /** Called after each commit: sends the new rows to the followers. Each row is serialized only once. */
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

  /** Called when presence may have changed: sends the changes, at most once per `limits.event_presence_ms`. */
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

  /** When the next silent polling worker will count as gone, milliseconds since 1970; undefined without one, or without followers. */
  silenceAt(): number | undefined {
    return this.#followers.size === 0 ? undefined : this.presence.silenceAt(this.#host.read())
  }

  /** Closes the connections whose right has ended: those of this owner (with this credential, or any), or without an owner all. */
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
      // The socket has just closed: the client reconnects and resumes from its last sequence number.
      this.#followers.delete(socket)
    }
  }
}

const isFor = ({ viewer, filter }: Follower, row: AuditRow): boolean => maySee(viewer, row) && wants(filter, row)

const textOf = (frame: FeedFrame): string => JSON.stringify(frame)
