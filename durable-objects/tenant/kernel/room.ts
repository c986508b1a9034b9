/**
 * Responsible for what a room is: one subject of a tenant (reviews, artifacts, webhooks, ...), handed to the kernel as one value. Every
 * member is optional. The queue adds its two hooks to this interface (queue/hold.ts).
 */
import type { Result } from '../../../src/domain/result.ts'
import type { Caller, CommandContext, Effects, Live, ReadContext, Store } from './context.ts'
import type { Jump } from './jump-detector.ts'
import type { Host } from './host.ts'
import type { TenantDatabase } from './open-stores.ts'
import type { Forget } from './rollback.ts'
import type { ValueStore } from './value-store.ts'

/** Something that time alone brings about. */
export interface Duty {
  /**
   * When there is something to do next, in milliseconds since 1970; undefined when nothing waits for time. Asked after `run`, so a duty that
   * only begins work behind the commands leaves out what has begun.
   */
  next(ctx: ReadContext): number | undefined
  /** Does what is due at `ctx.at`, in the transaction of its own that precedes every command. Finds nothing to do most of the time. */
  run(ctx: CommandContext): void
}

/** What old rows are judged by. */
export interface PruneContext extends Pick<ReadContext, 'at' | 'store' | 'live' | 'rooms'> {
  /** Rows that are deleted in one go at most: deletes are rows written, too. */
  readonly atOnce: number
}

export interface TableContext {
  readonly db: TenantDatabase
  /** Single values, for what needs no table. */
  readonly values: ValueStore
  /** Takes back what a store remembers of a write that is rolled back. */
  readonly forget: Forget
}

export type Command = (ctx: CommandContext, input: never) => Result<unknown>

/** Resolves when the call should be answered anew; what it resolves to is done after that answer. */
export type Wait = Promise<(() => void) | undefined>

export interface Room {
  readonly name: string
  /** The operations that it answers, by id. */
  readonly commands?: Readonly<Record<string, Command>>
  /** Opens its stores over its tables (`tables.ts` beside it). */
  tables?(opening: TableContext): Partial<Store>
  /** Makes what it keeps in memory, and what works behind the commands. `host.live` is complete once every room has done so. */
  memory?(host: Host): Partial<Live>
  /** Memory is new: derives from the tables what it must know. */
  restore?(ctx: ReadContext): void
  readonly duties?: readonly Duty[]
  /** The server's own time has jumped: it was asleep, or its clock was set back. Called before anything is done about what is overdue. */
  onJump?(ctx: CommandContext, jump: Jump): void
  /** True while something is due that memory alone knows of, so that the object must not hibernate before. */
  awake?(live: Live): boolean
  /** What it does after the commit of a command that asked for it, by kind, in the order in which it was asked for. */
  readonly effects?: { readonly [Kind in keyof Effects]?: (host: Host, effect: Effects[Kind]) => void }
  /** Something was committed; the effects of the commit have been performed. */
  onCommit?(host: Host): void
  /** Work behind the commands, brought to an end: the alarm waits for it. */
  finish?(host: Host): Promise<unknown>
  /** Deletes rows that have had their time; called by the alarm, outside a transaction. */
  prune?(pruning: PruneContext): void
  /** For an operation: what to wait for before a first answer with nothing in it is given. Undefined: nothing, the answer stands. */
  readonly waits?: Readonly<Record<string, (host: Host, caller: Caller, input: object, first: object) => Wait | undefined>>
}
