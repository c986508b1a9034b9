/** Responsible for listing jobs and for what members do to them: update, abort, retry, and asking why. A job with its files: artifacts/. */
import { limits } from '@modelreins/contract'
import type { Job, JobCounts, JobError, Parsed, Why } from '@modelreins/contract'
import {
  end,
  isTerminal,
  wrongState,
  withStopOwed,
  queue,
  revive,
  sizeOf,
  withRequester,
  withoutLost,
} from '../../../../src/domain/job/job-machine.ts'
import { countingCursor } from '../../../../src/domain/cursor.ts'
import { shownResult } from '../../../../src/domain/fan-out/pick.ts'
import { mergeDue } from '../../../../src/domain/fan-out/fan-out.ts'
import type { JobRecord, JobSpec } from '../../../../src/domain/job/job-machine.ts'
import { dispatchRefusal } from '../../../../src/domain/killswitch.ts'
import { fail, ok } from '../../../../src/domain/result.ts'
import type { Result } from '../../../../src/domain/result.ts'
import type { CommandContext } from '../../kernel/context.ts'
import { beforeQueue } from '../hold.ts'
import { noJob, showJob } from '../job-view.ts'
import type { WatchedJob } from '../job-view.ts'
import { closeStream, jobSubject, saveJob, settleJob } from '../save-job.ts'
import type { JobSelection } from '../job-match.ts'
import { resumeAttempt } from './attempts.ts'
import { reassign, findWorker, noWorker } from './dispatch.ts'
import { retargeted } from '../target-gone.ts'
import { watchedChildren } from '../fan-out-state.ts'
import { explain } from './why.ts'

/** The job with this id, or that there is none. */
export const loadJob = (ctx: CommandContext, id: number): Result<JobRecord> => {
  const job = ctx.store.jobs.get(id)
  return job === undefined ? noJob(ctx.store, id) : ok(job)
}

/** The id of the creator with this name or id (active or not), or as a job shows it. */
export function creatorNamed(ctx: CommandContext, named: string): string | undefined {
  if (named.startsWith('worker:')) return ctx.store.workers.named(named.slice('worker:'.length))?.worker_id
  const name = named.startsWith('member:') ? named.slice('member:'.length) : named
  return ctx.store.requesters.idOf(name)
}

/** The filter as the store takes it; undefined when it names a worker that does not exist. */
export function selectionOf(
  ctx: CommandContext,
  filter: Pick<Parsed<'jobs.list'>, 'status' | 'thread_id' | 'capability' | 'worker' | 'effort' | 'created_by' | 'parent_id' | 'error'>,
): JobSelection | undefined {
  const worker = filter.worker === undefined ? undefined : findWorker(ctx, filter.worker)
  if (filter.worker !== undefined && worker === undefined) return undefined
  const creator = filter.created_by === undefined ? undefined : creatorNamed(ctx, filter.created_by)
  if (filter.created_by !== undefined && creator === undefined) return undefined
  return {
    ...(filter.status === undefined ? {} : { statuses: filter.status }),
    ...(filter.thread_id === undefined ? {} : { thread_id: filter.thread_id }),
    ...(filter.capability === undefined ? {} : { capability: filter.capability }),
    ...(filter.effort === undefined ? {} : { effort: filter.effort }),
    ...(filter.parent_id === undefined ? {} : { parent_id: filter.parent_id }),
    ...(filter.error === undefined ? {} : { error: filter.error }),
    ...(worker === undefined ? {} : { worker_id: worker.worker_id }),
    ...(creator === undefined ? {} : { created_by: creator }),
  }
}

/** The cursor is the id of the last job seen; ids only grow. */
function list(ctx: CommandContext, input: Parsed<'jobs.list'>): Result<{ items: Job[]; next_cursor: string | null }> {
  const before = countingCursor(input.cursor, Number.MAX_SAFE_INTEGER)
  if (!before.ok) return before
  const selection = selectionOf(ctx, input)
  if (selection === undefined) return ok({ items: [], next_cursor: null })
  const limit = input.limit ?? limits.list_default
  const items: Job[] = []
  let size = 0
  let more = false
  // Prompts and results are large: a page ends early so that the answer stays below its size limit.
  for (const job of ctx.store.jobs.walk(selection, before.value)) {
    more = items.length === limit || size > limits.list_bytes
    if (more) break
    size += sizeOf(job)
    items.push(showJob(ctx, job))
  }
  return ok({ items, next_cursor: more ? String(items.at(-1)?.id) : null })
}

/** Ends a job that has not ended. A running attempt becomes void at once, and its worker is told to stop. */
export function abortJob(ctx: CommandContext, job: JobRecord, reason: string): JobRecord {
  // A bulk call may have ended this job with an earlier one: aborting a fan-out also ends its children.
  if (isTerminal(job.status)) return job
  const error: JobError = { type: 'aborted', message: reason, retryable: false }
  const ended = end(job, error, ctx.at)
  const after = job.status === 'running' ? withStopOwed(ended) : ended
  settleJob(ctx, after)
  ctx.record({
    action: 'job.abort',
    subject: jobSubject(job),
    job_id: job.id,
    worker_id: job.worker_id,
    capability: job.spec.capability,
    summary: `was ${job.status}`,
  })
  if (job.status === 'running' && job.worker_id !== null) {
    ctx.after({ kind: 'push', worker_id: job.worker_id, frames: [{ type: 'abort', job_id: job.id, attempt: job.attempt, reason }] })
    ctx.after({ kind: 'feed', worker_id: job.worker_id })
  }
  if (job.status === 'running' || job.stream) closeStream(ctx, after, '')
  return after
}

export const abortReason = (ctx: CommandContext, reason: string | undefined): string =>
  `Aborted by ${ctx.caller.actor.name}${reason === undefined || reason === '' ? '' : `: ${reason}`}`

function abort(ctx: CommandContext, input: Parsed<'jobs.abort'>): Result<Job> {
  const job = loadJob(ctx, input.job_id)
  if (!job.ok) return job
  if (job.value.status === 'failed' && job.value.outcome?.error?.type === 'aborted') return ok(showJob(ctx, job.value))
  if (isTerminal(job.value.status)) return wrongState(job.value, 'aborted')
  return ok(showJob(ctx, abortJob(ctx, job.value, abortReason(ctx, input.reason))))
}

/** A member who retries or changes a job may not approve it. */
const wanted = (ctx: CommandContext, job: JobRecord): JobRecord =>
  ctx.caller.kind === 'member' ? withRequester(job, ctx.caller.actor.id) : job

/** The failure for a child whose fan-out has already ended: nothing would use its answer. */
function endedWithout(ctx: CommandContext, { id, parent_id }: JobRecord): Result<never> | undefined {
  const parent = parent_id === null ? undefined : ctx.store.jobs.get(parent_id)
  if (parent === undefined || !isTerminal(parent.status)) return undefined
  const instead =
    parent.status === 'failed' ? `retry the fan-out, POST /api/v1/jobs/${parent.id}/retry` : 'dispatch its prompt as a job of its own'
  return fail('wrong-state', `Job ${id} belongs to fan-out ${parent.id}, which has ended (${parent.status}): ${instead}.`)
}

/** Retries a job. Its earlier worker may be gone, so an unpinned job returns to the shared pool, where age decides. */
export function retryJob(ctx: CommandContext, job: JobRecord): Result<JobRecord> {
  if (job.spec.fan_out !== undefined)
    return fail('wrong-state', `Job ${job.id} is a fan-out: retry its parent, POST /api/v1/jobs/${job.id}/retry.`)
  const orphaned = endedWithout(ctx, job)
  if (orphaned !== undefined) return orphaned
  const placed = retargeted(ctx, job)
  if (!placed.ok) return placed
  // The job already waits for its next try: it is tried now, and the holds are asked now instead of then.
  const revived =
    job.status === 'retry'
      ? ok({ ...withoutLost(queue(placed.value, ctx.at)), max_attempts: Math.max(job.max_attempts, job.attempt + 1) })
      : revive(placed.value, ctx.at)
  if (!revived.ok) return revived
  // A job that a human had to release needs another release: each start spends its decision.
  const again = wanted(ctx, { ...revived.value, worker_id: revived.value.spec.pinned, stream: job.stream })
  const after = saveJob(ctx, beforeQueue(ctx, again, { kind: 'queued', was: job }))
  ctx.record({
    action: 'job.retry',
    subject: jobSubject(job),
    job_id: job.id,
    capability: job.spec.capability,
    summary: `attempt ${job.attempt + 1} asked for${job.status === 'retry' ? ' now' : ''}${after.hold === 'review' ? `, held for review ${after.review_id}` : ''}`,
  })
  return ok(after)
}

/** `POST /api/v1/jobs/:id/retry` of a job that is no fan-out. */
export function retryOne(ctx: CommandContext, input: Parsed<'jobs.retry'>): Result<Job> {
  const job = loadJob(ctx, input.job_id)
  if (!job.ok) return job
  const refused = dispatchRefusal(ctx.store.killswitch.state())
  if (refused !== undefined) return refused
  const placed = input.target === undefined ? job : withTarget(ctx, job.value, input.target)
  if (!placed.ok) return placed
  const { timeout } = input
  const after = retryJob(ctx, timeout === undefined ? placed.value : withTimeout(placed.value, timeout))
  return after.ok ? ok(showJob(ctx, after.value)) : after
}

/** The job with a new timeout: the attempt may take `seconds` from now on. */
const withTimeout = (job: JobRecord, seconds: number): JobRecord => ({
  ...job,
  spec: { ...job.spec, timeout_ms: Math.round(seconds * 1000) },
})

/** The job with a new target; null means any worker. Fails as a dispatch to this target would. */
function withTarget(ctx: CommandContext, job: JobRecord, target: string | null): Result<JobRecord> {
  const worker = target === null ? undefined : findWorker(ctx, target)
  if (target !== null && worker === undefined) return noWorker(ctx, target)
  const pinned = worker?.worker_id ?? null
  const placed: JobRecord = { ...job, worker_id: pinned, spec: { ...job.spec, target, pinned } }
  const assigned = reassign(ctx, placed)
  return assigned.ok ? ok(placed) : assigned
}

/** The job with a new start time or expiry. Applies to a job that waits for a start or for its next try. */
function retimed(ctx: CommandContext, job: JobRecord, input: Parsed<'jobs.update'>): Result<JobRecord> {
  let after = job
  if (input.not_before !== undefined) {
    const not_before = input.not_before === null ? null : Date.parse(input.not_before)
    const later = not_before !== null && not_before > ctx.at ? not_before : undefined
    const spec: JobSpec = { ...after.spec, not_before }
    if (job.status === 'retry') after = { ...after, spec, retry_at: later ?? ctx.at }
    else if (job.hold === null || job.hold === 'schedule')
      after = {
        ...after,
        spec,
        hold: null,
        queued_at: later ?? (job.hold === 'schedule' ? ctx.at : job.queued_at),
      }
    // Held for a human's decision: the expiry counts from its release.
    else after = { ...after, spec }
  }
  if (input.expires_at === undefined) return ok(after)
  const begins = after.status === 'retry' ? (after.retry_at ?? ctx.at) : after.queued_at
  const expires_ms = Date.parse(input.expires_at) - begins
  if (expires_ms > 0 && expires_ms <= limits.schedule_to_start_max_ms) return ok({ ...after, spec: { ...after.spec, expires_ms } })
  const message =
    expires_ms > 0
      ? `must be at most ${limits.schedule_to_start_max_ms / 86_400_000} days after it may be offered`
      : 'must be after it may be offered'
  return fail('invalid-request', `\`expires_at\` ${message}.`, { issues: [{ path: 'expires_at', message }] })
}

function update(ctx: CommandContext, input: Parsed<'jobs.update'>): Result<Job> {
  const found = loadJob(ctx, input.job_id)
  if (!found.ok) return found
  const job = found.value
  if (job.status !== 'pending' && job.status !== 'retry') return wrongState(job, 'changed')
  const pinned = input.target == null ? undefined : findWorker(ctx, input.target)
  if (input.target != null && pinned === undefined) return noWorker(ctx, input.target)
  const spec: JobSpec = {
    ...job.spec,
    ...(input.target === undefined ? {} : { target: input.target, pinned: pinned?.worker_id ?? null }),
    ...(input.tags === undefined ? {} : { tags: input.tags }),
    ...(input.networks === undefined ? {} : { networks: input.networks }),
    ...(input.timeout === undefined ? {} : { timeout_ms: Math.round(input.timeout * 1000) }),
    ...(input.metadata === undefined ? {} : { metadata: input.metadata }),
  }
  const rerouted = input.target !== undefined || input.tags !== undefined || input.networks !== undefined
  const worker_id = input.target === undefined ? job.worker_id : (pinned?.worker_id ?? null)
  const assigned = rerouted ? reassign(ctx, { ...job, spec, worker_id }) : ok(worker_id)
  if (!assigned.ok) return assigned
  if (input.expires_at !== undefined && Date.parse(input.expires_at) <= ctx.at)
    return fail('invalid-request', '`expires_at` must be in the future.', {
      issues: [{ path: 'expires_at', message: 'must be in the future' }],
    })
  const reworded = input.metadata !== undefined || spec.pinned !== job.spec.pinned
  const changed: JobRecord = {
    ...(reworded ? wanted(ctx, { ...job, spec }) : { ...job, spec }),
    worker_id: assigned.value,
    effort: input.effort ?? job.effort,
    priority: input.priority ?? job.priority,
    max_attempts: Math.max(input.max_attempts ?? job.max_attempts, job.attempt + 1),
  }
  // A changed payload or worker may need a new decision. A job in retry is asked about when the retry is due.
  const timed = retimed(ctx, changed, input)
  if (!timed.ok) return timed
  const after = saveJob(ctx, timed.value.status === 'pending' ? beforeQueue(ctx, timed.value, { kind: 'queued', was: job }) : timed.value)
  const { job_id: _, ...given } = input
  ctx.record({
    action: 'job.update',
    subject: jobSubject(job),
    job_id: job.id,
    capability: job.spec.capability,
    summary: `changed ${Object.keys(given).sort().join(', ') || 'nothing'}`,
  })
  return ok(showJob(ctx, after))
}

/** Admits a viewer, and records that one exists, so that the stream object is told of the end. */
export function watchJob(ctx: CommandContext, jobId: number): Result<WatchedJob> {
  const found = loadJob(ctx, jobId)
  if (!found.ok) return found
  const job = found.value
  const ended = isTerminal(job.status)
  // A fan-out has no output of its own: its children have.
  const { fan_out } = job.spec
  const due = fan_out === undefined || ended ? undefined : mergeDue(fan_out)
  if (!ended && !job.stream && fan_out === undefined) ctx.store.jobs.markStreamed(job.id)
  return ok({
    ...(fan_out === undefined ? {} : { children: watchedChildren(ctx.store, job) }),
    ...(due === undefined ? {} : { due_in_ms: Math.max(0, due - ctx.at) }),
    status: job.status,
    ended,
    streamed: job.stream,
    attempt: job.attempt,
    output: job.outcome?.output ?? '',
    end: ended ? { status: job.status, result: shownResult(job.outcome).result, error: job.outcome?.error ?? null } : null,
  })
}

/**
 * Whether output of this attempt is accepted. Called at its first output, and marks the job as streamed, so that its end is reported to the stream.
 */
export function mayWriteOutput(
  ctx: CommandContext,
  of: { readonly job_id: number; readonly attempt: number; readonly nonce: string },
  /** When this worker's current token was issued, in milliseconds since 1970. */
  tokenSince: (workerId: string) => number,
): Result<null> {
  const found = ctx.store.jobs.get(of.job_id)
  // Output of a lost attempt also shows that it continues.
  const lostBy = found?.nonce === of.nonce ? found.outcome?.lost_by : undefined
  const job = (lostBy === undefined ? undefined : resumeAttempt(ctx, lostBy, of, tokenSince(lostBy))) ?? found
  if (job?.status !== 'running' || job.attempt !== of.attempt || job.nonce !== of.nonce) {
    const how = job === undefined ? 'the job is gone' : `the job is ${job.status} at attempt ${job.attempt}`
    return fail('lease-lost', `Attempt ${of.attempt} of job ${of.job_id} cannot write output: ${how}.`)
  }
  if (!job.stream) ctx.store.jobs.markStreamed(job.id)
  return ok(null)
}

/**
 * Records that output of this attempt has arrived at the job's stream. If the attempt ended before this was known, the stream was not told of the end
 * and is told now.
 */
export function noteStreamed(ctx: CommandContext, of: { readonly job_id: number; readonly attempt: number; readonly nonce: string }): void {
  const job = ctx.store.jobs.get(of.job_id)
  if (job === undefined || job.attempt !== of.attempt || job.nonce !== of.nonce) return
  if (!job.stream) ctx.store.jobs.markStreamed(job.id)
  if (job.status !== 'running') closeStream(ctx, job, job.outcome?.output ?? '')
}

export const jobCommands = {
  'jobs.list': list,
  'jobs.counts': (ctx: CommandContext, input: Parsed<'jobs.counts'>): Result<JobCounts> => {
    const selection = selectionOf(ctx, input)
    const counted =
      selection === undefined ? { pending: 0, running: 0, retry: 0 } : ctx.store.jobs.countUnfinished(limits.jobs_counted, selection)
    return ok({ ...counted, counted_to: limits.jobs_counted })
  },
  'jobs.update': update,
  'jobs.abort': abort,
  'jobs.why': (ctx: CommandContext, input: Parsed<'jobs.why'>): Result<Why> => {
    const job = loadJob(ctx, input.job_id)
    return job.ok ? ok(explain(ctx, job.value)) : job
  },
}
