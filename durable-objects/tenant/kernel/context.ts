/**
 * Responsible for the context that each command receives: the time (read once), the caller, the stores, the state in memory, and where to
 * add audit rows and effects. A command decides and writes inside one transaction; it awaits nothing. Rooms add their own stores, memory,
 * effects and callers to the interfaces here (`declare module`), each in its `room.ts`, so that the kernel does not depend on any room.
 */
import type { Actor, TenantEvent } from '@modelreins/contract'
import type { Rates } from '../../../src/domain/access/rates.ts'
import type { TokenKey } from '../../../src/domain/access/token.ts'
import type { JumpDetector } from './jump-detector.ts'
import type { Minted, Visit } from './credential.ts'
import type { DueClock } from './due-clock.ts'
import type { Room } from './room.ts'
import type { ValueStore } from './value-store.ts'

/** The stores of all rooms; they share one database. */
export interface Store {
  readonly values: ValueStore
}

/** The state of all rooms that exists only in memory: an eviction loses it. */
export interface Live {
  /** When the object was loaded into memory, milliseconds since 1970. */
  readonly since: number
  readonly due: DueClock
  readonly jumps: JumpDetector
  readonly trail: AuditTrail
  /** Rate limits per caller. */
  readonly rates: Rates
}

/** The kinds of callers, and the data that each kind carries. */
export interface Callers {
  /** The operator of the installation. */
  master: object
  /** No credential, such as a public link. */
  none: object
  /** The tenant object itself. */
  system: object
}
export type Caller = { [Kind in keyof Callers]: { readonly kind: Kind; readonly actor: Actor } & Callers[Kind] }[keyof Callers]

/** What may follow a commit, by kind. A lost effect (eviction after the commit) may only delay something, never make it wrong. */
export interface Effects {}
export type Effect = { [Kind in keyof Effects]: { readonly kind: Kind } & Effects[Kind] }[keyof Effects]

/** An audit row as a command states it; the trail adds the other fields when it seals the row. */
export type AuditNote = TenantEvent

/** The audit trail as commands need it. */
export interface AuditTrail {
  /** Returns the number of the row. */
  append(note: AuditNote, caller: Caller, at: number): number
  /** Stores all appended rows; called once, at the end of the transaction. */
  write(): void
  /** True when all rows from before this time (milliseconds since 1970) are stored outside the object too, so that it may delete them. */
  isShipped(before: number): boolean
}

/** The context for reading. Code that receives only this writes nothing. */
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
  /** Appends an audit row; returns its number. */
  readonly record: (note: AuditNote) => number
  readonly after: (effect: Effect) => void
  /** Defers a change of memory until after the commit, so that a rollback never has to undo it. */
  readonly onCommit: (change: () => void) => void
  /** Commits what the command wrote although it returns a failure. */
  readonly keep: () => void
  /** Rolls back everything that the command wrote, and still returns its answer: for previews. */
  readonly discard: () => void
  /** Hosts (`host` or `host:port`) that the operator allows calls to, in addition to public hosts over https. */
  readonly allowedHosts: readonly string[]
  /** Marks the answer as a replay: the idempotency key matched an earlier call. */
  readonly replayed: () => void
}

export const systemActor: Actor = { kind: 'system', id: 'system', name: 'ModelReins' }
export const systemCaller: Caller = { kind: 'system', actor: systemActor }

/** The most recently formatted times: one command writes and answers the same few times repeatedly. */
const spelled = Array.from({ length: 8 }, () => ({ at: 0, text: new Date(0).toISOString() }))
let oldest = 0

/** Formats milliseconds since 1970 as ISO 8601. */
export function isoTime(at: number): string {
  for (const known of spelled) if (known.at === at) return known.text
  const text = new Date(at).toISOString()
  spelled[oldest] = { at, text }
  oldest = (oldest + 1) % spelled.length
  return text
}
export const isoTimeOrNull = (at: number | null): string | null => (at === null ? null : isoTime(at))

/** A kind named by a worker, in a form that is safe for the audit trail: anything but one word of up to 40 characters becomes `other`. */
export const asWord = (text: string): string => (/^[A-Za-z][\w.-]{0,39}$/.test(text) ? text : 'other')
