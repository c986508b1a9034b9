/** Responsible for the order of jobs under a key: what is written when a job changes, and which jobs are released when a key is free. */
import { isTerminal } from '../../../src/domain/job/job-machine.ts'
import type { JobRecord } from '../../../src/domain/job/job-machine.ts'
import { freeAt, isFree, isKeyed, keysOf, stateOf, turnOf } from '../../../src/domain/job/keys.ts'
import type { JobKey, KeyKind, KeyUse } from '../../../src/domain/job/keys.ts'
import { systemActor } from '../kernel/context.ts'
import type { CommandContext, ReadContext } from '../kernel/context.ts'
import { releaseHold } from '../queue/hold.ts'
import { jobSubject, saveJob } from '../queue/save-job.ts'

/** The current use of the key as seen by this job, itself not counted. */
export const useFor = (ctx: Pick<ReadContext, 'at' | 'store'>, job: JobRecord, key: JobKey): KeyUse =>
  ctx.store.turns.use(key, job.id, turnOf(job), ctx.at)

/** The first key that the job must wait for; undefined when all of its keys are free. */
export const blockedBy = (ctx: Pick<ReadContext, 'at' | 'store'>, job: JobRecord): JobKey | undefined =>
  keysOf(job).find((key) => !isFree(key, useFor(ctx, job, key)))

/**
 * Called when a job was written: updates its key rows and, in the same transaction, gives a key that it released to the jobs that wait for
 * it.
 */
export function keepTurns(ctx: CommandContext, job: JobRecord): void {
  if (!isKeyed(job)) return
  const keys = keysOf(job)
  const before = keys.map((key) => ctx.store.turns.of(job.id, key.kind))
  if (isTerminal(job.status)) ctx.store.turns.delete(job.id)
  else noteStates(ctx, job, keys)
  for (const [index, key] of keys.entries()) {
    const was = before[index]?.state
    const is = ctx.store.turns.of(job.id, key.kind)?.state
    // The first waiting job may have needed more of the key than the next one does, so its leaving can release others.
    if ((was === 'holds' && is !== 'holds') || (was === 'waits' && is !== 'holds' && job.hold !== 'key')) serve(ctx, key)
  }
}

function noteStates(ctx: CommandContext, job: JobRecord, keys: readonly JobKey[]): void {
  const blocked = job.hold === 'key' ? (blockedBy(ctx, job)?.kind ?? keys[0]?.kind) : undefined
  for (const key of keys) {
    const state = stateOf(job, key, blocked)
    const turn = turnOf(job)
    const was = ctx.store.turns.of(job.id, key.kind)
    if (was?.state === state && (state !== 'waits' || was.turn === turn)) continue
    ctx.store.turns.save({ job_id: job.id, kind: key.kind, key: key.key, state, turn }, key.most)
    // Recorded in the transaction of the start, so that waiting jobs see it at once.
    if (key.kind === 'rate' && job.status === 'running') ctx.store.turns.noteStart(key.key, ctx.at)
    // The holder has not started: if other jobs wait, a later check finds out whether a worker can start it.
    if (key.kind === 'concurrency' && job.status === 'pending' && state !== 'apart')
      ctx.onCommit(() => ctx.live.contention.add(key.key, ctx.at))
    if (state === 'waits') hintFree(ctx, job, key)
  }
}

/** A rate becomes free by the passage of time, so the alarm must wake the object then. */
function hintFree(ctx: CommandContext, job: JobRecord, key: JobKey): void {
  const at = freeAt(key, useFor(ctx, job, key))
  if (at !== undefined) ctx.onCommit(() => ctx.live.due.hint(at))
}

/** Releases the jobs that wait for this key, in their order, while it is free. */
export function serve(ctx: CommandContext, { kind, key }: { readonly kind: KeyKind; readonly key: string }): void {
  for (;;) {
    const [first] = ctx.store.turns.waiting({ kind, key }, 1)
    const job = first === undefined ? undefined : ctx.store.jobs.get(first.job_id)
    if (job === undefined || job.hold !== 'key') return
    const own = keysOf(job).find((one) => one.kind === kind)
    if (own === undefined) return
    if (!isFree(own, useFor(ctx, job, own))) return hintFree(ctx, job, own)
    goOn(ctx, job, own)
  }
}

function goOn(ctx: CommandContext, job: JobRecord, key: JobKey): void {
  const after = saveJob(ctx, releaseHold(ctx, job, 'key'))
  if (after.hold === 'key') return
  ctx.record({
    action: 'job.release',
    subject: jobSubject(job),
    job_id: job.id,
    worker_id: job.worker_id,
    capability: job.spec.capability,
    summary: key.kind === 'rate' ? 'its rate allows another start' : 'its concurrency key is free',
    actor: systemActor,
  })
}

/** When the next job that waits for a rate can be released, in milliseconds since 1970; undefined when none waits. */
export function nextTurn(ctx: ReadContext): number | undefined {
  const times = ctx.store.turns.waitedFor('rate').flatMap((key) => {
    const [first] = ctx.store.turns.waiting({ kind: 'rate', key }, 1)
    const job = first === undefined ? undefined : ctx.store.jobs.get(first.job_id)
    const own = job === undefined ? undefined : keysOf(job).find((one) => one.kind === 'rate')
    return job === undefined || own === undefined ? [] : (freeAt(own, useFor(ctx, job, own)) ?? [])
  })
  return times.length === 0 ? undefined : Math.min(...times)
}
