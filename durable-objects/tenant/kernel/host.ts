/** Responsible for what the tenant object offers to its rooms: the platform, time and randomness, and the way to run commands. */
import type { SigningKeys } from '../../../src/domain/access/signing-keys.ts'
import type { TokenKey } from '../../../src/domain/access/token.ts'
import type { Result } from '../../../src/domain/result.ts'
import type { Caller, CommandContext, Effect, Live, ReadContext, Store } from './context.ts'
import type { Room } from './room.ts'

/** The source of time and randomness; tests replace it. */
export interface ClockAndRandom {
  readonly now: () => number
  /** Milliseconds of a monotonic clock with an arbitrary origin. */
  readonly ticks: () => number
  /** In [0, 1). */
  readonly random: () => number
  /** `length` random lower-case letters and digits. */
  readonly randomText: (length: number) => string
  /** Returns a function that cancels the timer. */
  readonly setTimer: (run: () => void, ms: number) => () => void
}

export interface Host extends ClockAndRandom {
  readonly tenant: string
  readonly env: Env
  readonly state: DurableObjectState
  readonly rooms: readonly Room[]
  readonly store: Store
  readonly live: Live
  readonly keys: SigningKeys
  /** The key from which the tenant's audit keys are derived: it stays the same when `keys[0]` is rotated. */
  readonly auditKey: TokenKey
  readonly allowedHosts: readonly string[]
  /** A new context for reading, at the current time. */
  readonly read: () => ReadContext
  /** Runs commands in one transaction. Each checks before it writes, so a command that fails has written nothing to roll back. */
  readonly run: <Value>(caller: Caller, commands: (ctx: CommandContext) => readonly Value[]) => readonly Value[]
  /** Runs one command in its own transaction: a failure rolls back what it wrote. */
  readonly attempt: <Value>(caller: Caller, command: (ctx: CommandContext) => Result<Value>) => Result<Value>
  /** Performs effects outside a command. */
  readonly perform: (effects: readonly Effect[]) => void
  readonly waitUntil: (promise: Promise<unknown>) => void
  /** Logs a failure of background work. */
  readonly failed: (what: string, error: unknown) => void
  /** True while the alarm runs: it does the pending work anyway, so no further alarm is needed for it. */
  readonly inAlarm: () => boolean
  /** Sets the alarm clock again after the next due time has changed. */
  readonly rearm: () => void
}
