/**
 * Responsible for what a command is given: the time (read once), who calls, the stores, what is known live, and where to leave audit rows
 * and effects. A command decides and writes inside one transaction; it awaits nothing. Rooms add their own stores, books, effects and
 * callers to the interfaces here (`declare module`), each in its `room.ts`, so that the kernel names none of them.
 */
import type { Actor, TenantEvent } from '@modelreins/contract'
import type { Rates } from '../../../src/domain/access/rates.ts'
import type { TokenKey } from '../../../src/domain/access/token.ts'
import type { JumpDetector } from './jump-detector.ts'
import type { Minted, Visit } from './credential.ts'
import type { DueClock } from './due-clock.ts'
import type { Room } from './room.ts'
import type { ValueStore } from './value-store.ts'

/** The stores of all rooms, over one database. */
export interface Store {
  readonly values: ValueStore
}

/** What is known in memory alone, of all rooms: it is new after an eviction. */
export interface Live {
  /** When memory began, milliseconds since 1970. */
  readonly since: number
  readonly due: DueClock
  readonly jumps: JumpDetector
  readonly trail: AuditTrail
  /** How much each caller does in a while. */
  readonly rates: Rates
}

/** Who may call, by kind, and what is known of each. */
export interface Callers {
  /** The operator of the installation. */
  master: object
  /** Nobody: a public link. */
  none: object
  /** The tenant object itself. */
  system: object
}
export type Caller = { [Kind in keyof Callers]: { readonly kind: Kind; readonly actor: Actor } & Callers[Kind] }[keyof Callers]

/** What may happen after a commit, by kind. Losing an effect costs latency, never correctness. */
export interface Effects {}
export type Effect = { [Kind in keyof Effects]: { readonly kind: Kind } & Effects[Kind] }[keyof Effects]

/** A row of the audit trail as a command states it; the rest is filled in when it is sealed. */
export type AuditNote = TenantEvent

/** The audit trail as commands need it. */
export interface AuditTrail {
  /** Answers the number of the row. */
  append(note: AuditNote, caller: Caller, at: number): number
  /** Stores what was appended: once, at the end of the transaction. */
  write(): void
  /** Whether every row from before this time is kept outside the object too: what happened then may be forgotten here. */
  isShipped(before: number): boolean
}

/** What reading takes. Nothing that has only this writes anything. */
export interface ReadContext {
  readonly at: number
  readonly tenant: string
  readonly store: Store
  readonly live: Live
  readonly rooms: readonly Room[]
  /** Signs lease tokens. */
  readonly key: TokenKey
  /** `length` random lower-case letters and digits. */
  readonly randomText: (length: number) => string
  readonly sha256: (text: string) => string
}

export interface CommandContext extends ReadContext {
  readonly caller: Caller
  readonly request_id: string
  readonly minted?: Minted | undefined
  readonly visit?: Visit | undefined
  readonly stored_result?: string | undefined
  /** In [0, 1). */
  readonly random: () => number
  /** Appends an audit row; answers its number. */
  readonly record: (note: AuditNote) => number
  readonly after: (effect: Effect) => void
  /** Changes to memory that must not happen when the transaction is rolled back. */
  readonly onCommit: (change: () => void) => void
  /** The failure that this command answers is what it found out: what it wrote stays all the same. */
  readonly keep: () => void
  /** This command only looked at what it would do: all that it wrote is taken back, and its answer stands. */
  readonly discard: () => void
  /** Hosts that the operator allows calls to, beyond public ones over https: `host` or `host:port`. */
  readonly allowedHosts: readonly string[]
  /** The idempotency key answered an earlier call. */
  readonly replayed: () => void
}

export const systemActor: Actor = { kind: 'system', id: 'system', name: 'ModelReins' }
export const systemCaller: Caller = { kind: 'system', actor: systemActor }

/** Times that were spelled last: what one command writes and answers has few of them. */
const spelled = Array.from({ length: 8 }, () => ({ at: 0, text: new Date(0).toISOString() }))
let oldest = 0

/** ISO 8601 of milliseconds, and null of null. */
export function isoTime(at: number): string {
  for (const known of spelled) if (known.at === at) return known.text
  const text = new Date(at).toISOString()
  spelled[oldest] = { at, text }
  oldest = (oldest + 1) % spelled.length
  return text
}
export const isoTimeOrNull = (at: number | null): string | null => (at === null ? null : isoTime(at))

/** A kind that a worker has named, as a row of the audit trail may show it: a word, where a careless worker might put a sentence. */
export const asWord = (text: string): string => (/^[A-Za-z][\w.-]{0,39}$/.test(text) ? text : 'other')
