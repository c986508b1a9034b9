/**
 * Responsible for a person's actions on a job: start, done, failed, hand back, escalate. The attempt works as for any worker; instead of a
 * lease token, the caller's identity and the attempt number identify it (I3).
 */
import type { Parsed, WorkJob } from '@modelreins/contract'
import { obstacles, requirementsOf } from '../../../src/domain/director/matching.ts'
import { emptyOutcome, handBack, isTerminal } from '../../../src/domain/job/job-machine.ts'
import type { JobRecord } from '../../../src/domain/job/job-machine.ts'
import { claimRefusal } from '../../../src/domain/killswitch.ts'
import { fail, ok } from '../../../src/domain/result.ts'
import type { Result } from '../../../src/domain/result.ts'
import { isoTime } from '../kernel/context.ts'
import type { CommandContext } from '../kernel/context.ts'
import { completeAttempt, failTheAttempt, startAttempt } from '../queue/commands/attempts.ts'
import type { AttemptLease } from '../queue/commands/attempts.ts'
import { beforeQueue } from '../queue/hold.ts'
import { closeStream, jobSubject, saveJob } from '../queue/save-job.ts'
import type { WorkerRecord } from '../queue/workforce/worker-store.ts'
import { viewOf } from '../queue/workforce/worker-view.ts'
import { escalateAttempt } from '../reviews/commands/escalate.ts'
import { concerns, showWork } from './inbox.ts'
import { rememberLately } from './lately.ts'
import { actingPerson, slotsOf } from './person.ts'

const leaseOf = (ctx: CommandContext, job: JobRecord, worker: WorkerRecord, attempt: number, nonce: string): AttemptLease => ({
  tenant: ctx.tenant,
  job_id: job.id,
  attempt,
  worker_id: worker.worker_id,
  nonce,
  offered_at: ctx.at,
  expires_at: ctx.at,
})

/** Why this person cannot start the job; undefined when they can. */
function startRefusal(ctx: CommandContext, worker: WorkerRecord, job: JobRecord): Result<never> | undefined {
  const since = isoTime(job.started_at ?? ctx.at)
  if (job.status === 'running' && job.worker_id === worker.worker_id)
    return fail('already-claimed', `You have started job ${job.id} already, at ${since}, perhaps in another window. It is in your hands.`)
  if (job.status === 'running') {
    const whose = job.worker_id === null ? undefined : ctx.store.workers.get(job.worker_id)?.name
    return fail('already-claimed', `${whose ?? 'Somebody else'} has started job ${job.id}, at ${since}.`)
  }
  if (job.status !== 'pending' || job.hold !== null)
    return fail('wrong-state', `Job ${job.id} is ${job.status}${job.hold === null ? '' : `, held for ${job.hold}`}.`)
  const reined = claimRefusal(ctx.store.killswitch.state())
  if (reined !== undefined) return reined
  if (worker.profile.left === true)
    return fail('wrong-state', 'You have stopped taking jobs. Take jobs again first, in My work or with POST /api/v1/work/join.')
  const view = viewOf(ctx, worker)
  if (view.paused) return fail('wrong-state', `${worker.name} is paused: no job may be started. An operator resumes workers.`)
  const against = obstacles(requirementsOf(job.spec), view)
  if (against.length > 0) return fail('forbidden', `${worker.name} ${against.join(' and ')}.`)
  if (view.running >= slotsOf(worker))
    return fail('conflict', `You have ${view.running} jobs in hand, the maximum. Finish one, or hand it back.`)
  return undefined
}

function begin(ctx: CommandContext, input: Parsed<'work.start'>): Result<WorkJob> {
  const acting = actingPerson(ctx)
  if (!acting.ok) return acting
  const worker = acting.value
  const job = ctx.store.jobs.get(input.job_id)
  if (job === undefined) return fail('not-found', `There is no job ${input.job_id}.`)
  const refused = startRefusal(ctx, worker, job)
  if (refused !== undefined) return refused
  ctx.live.leases.dropOffer(job.id)
  const started = startAttempt(ctx, worker, leaseOf(ctx, job, worker, job.attempt + 1, ctx.randomText(10)), true)
  if (started.ok) return ok(showWork(ctx, worker, started.value))
  // There was no lease yet, so `lease-lost` would mislead: the job's own state refuses the start, for example a review that it needs first.
  return started.failure.code === 'lease-lost' ? fail('wrong-state', started.failure.detail) : started
}

interface InHand {
  readonly worker: WorkerRecord
  readonly job: JobRecord
  readonly lease: AttemptLease
}

/**
 * The job, if this is its latest attempt and the person has or had it. For any other attempt: `lease-lost`, even if the person has the
 * newer one.
 */
function attemptInHand(ctx: CommandContext, input: { readonly job_id: number; readonly attempt: number }): Result<InHand> {
  const acting = actingPerson(ctx)
  if (!acting.ok) return acting
  const worker = acting.value
  const job = ctx.store.jobs.get(input.job_id)
  if (job === undefined || !concerns(ctx, worker, job)) return fail('not-found', `There is no job ${input.job_id} in your work.`)
  const current = job.attempt === input.attempt && job.nonce !== null
  const theirs = job.worker_id === worker.worker_id || (job.status !== 'running' && job.spec.person !== undefined)
  if (!current || !theirs || job.nonce === null) {
    const back = job.outcome?.error?.type === 'handed_back' ? ': it went back to the queue' : ''
    return fail('lease-lost', `Job ${job.id} is not in your hands any more${back}. It is ${job.status} at attempt ${job.attempt}.`)
  }
  return ok({ worker, job, lease: leaseOf(ctx, job, worker, input.attempt, job.nonce) })
}

/** Like `attemptInHand`, but only while the attempt runs. */
export function jobInHand(ctx: CommandContext, input: { readonly job_id: number; readonly attempt: number }): Result<InHand> {
  const found = attemptInHand(ctx, input)
  if (!found.ok || found.value.job.status === 'running') return found
  const { job } = found.value
  const why = job.outcome?.error == null ? '' : ` (${job.outcome.error.type}: ${job.outcome.error.message})`
  return isTerminal(job.status)
    ? fail('wrong-state', `Job ${job.id} has ended already: it is ${job.status}${why}.`)
    : fail('lease-lost', `Job ${job.id} is not in your hands any more: it is ${job.status}${why}.`)
}

const shown = (ctx: CommandContext, worker: WorkerRecord, job: Result<JobRecord>): Result<WorkJob> =>
  job.ok ? ok(showWork(ctx, worker, job.value)) : job

/** A repeated call with the same result changes nothing. Another result is refused, so that the person does not assume it was stored. */
function done(ctx: CommandContext, input: Parsed<'work.done'>): Result<WorkJob> {
  const before = attemptInHand(ctx, input)
  if (!before.ok) return before
  const { job, worker } = before.value
  const result = input.result ?? null
  if (job.status === 'done' && job.outcome?.result === result) return ok(showWork(ctx, worker, job))
  const found = jobInHand(ctx, input)
  return found.ok ? shown(ctx, worker, completeAttempt(ctx, found.value.lease, { result })) : found
}

function failed(ctx: CommandContext, input: Parsed<'work.failed'>): Result<WorkJob> {
  const before = attemptInHand(ctx, input)
  if (!before.ok) return before
  const { job, worker } = before.value
  if (job.status === 'failed' && job.outcome?.error?.message === input.reason) return ok(showWork(ctx, worker, job))
  const found = jobInHand(ctx, input)
  if (!found.ok) return found
  return shown(
    ctx,
    worker,
    failTheAttempt(ctx, found.value.lease, { error: { type: 'worker_error', message: input.reason, retryable: false } }),
  )
}

/** Puts the job back into the queue, on behalf of `actor`. It may need to be released by a human again there. */
export function giveBack(ctx: CommandContext, job: JobRecord, worker: WorkerRecord, message: string, actor = ctx.caller.actor): JobRecord {
  const outcome = { ...emptyOutcome, output_truncated: job.stream, error: { type: 'handed_back', message, retryable: true } }
  const after = saveJob(ctx, beforeQueue(ctx, handBack(job, outcome, ctx.at), { kind: 'queued', was: job }))
  rememberLately(ctx, worker.worker_id, job.id)
  ctx.record({
    action: 'job.hand_back',
    subject: jobSubject(job),
    job_id: job.id,
    worker_id: worker.worker_id,
    capability: job.spec.capability,
    summary: `attempt ${job.attempt}: ${message}`,
    actor,
  })
  if (job.stream) closeStream(ctx, after, '')
  return after
}

function handJobBack(ctx: CommandContext, input: Parsed<'work.hand_back'>): Result<WorkJob> {
  const before = attemptInHand(ctx, input)
  if (!before.ok) return before
  const { worker } = before.value
  // A repeated call: the job is back in the queue already, and nobody has started it since.
  if (before.value.job.status === 'pending' && before.value.job.outcome?.error?.type === 'handed_back')
    return ok(showWork(ctx, worker, before.value.job))
  const found = jobInHand(ctx, input)
  if (!found.ok) return found
  const reason = input.reason?.trim() ?? ''
  const message = `${worker.name} handed it back${reason === '' ? '' : `: ${reason}`}`
  return ok(showWork(ctx, worker, giveBack(ctx, found.value.job, worker, message)))
}

/** Another member settles the job, with the result so far or with their own answer. */
function escalate(ctx: CommandContext, input: Parsed<'work.escalate'>): Result<WorkJob> {
  const found = attemptInHand(ctx, input)
  if (!found.ok) return found
  const { job, worker } = found.value
  const member_id = worker.member_id ?? ''
  const after = escalateAttempt(ctx, job, worker, input.result ?? null, { reason: input.reason, member_id })
  if (after.ok) rememberLately(ctx, worker.worker_id, job.id)
  return shown(ctx, worker, after)
}

export const workClaimCommands = {
  'work.start': begin,
  'work.done': done,
  'work.failed': failed,
  'work.hand_back': handJobBack,
  'work.escalate': escalate,
}
