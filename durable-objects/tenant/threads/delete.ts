/**
 * Responsible for deleting a thread: callers stop seeing it at once, its rows in the tenant object are erased in batches, and
 * `ThreadEraser` erases the rest. The duty resumes an interrupted deletion.
 */
import { limits } from '@modelreins/contract'
import type { Parsed, ThreadDeleted } from '@modelreins/contract'
import { erasurePause } from '../../../src/domain/artifact/artifact.ts'
import { fail, ok } from '../../../src/domain/result.ts'
import type { Result } from '../../../src/domain/result.ts'
import { isoTime } from '../kernel/context.ts'
import type { CommandContext, ReadContext } from '../kernel/context.ts'
import type { Host } from '../kernel/host.ts'
import type { Duty, Wait } from '../kernel/room.ts'
import { abortJob, abortReason } from '../queue/commands/jobs.ts'
import { eraseJob, eraseJobWithId } from '../queue/erase-job.ts'
import type { JobRecord } from '../../../src/domain/job/job-machine.ts'
import type { Erasure } from './erasure-store.ts'

/** Turns that one transaction erases, each with the children of its fan-out. */
const turnsAtOnce = 200
/** Jobs that are erased from streams, R2 and D1 in one batch. */
const jobsAtOnce = 50
/** How long the call waits for the deletion to complete. */
const patienceMs = 5_000

/** Maximum number of job ids in the message of a refusal. */
const named = 10

const show = (ctx: ReadContext, erasure: Erasure): ThreadDeleted => ({
  thread_id: erasure.thread_id,
  erased_jobs: erasure.jobs,
  aborted: [...erasure.aborted],
  complete: erasure.stage === 'done',
  deleted_at: isoTime(erasure.erased_at),
})

const count = (ids: readonly number[], noun: string): string => `${ids.length} ${noun}${ids.length === 1 ? '' : 's'}`

function underWay(thread_id: string, ids: readonly number[]): Result<never> {
  const more = ids.length > named ? ` and ${ids.length - named} more` : ''
  return fail(
    'conflict',
    `${count(ids, 'job')} of the thread ${ids.length === 1 ? 'has' : 'have'} not ended: ${ids.slice(0, named).join(', ')}${more}. Abort the thread first (POST /api/v1/threads/${encodeURIComponent(thread_id)}/abort), or delete it with abort=true.`,
  )
}

/** A repeated idempotency key of this caller returns the deletion that it started, even if a new thread with the same id exists since. */
export function deleteThread(ctx: CommandContext, input: Parsed<'threads.delete'>): Result<ThreadDeleted> {
  const { idempotency_key, ...asked } = input
  const begun = idempotency_key === undefined ? undefined : earlierDeletion(ctx, asked, idempotency_key)
  return begun ?? deleteNow(ctx, asked, idempotency_key)
}

type Asked = Omit<Parsed<'threads.delete'>, 'idempotency_key'>

const keyOf = (ctx: CommandContext, key: string): string => `thread.delete/${ctx.caller.actor.id}/${key}`
const digestOf = (ctx: CommandContext, { thread_id, abort = false }: Asked): string => ctx.sha256(JSON.stringify([thread_id, abort]))

function earlierDeletion(ctx: CommandContext, asked: Asked, key: string): Result<ThreadDeleted> | undefined {
  const known = ctx.store.keys.get(keyOf(ctx, key))
  if (known === undefined) return undefined
  const erasure = ctx.store.erasures.get(known.job_id)
  if (known.digest !== digestOf(ctx, asked) || erasure === undefined)
    return fail('idempotency-conflict', `The key ${key} was used for another deletion of a thread.`)
  ctx.replayed()
  return ok(show(ctx, erasure))
}

function deleteNow(ctx: CommandContext, input: Asked, key: string | undefined): Result<ThreadDeleted> {
  const { thread_id } = input
  const before = ctx.store.erasures.newest(thread_id)
  // This is the same call, run again after waiting: jobs dispatched into the thread meanwhile are not part of its deletion.
  if (key === undefined && before !== undefined && ctx.live.threadEraser.isAsked(before.id)) return ok(show(ctx, before))
  const remember = ({ id }: Erasure): void => {
    if (key !== undefined) ctx.store.keys.remember(keyOf(ctx, key), { digest: digestOf(ctx, input), job_id: id }, ctx.at)
  }
  if (ctx.store.threadStore.get(thread_id) === undefined) {
    if (before === undefined) return fail('not-found', `There is no thread ${thread_id}.`)
    remember(before)
    return ok(show(ctx, before))
  }
  const open = ctx.store.threadStore.inFlight(thread_id)
  if (open.length > 0 && input.abort !== true) return underWay(thread_id, open)
  const aborted = open.slice(0, limits.bulk_jobs)
  for (const id of aborted) {
    const job = ctx.store.jobs.get(id)
    if (job !== undefined) abortJob(ctx, job, abortReason(ctx, 'its thread was deleted'))
  }
  const erasure = ctx.store.erasures.add({
    thread_id,
    through_id: ctx.store.jobs.highestId(),
    stage: 'rows',
    jobs: 0,
    aborted,
    request_id: ctx.request_id,
    erased_at: ctx.at,
    next_at: ctx.at,
    tries: 0,
  })
  remember(erasure)
  ctx.store.threadStore.remove(thread_id)
  ctx.onCommit(() => ctx.live.threadActivity.forget(thread_id))
  ctx.record({
    action: 'thread.delete',
    subject: `thread:${thread_id}`,
    summary: `${ctx.store.threadStore.sums(thread_id).jobs} turns kept here, ${aborted.length} jobs aborted`,
  })
  const after = eraseRows(ctx, erasure)
  eraseElsewhere(ctx)
  return ok(show(ctx, after))
}

export const erasedReason = 'Its thread was deleted'

/** Ids of the children and the merge job of an ended fan-out, including jobs whose rows were pruned before their parent's. */
function familyIn({ outcome }: JobRecord): readonly number[] {
  if (outcome?.fan_out === undefined) return []
  const { children, merge } = outcome.fan_out
  return [...children.map(({ job_id }) => job_id), ...(merge.job_id === null ? [] : [merge.job_id])]
}

/** Erases the next batch of turns in this transaction. */
function eraseRows(ctx: CommandContext, erasure: Erasure): Erasure {
  const ids = ctx.store.threadStore.jobIds(erasure.thread_id, 0, turnsAtOnce + 1, erasure.through_id)
  let erased = 0
  for (const id of ids.slice(0, turnsAtOnce)) {
    const turn = ctx.store.jobs.get(id)
    if (turn === undefined) continue
    const kept = ctx.store.jobs.ofParent(id).map((job) => job.id)
    for (const job of [turn, ...ctx.store.jobs.ofParent(id)]) {
      // Aborting a fan-out also ended its children, so each is read again.
      eraseJob(ctx, ctx.store.jobs.get(job.id) ?? job, erasure.id, erasedReason)
      erased += 1
    }
    for (const gone of familyIn(turn)) if (!kept.includes(gone)) eraseJobWithId(ctx, gone, erasure.id, erasedReason)
  }
  const more = ids.length > turnsAtOnce
  const after: Erasure = { ...erasure, jobs: erasure.jobs + erased, stage: more ? 'rows' : 'archive', next_at: ctx.at }
  ctx.store.erasures.save(after)
  ctx.onCommit(() => ctx.live.due.hint(ctx.at))
  return after
}

/** Starts the erasures that are due, outside of the transaction, and schedules the next try in case they do not complete. */
function eraseElsewhere(ctx: CommandContext): void {
  const jobs = ctx.store.erased.due(ctx.at, jobsAtOnce)
  for (const job of jobs) {
    if (job.state === 'erased') ctx.store.erased.forget(job.job_id)
    else ctx.store.erased.move(job.job_id, { state: job.state, next_at: ctx.at + erasurePause(job.tries), tries: job.tries + 1 })
  }
  const ids = jobs.filter((job) => job.state !== 'erased').map((job) => job.job_id)
  if (ids.length > 0) ctx.after({ kind: 'erase_jobs', ids })
  for (const erasure of ctx.store.erasures.due(['archive', 'rest'], ctx.at, jobsAtOnce)) {
    ctx.store.erasures.save({ ...erasure, next_at: ctx.at + erasurePause(erasure.tries), tries: erasure.tries + 1 })
    ctx.after({ kind: 'erase_thread', id: erasure.id })
  }
}

export const erasureDuty: Duty = {
  next: ({ store }) => {
    const times = [store.erased.nextDue(), store.erasures.nextDue()].flatMap((at) => at ?? [])
    return times.length === 0 ? undefined : Math.min(...times)
  },
  run: (ctx) => {
    for (const erasure of ctx.store.erasures.due(['rows'], ctx.at, 1)) eraseRows(ctx, erasure)
    for (const erasure of ctx.store.erasures.due(['done'], ctx.at, jobsAtOnce)) ctx.store.erasures.forget(erasure.id)
    eraseElsewhere(ctx)
  },
}

async function untilErased({ live }: Host, id: number): Wait {
  await live.threadEraser.finished(id, patienceMs)
  return live.threadEraser.asks(id)
}

/** Makes the call wait: most deletions complete within its timeout, so that callers need not poll. */
export function waitForErasure(host: Host, input: object, first: object): Wait | undefined {
  if (!('complete' in first) || first.complete === true || !('thread_id' in input)) return undefined
  const erasure = host.store.erasures.newest(String(input.thread_id))
  return erasure === undefined || erasure.stage === 'done' ? undefined : untilErased(host, erasure.id)
}
