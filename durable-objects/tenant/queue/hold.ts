/**
 * Responsible for the hooks by which rooms take part in the queue: a hold, which keeps a job from being offered or started, and the
 * notification that a job was written, or has settled. The queue knows no room; it asks each of them in turn.
 */
import type { EventFields, JobHold, JobRequest } from '@modelreins/contract'
import { queue } from '../../../src/domain/job/job-machine.ts'
import type { JobRecord } from '../../../src/domain/job/job-machine.ts'
import type { Result } from '../../../src/domain/result.ts'
import { declared } from '../../../src/domain/review/risk.ts'
import type { CommandContext, ReadContext } from '../kernel/context.ts'
import type { PruneContext } from '../kernel/room.ts'
import { roomsWith } from '../kernel/rooms-with.ts'
import type { PrunedJob } from './job-store.ts'
import type { Pool } from './pool-store.ts'
import type { WorkerRecord } from './workforce/worker-store.ts'

/** Whether a worker may start a job as things are now. */
export type Clearance =
  | { readonly kind: 'pass' }
  /** The worker does not declare the capability. */
  | { readonly kind: 'undeclared' }
  | Refusal

export interface Refusal {
  readonly kind: 'refused'
  /** A phrase after the job's or worker's name, such as "needs a decision". */
  readonly why: string
  /** True: another worker may start the job as it is, so it stays in the queue. False: `before` would hold it. */
  readonly staysQueued: () => boolean
}

/** Why a hold is asked how a job should wait. */
export type HoldTrigger =
  /** It is about to wait in the queue. `was`: the job before; null for a new one. */
  | { readonly kind: 'queued'; readonly was: JobRecord | null }
  /** This worker asked for work, and `clear` refuses it the job. */
  | { readonly kind: 'refused'; readonly worker: WorkerRecord }

/** What the audit row of a start says of a hold that let it pass. */
export interface Spent extends Partial<Pick<EventFields, 'risk_tier' | 'digest'>> {
  readonly note?: string
  /** Told the number of that row and what it says. */
  readonly recorded?: (seq: number, summary: string) => void
}

export interface Hold {
  /** `job.hold` while this holds a job. */
  readonly reason: JobHold
  /** The job as it should wait: held, released, or the very same. The caller writes it. */
  before(ctx: CommandContext, job: JobRecord, trigger: HoldTrigger): JobRecord
  /** Refuses a dispatch before anything is written; undefined when it may go on. */
  refuse?(ctx: CommandContext, request: JobRequest): Result<never> | undefined
  /** The last word about a job that everything else lets into the queue: held, or the very same. Asked at every write. */
  admit?(ctx: CommandContext, job: JobRecord): JobRecord
  /** What a job that this holds waits for, as one sentence. */
  explain?(ctx: ReadContext, job: JobRecord): string
  /** Whether this worker may start the job now. Writes nothing. */
  clear(ctx: ReadContext, job: JobRecord, worker: WorkerRecord): Extract<Clearance, { kind: 'pass' }> | Refusal
  /** Whether a worker that is offered these jobs cannot be offered this one beside them. Asked where `pools.refuses` says that some are refused. */
  excludes?(worker: WorkerRecord, chosen: readonly JobRecord[], job: JobRecord): boolean
  /** An attempt starts, in this transaction: spends what let it. */
  spend(ctx: CommandContext, running: JobRecord, worker: WorkerRecord): Spent
  /** How jobs are told apart in the queue, so that refused ones hide no others. Without it, every job is looked at by itself. */
  readonly pools?: {
    /** The job carries a decision of its own, and waits apart from those that do not. */
    released(ctx: ReadContext, job: JobRecord): boolean
    /** Which jobs of the pool `clear` refuses this worker. */
    refuses(pool: Pool, worker: WorkerRecord): Refuses
  }
}
export type Refuses = 'none' | 'some' | 'all'

declare module '../kernel/room.ts' {
  interface Room {
    readonly hold?: Hold
    /** What a dispatch has unless it says otherwise. The first room that knows something has the say. */
    defaults?(ctx: CommandContext, request: JobRequest): JobRequest
    /** A job was written as it is, new or changed. */
    onSaved?(ctx: CommandContext, job: JobRecord): void
    /** A job has ended for good, and has been saved as it is. */
    onSettled?(ctx: CommandContext, job: JobRecord): void
    /** A job, which has ended, is erased in this transaction, kept here or in the archive alone: nothing of what it was about may stay. */
    onErased?(ctx: CommandContext, job: Pick<JobRecord, 'id'>): void
    /** Rows of jobs have had their time, and go now. */
    onPruned?(pruning: PruneContext, old: readonly PrunedJob[]): void
  }
}

/** Asked several times for every job: the list of rooms is the same for an object's life. */
const known = new WeakMap<ReadContext['rooms'], readonly Hold[]>()

function holdsOf({ rooms }: Pick<ReadContext, 'rooms'>): readonly Hold[] {
  let holds = known.get(rooms)
  if (holds === undefined) {
    holds = rooms.flatMap((room) => room.hold ?? [])
    known.set(rooms, holds)
  }
  return holds
}

/** The job as it should wait. The first hold that holds it has the say until it lets go. */
export function beforeQueue(ctx: CommandContext, job: JobRecord, trigger: HoldTrigger): JobRecord {
  let after = job
  for (const hold of holdsOf(ctx)) {
    after = hold.before(ctx, after, trigger)
    if (after.hold === hold.reason) break
  }
  return after
}

/** The job that this hold no longer holds: in the queue from now on, unless one of the holds behind it holds it. */
export function releaseHold(ctx: CommandContext, job: JobRecord, reason: JobHold): JobRecord {
  const holds = holdsOf(ctx)
  let after = queue(job, ctx.at)
  for (const hold of holds.slice(holds.findIndex((one) => one.reason === reason) + 1)) {
    after = hold.before(ctx, after, { kind: 'queued', was: job })
    if (after.hold === hold.reason) break
  }
  return after
}

/** A job that may be offered, as it is written: something may still have it wait for its turn. */
export function admitted(ctx: CommandContext, job: JobRecord): JobRecord {
  for (const hold of holdsOf(ctx)) {
    if (job.status !== 'pending' || job.hold !== null) return job
    const after = hold.admit?.(ctx, job) ?? job
    if (after !== job) return after
  }
  return job
}

/** The request with what it leaves to others. */
export const withDefaults = (ctx: CommandContext, request: JobRequest): JobRequest =>
  roomsWith(ctx.rooms, 'defaults').reduce((given, room) => room.defaults(ctx, given), request)

/** The first hold that refuses the dispatch; undefined when none does. */
export function dispatchRefused(ctx: CommandContext, request: JobRequest): Result<never> | undefined {
  for (const hold of holdsOf(ctx)) {
    const refused = hold.refuse?.(ctx, request)
    if (refused !== undefined) return refused
  }
  return undefined
}

/** What a held job waits for; undefined when its hold has no words of its own. */
export const holdInWords = (ctx: ReadContext, job: JobRecord): string | undefined =>
  holdsOf(ctx)
    .find((hold) => hold.reason === job.hold)
    ?.explain?.(ctx, job)

export function clearanceOf(ctx: ReadContext, job: JobRecord, worker: WorkerRecord): Clearance {
  const { capability } = job.spec
  if (capability !== null && declared(worker.capabilities, capability) === undefined) return { kind: 'undeclared' }
  for (const hold of holdsOf(ctx)) {
    const clearance = hold.clear(ctx, job, worker)
    if (clearance.kind !== 'pass') return clearance
  }
  return { kind: 'pass' }
}

export const excluded = (ctx: Pick<ReadContext, 'rooms'>, worker: WorkerRecord, chosen: readonly JobRecord[], job: JobRecord): boolean =>
  chosen.length > 0 && holdsOf(ctx).some((hold) => hold.excludes?.(worker, chosen, job) === true)

/** All that let the attempt start is spent; answers what its audit row should say. */
export function spendHolds(ctx: CommandContext, running: JobRecord, worker: WorkerRecord): Required<Spent> {
  const spent = holdsOf(ctx).map((hold) => hold.spend(ctx, running, worker))
  return {
    risk_tier: spent.find((one) => one.risk_tier != null)?.risk_tier ?? null,
    digest: spent.find((one) => one.digest != null)?.digest ?? null,
    note: spent.map((one) => one.note ?? '').join(''),
    recorded: (seq, summary) => spent.forEach((one) => one.recorded?.(seq, summary)),
  }
}

export const isReleased = (ctx: ReadContext, job: JobRecord): boolean =>
  holdsOf(ctx).some((hold) => hold.pools?.released(ctx, job) === true)

export function refusesOf(ctx: Pick<ReadContext, 'rooms'>, pool: Pool, worker: WorkerRecord): Refuses {
  const found = holdsOf(ctx).map((hold) => hold.pools?.refuses(pool, worker) ?? 'some')
  return found.includes('all') ? 'all' : found.includes('some') ? 'some' : 'none'
}

export function notifySaved(ctx: CommandContext, job: JobRecord): void {
  for (const room of roomsWith(ctx.rooms, 'onSaved')) room.onSaved(ctx, job)
}

export function notifySettled(ctx: CommandContext, job: JobRecord): void {
  for (const room of roomsWith(ctx.rooms, 'onSettled')) room.onSettled(ctx, job)
}

export function notifyErased(ctx: CommandContext, job: Pick<JobRecord, 'id'>): void {
  for (const room of ctx.rooms) room.onErased?.(ctx, job)
}

export function notifyPruned(pruning: PruneContext, old: readonly PrunedJob[]): void {
  for (const room of pruning.rooms) room.onPruned?.(pruning, old)
}
