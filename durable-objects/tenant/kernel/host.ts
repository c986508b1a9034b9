/** Responsible for what rooms may use of the tenant object that they live in: its platform, its time and chance, and the way to run commands. */
import type { SigningKeys } from '../../../src/domain/access/signing-keys.ts'
import type { TokenKey } from '../../../src/domain/access/token.ts'
import type { Result } from '../../../src/domain/result.ts'
import type { Caller, CommandContext, Effect, Live, ReadContext, Store } from './context.ts'
import type { Room } from './room.ts'

/** Where time and chance come from; tests put their own in. */
export interface ClockAndRandom {
  readonly now: () => number
  /** Milliseconds from any beginning, of a clock that is not set by hand. */
  readonly ticks: () => number
  /** In [0, 1). */
  readonly random: () => number
  /** `length` random lower-case letters and digits. */
  readonly randomText: (length: number) => string
  /** Returns how to stop it. */
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
  /** The key that the tenant's audit keys are derived from: it outlives rotations of the first one. */
  readonly auditKey: TokenKey
  readonly allowedHosts: readonly string[]
  /** What reading takes, now. */
  readonly read: () => ReadContext
  /** Runs commands in one transaction. Each has checked before it writes, so one that fails undoes nothing of the others. */
  readonly run: <Value>(caller: Caller, commands: (ctx: CommandContext) => readonly Value[]) => readonly Value[]
  /** Runs one command in a transaction of its own: a failure takes back what it wrote. */
  readonly attempt: <Value>(caller: Caller, command: (ctx: CommandContext) => Result<Value>) => Result<Value>
  /** Performs effects outside a command. */
  readonly perform: (effects: readonly Effect[]) => void
  readonly waitUntil: (promise: Promise<unknown>) => void
  /** Logs that something behind the commands has failed. */
  readonly failed: (what: string, error: unknown) => void
  /** While the alarm runs: what it does anyway need not be asked of another one. */
  readonly inAlarm: () => boolean
  /** Something is due at another time than the clock was armed for. */
  readonly rearm: () => void
}
