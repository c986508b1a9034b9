/**
 * Responsible for the interface of a room: one subject of a tenant (reviews, artifacts, webhooks, ...), given to the kernel as one value.
 * All members but `name` are optional. The queue adds its two hooks to this interface (queue/hold.ts).
 */
import type { Result } from '../../../src/domain/result.ts'
import type { Caller, CommandContext, Effects, Live, ReadContext, Store } from './context.ts'
import type { Jump } from './jump-detector.ts'
import type { Host } from './host.ts'
import type { TenantDatabase } from './open-stores.ts'
import type { Forget } from './rollback.ts'
import type { ValueStore } from './value-store.ts'

/** Work that becomes due at a time, without a call. */
export interface Duty {
  /**
   * When the duty has something to do next, milliseconds since 1970; undefined when nothing waits for a time. Called after `run`, so a duty
   * that only starts background work must leave out the work that has started.
   */
  next(ctx: ReadContext): number | undefined
  /** Does what is due at `ctx.at`, in a separate transaction before the next command. */
  run(ctx: CommandContext): void
}

/** The context for deciding which old rows to delete. */
export interface PruneContext extends Pick<ReadContext, 'at' | 'store' | 'live' | 'rooms'> {
  /** The most rows to delete in one call: the platform counts a deleted row as a row written. */
  readonly atOnce: number
}

export interface TableContext {
  readonly db: TenantDatabase
  /** Single values by key, for data that needs no table. */
  readonly values: ValueStore
  /** Registers how to undo the cached part of a write when it is rolled back. */
  readonly forget: Forget
}

export type Command = (ctx: CommandContext, input: never) => Result<unknown>

/** Resolves when the call should be answered again; the function that it resolves to is called after that answer. */
export type Wait = Promise<(() => void) | undefined>

export interface Room {
  readonly name: string
  /** The commands of the room, by operation id. */
  readonly commands?: Readonly<Record<string, Command>>
  /** Opens its stores over its tables (`tables.ts` beside it). */
  tables?(opening: TableContext): Partial<Store>
  /** Creates the room's state in memory and its background workers. `host.live` is complete only after this was called for every room. */
  memory?(host: Host): Partial<Live>
  /** Called once after loading: restores state in memory from the tables. */
  restore?(ctx: ReadContext): void
  readonly duties?: readonly Duty[]
  /** The server's own time has jumped: it was asleep, or its clock was set back. Called before the duties run. */
  onJump?(ctx: CommandContext, jump: Jump): void
  /** True while something is due that only memory knows of, so that the object must not hibernate before. */
  awake?(live: Live): boolean
  /** Handlers by kind of effect: called after the commit, in the order in which the commands requested the effects. */
  readonly effects?: { readonly [Kind in keyof Effects]?: (host: Host, effect: Effects[Kind]) => void }
  /** Called after each commit, when its effects have been performed. */
  onCommit?(host: Host): void
  /** Completes background work; the alarm awaits it. */
  finish?(host: Host): Promise<unknown>
  /** Deletes rows whose retention has ended; called by the alarm, outside a transaction. */
  prune?(pruning: PruneContext): void
  /**
   * For long polling, by operation id: what to wait for when the first answer (`first`) is empty. Undefined: do not wait, return `first`.
   */
  readonly waits?: Readonly<Record<string, (host: Host, caller: Caller, input: object, first: object) => Wait | undefined>>
}
