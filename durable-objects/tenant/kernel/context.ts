/**
 * Responsible for what a command is given: the time (read once), who calls, the stores, what is known live, and where to
 * leave audit rows and effects. A command decides and writes inside one transaction; it awaits nothing.
 */
import type { Actor, ServerFrame } from '@modelreins/contract'
import type { JobRecord } from '../../../src/domain/job/job-machine.ts'
import type { Rates } from '../../../src/domain/access/rates.ts'
import type { TokenKey } from '../../../src/domain/access/token.ts'
import type { StreamEnd } from '../../job-stream/gate.ts'
import type { CallCredential, Minted, Visit } from './call.ts'
import type { DueClock } from './due-clock.ts'
import type { WatchBook } from '../connections/watch-book.ts'
import type { LeaseBook } from '../queue/lease-book.ts'
import type { PresenceBook } from '../workers/presence-book.ts'
import type { SocketBook } from '../connections/socket-book.ts'
import type { MemberRow } from '../members/credential-store.ts'
import type { Store } from './open-store.ts'
import type { WorkerRecord } from '../workers/worker-store.ts'

export type { Visit }

export type Caller =
  /** `session`: the browser session that called; absent for a key. */
  | { readonly kind: 'member'; readonly actor: Actor; readonly member: MemberRow; readonly session?: string }
  | { readonly kind: 'worker'; readonly actor: Actor; readonly worker: WorkerRecord }
  | {
      readonly kind: 'lease'
      readonly actor: Actor
      readonly worker: WorkerRecord
      readonly lease: Extract<CallCredential, { kind: 'lease' }>['lease']
    }
  | { readonly kind: 'master' | 'none' | 'system'; readonly actor: Actor }

/** What happens after the commit, and may be lost: latency suffers, never correctness. */
export type Effect =
  /** A pool may have work for somebody. */
  | { readonly kind: 'wake'; readonly pool: number }
  /** A worker may be able to take more. */
  | { readonly kind: 'feed'; readonly worker_id: string }
  | { readonly kind: 'push'; readonly worker_id: string; readonly frame: ServerFrame }
  | { readonly kind: 'broadcast'; readonly frame: ServerFrame }
  /** Answers every held poll now, with or without work. */
  | { readonly kind: 'release_polls' }
  | { readonly kind: 'disconnect'; readonly worker_id: string; readonly code: number; readonly reason: string }
  | {
      readonly kind: 'close_stream'
      readonly job_id: number
      readonly attempt: number
      readonly end: StreamEnd | null
      readonly tail: string
      readonly chunks?: number | undefined
    }
  /** A right has ended: streams let go of this member's viewers (by one key or any), or, without one, of all, and ask about their writers anew. */
  | { readonly kind: 'distrust'; readonly member_id?: string; readonly key?: string }
  /** A review changed: whoever waits for it is answered. */
  | { readonly kind: 'review'; readonly review_id: number }
  /** Webhooks have something to send. */
  | { readonly kind: 'deliver' }
  /** Bytes of artifacts that nobody may have any more. */
  | { readonly kind: 'erase'; readonly slugs: readonly string[] }

export interface Live {
  /** When memory began, milliseconds since 1970. */
  readonly since: number
  readonly presence: PresenceBook
  readonly leases: LeaseBook
  readonly sockets: SocketBook
  /** Pools that may have claimable jobs; one that turns out empty is taken out. */
  readonly occupied: Set<number>
  readonly due: DueClock
  readonly watches: WatchBook
  readonly rates: Rates
}

/** A row of the audit trail as a command states it; the rest is filled in when it is sealed. */
export interface AuditNote {
  readonly action: string
  readonly subject: string
  readonly summary: string
  readonly job_id?: number | null
  readonly worker_id?: string | null
  readonly capability?: string | null
  readonly risk_tier?: string | null
  readonly digest?: string | null
  /** Who did it, when it is not the caller. */
  readonly actor?: Actor
}

export interface CommandContext {
  readonly at: number
  readonly tenant: string
  readonly caller: Caller
  readonly request_id: string
  readonly minted?: Minted | undefined
  readonly visit?: Visit | undefined
  readonly stored_result?: string | undefined
  readonly store: Store
  readonly live: Live
  /** Signs lease tokens. */
  readonly key: TokenKey
  /** In [0, 1). */
  readonly random: () => number
  /** `length` random lower-case letters and digits. */
  readonly randomText: (length: number) => string
  readonly sha256: (text: string) => string
  /** Appends an audit row; answers its number. */
  readonly record: (note: AuditNote) => number
  readonly after: (effect: Effect) => void
  /** Changes to memory that must not happen when the transaction is rolled back. */
  readonly onCommit: (change: () => void) => void
  /** The failure that this command answers is what it found out: what it wrote stays all the same. */
  readonly keep: () => void
  /** Hosts that the operator allows calls to, beyond public ones over https: `host` or `host:port`. */
  readonly allowedHosts: readonly string[]
  /** The idempotency key answered an earlier call. */
  readonly replayed: () => void
}

export const systemActor: Actor = { kind: 'system', id: 'system', name: 'ModelReins' }
export const systemCaller: Caller = { kind: 'system', actor: systemActor }

/** ISO 8601 of milliseconds, and null of null. */
export const isoTime = (at: number): string => new Date(at).toISOString()
export const isoTimeOrNull = (at: number | null): string | null => (at === null ? null : isoTime(at))

export const jobSubject = (job: Pick<JobRecord, 'id'>): string => `job:${job.id}`

/** A kind that a worker has named, as a row of the audit trail may show it: a word, where a careless worker might put a sentence. */
export const asWord = (text: string): string => (/^[A-Za-z][\w.-]{0,39}$/.test(text) ? text : 'other')
