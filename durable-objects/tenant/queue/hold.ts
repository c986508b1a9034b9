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
  /** True: another worker may start the job without a decision, so it stays in the queue. False: `before` would hold it. */
  readonly staysQueued: () => boolean
}

/** Why a hold is asked about a job. */
export type HoldTrigger =
  /** The job is about to enter the queue. `was`: the job before the change; null for a new one. */
  | { readonly kind: 'queued'; readonly was: JobRecord | null }
  /** This worker asked for work, and `clear` refuses it the job. */
  | { readonly kind: 'refused'; readonly worker: WorkerRecord }

/** What a hold that let an attempt start adds to the audit row of the start. */
export interface Spent extends Partial<Pick<EventFields, 'risk_tier' | 'digest'>> {
  readonly note?: string
  /** Called with the sequence number and the summary of that audit row. */
  readonly recorded?: (seq: number, summary: string) => void
}

export interface Hold {
  /** The value of `job.hold` while this hold applies. */
  readonly reason: JobHold
  /** The job as it should wait: held, released, or the same object when nothing changes. The caller writes it. */
  before(ctx: CommandContext, job: JobRecord, trigger: HoldTrigger): JobRecord
  /** Refuses a dispatch before anything is written; undefined when it may go on. */
  refuse?(ctx: CommandContext, request: JobRequest): Result<never> | undefined
  /** The final check of a job that everything else lets into the queue: held, or the same object. Called at every write. */
  admit?(ctx: CommandContext, job: JobRecord): JobRecord
  /** What a job under this hold waits for, as one sentence. */
  explain?(ctx: ReadContext, job: JobRecord): string
  /** Whether this worker may start the job now. Writes nothing. */
  clear(ctx: ReadContext, job: JobRecord, worker: WorkerRecord): Extract<Clearance, { kind: 'pass' }> | Refusal
  /** Whether a worker that is offered `chosen` cannot also be offered this job. Called only where `pools.refuses` is not `none`. */
  excludes?(worker: WorkerRecord, chosen: readonly JobRecord[], job: JobRecord): boolean
  /** An attempt starts in this transaction: uses up what allowed the start, such as a decision. */
  spend(ctx: CommandContext, running: JobRecord, worker: WorkerRecord): Spent
  /** How the queue separates jobs into pools, so that refused jobs do not hide others. Without it, every job is checked individually. */
  readonly pools?: {
    /** True when the job carries a decision of its own. It then waits in a different pool from jobs without one. */
    released(ctx: ReadContext, job: JobRecord): boolean
    /** Which jobs of the pool `clear` refuses this worker. */
    refuses(pool: Pool, worker: WorkerRecord): Refuses
  }
}
export type Refuses = 'none' | 'some' | 'all'

declare module '../kernel/room.ts' {
  interface Room {
    readonly hold?: Hold
    /** Fills in what a dispatch leaves open. Rooms are asked in order, and the first that sets a field wins. */
    defaults?(ctx: CommandContext, request: JobRequest): JobRequest
    /** A job, new or changed, was written in this state. */
    onSaved?(ctx: CommandContext, job: JobRecord): void
    /** A job has ended for good and has been saved. */
    onSettled?(ctx: CommandContext, job: JobRecord): void
    /**
     * An ended job is erased in this transaction, whether its row is here or only in the archive: the room must delete everything that it stores
     * about the job.
     */
    onErased?(ctx: CommandContext, job: Pick<JobRecord, 'id'>): void
    /** Rows of jobs are past their retention and are deleted now. */
    onPruned?(pruning: PruneContext, old: readonly PrunedJob[]): void
  }
}

/** Cached: this is asked several times for every job, and the list of rooms is the same for the object's whole life. */
const known = new WeakMap<ReadContext['rooms'], readonly Hold[]>()

function holdsOf({ rooms }: Pick<ReadContext, 'rooms'>): readonly Hold[] {
  let holds = known.get(rooms)
  if (holds === undefined) {
    holds = rooms.flatMap((room) => room.hold ?? [])
    known.set(rooms, holds)
  }
  return holds
}

/** The job as it should wait. Once a hold applies, only that hold is asked until it releases the job. */
export function beforeQueue(ctx: CommandContext, job: JobRecord, trigger: HoldTrigger): JobRecord {
  let after = job
  for (const hold of holdsOf(ctx)) {
    after = hold.before(ctx, after, trigger)
    if (after.hold === hold.reason) break
  }
  return after
}

/** Releases the job from this hold: it enters the queue, unless one of the later holds applies. */
export function releaseHold(ctx: CommandContext, job: JobRecord, reason: JobHold): JobRecord {
  const holds = holdsOf(ctx)
  let after = queue(job, ctx.at)
  for (const hold of holds.slice(holds.findIndex((one) => one.reason === reason) + 1)) {
    after = hold.before(ctx, after, { kind: 'queued', was: job })
    if (after.hold === hold.reason) break
  }
  return after
}

/** A job that may be offered, as it should be written: a room may still make it wait for its turn. */
export function admitted(ctx: CommandContext, job: JobRecord): JobRecord {
  for (const hold of holdsOf(ctx)) {
    if (job.status !== 'pending' || job.hold !== null) return job
    const after = hold.admit?.(ctx, job) ?? job
    if (after !== job) return after
  }
  return job
}

/** The request with the defaults that the rooms fill in. */
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

/** What a held job waits for; undefined when its hold gives no explanation. */
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

/** Uses up everything that allowed the attempt to start; returns what its audit row should say. */
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
