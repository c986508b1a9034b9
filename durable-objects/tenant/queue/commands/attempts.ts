/**
 * Responsible for the life of one attempt: start, complete, fail, and what happens when its worker is lost. The same
 * functions serve HTTP with a lease token, socket frames, and claims by id.
 */
import { abortedIssue, limits } from '@modelreins/contract'
import type { Job, JobError, KillswitchBrief, LeaseToken, Offer, Parsed } from '@modelreins/contract'
import {
  complete,
  emptyOutcome,
  failAttempt,
  withStopOwed,
  resume,
  start,
  outcomeOnceStopped,
} from '../../../../src/domain/job/job-machine.ts'
import type { JobOutcome, JobRecord } from '../../../../src/domain/job/job-machine.ts'
import { briefOf, claimRefusal, stopsRunning } from '../../../../src/domain/killswitch.ts'
import { fail, ok } from '../../../../src/domain/result.ts'
import { beginAttempt, handBackAt } from '../../../../src/domain/work/person.ts'
import type { Patience } from '../../../../src/domain/work/person.ts'
import type { Result } from '../../../../src/domain/result.ts'
import { leaseToken } from '../offers.ts'
import { asWord, isoTime, systemActor } from '../../kernel/context.ts'
import type { CommandContext } from '../../kernel/context.ts'
import { beforeQueue, clearanceOf, spendHolds } from '../hold.ts'
import type { Refusal } from '../hold.ts'
import { afterAttempt, noteStep } from '../fallback.ts'
import { showJob } from '../job-view.ts'
import { isForAnother, parkWorker, unparkWorker } from '../parking.ts'
import { closeStream, jobSubject, saveJob, settleJob } from '../save-job.ts'
import { isNamedOnly, isPaused } from '../workforce/worker-view.ts'
import type { WorkerRecord } from '../workforce/worker-store.ts'

export type AttemptLease = Omit<LeaseToken, 'signed' | 'mac'>

const lost = (job: JobRecord, why: string): Result<never> =>
  fail('lease-lost', `Job ${job.id}, ${why}.`, job.outcome?.error?.type === 'aborted' ? { issues: [abortedIssue] } : {})

/** A worker whose job was erased has lost its lease: there is nothing left to do for it. */
function unknownJob({ store }: CommandContext, { job_id, attempt }: AttemptLease): Result<never> {
  if (store.erased.get(job_id) === undefined) return fail('not-found', `There is no job ${job_id}.`)
  return fail('lease-lost', `Job ${job_id}, attempt ${attempt}: the job was erased.`)
}

/** The attempt that the lease token names, if it is the newest one. */
export function attemptOf(ctx: CommandContext, lease: AttemptLease): Result<JobRecord> {
  const job = ctx.store.jobs.get(lease.job_id)
  if (job === undefined) return unknownJob(ctx, lease)
  // The nonce is unique to this attempt. The worker is not compared: after the attempt is lost, the job may no longer be assigned to it.
  if (job.attempt !== lease.attempt || job.nonce !== lease.nonce) {
    return lost(job, `attempt ${lease.attempt}: the job is ${job.status} at attempt ${job.attempt}`)
  }
  return ok(job)
}

/** Called when an attempt has ended: writes the job, updates the worker's record for the Director, and offers the worker more work. */
function endAttempt(ctx: CommandContext, before: JobRecord, after: JobRecord, workerId: string): void {
  settleJob(ctx, after)
  const worker = after.status === 'done' ? ctx.store.workers.get(workerId) : undefined
  if (worker !== undefined) unparkWorker(ctx, worker, 'an attempt has ended well')
  ctx.onCommit(() => {
    ctx.live.presence.ended(workerId, {
      job_id: before.id,
      error: after.status === 'done' ? null : (after.outcome?.error?.type ?? 'unknown'),
      at: ctx.at,
      duration_ms: ctx.at - (before.started_at ?? ctx.at),
      thread: before.thread_id,
      usage: after.outcome?.usage ?? null,
    })
  })
  ctx.after({ kind: 'feed', worker_id: workerId })
}

/** Starts the attempt that the lease names, or answers a repeated message about an attempt that has already started. */
export function startAttempt(ctx: CommandContext, worker: WorkerRecord, lease: AttemptLease, long = false): Result<JobRecord> {
  const job = ctx.store.jobs.get(lease.job_id)
  if (job === undefined) return unknownJob(ctx, lease)
  const same = job.attempt === lease.attempt && job.nonce === lease.nonce && job.worker_id === worker.worker_id
  if (same && job.status === 'running') return ok(job)
  const reined = claimRefusal(ctx.store.killswitch.state())
  if (reined !== undefined) return reined
  if (isPaused(ctx, worker)) return lost(job, `${worker.name} is paused`)
  // Offers live in memory. After a restart only the signed token proves an offer, unless the job was offered again.
  const offer = ctx.live.leases.offer(job.id)
  const spoken =
    offer === undefined ? ctx.at <= lease.offered_at + limits.offer_ms : offer.nonce === lease.nonce && offer.worker_id === worker.worker_id
  if (!spoken || ctx.live.leases.isVoid(lease.nonce) || job.attempt + 1 !== lease.attempt) return lost(job, 'the offer expired (5 s)')
  const person = worker.member_id === null ? {} : { person: beginAttempt(job.spec, ctx.at) }
  const started = start(job, { worker_id: worker.worker_id, nonce: lease.nonce, at: ctx.at, long, ...person })
  if (!started.ok) return lost(job, `it is ${job.status}${job.hold === null ? '' : `, held for ${job.hold}`}`)
  if (job.spec.capability === null && isNamedOnly(ctx, worker)) return lost(job, `${worker.name} takes only jobs that name a capability`)
  const clearance = clearanceOf(ctx, job, worker)
  if (clearance.kind === 'undeclared')
    return fail('capability-not-declared', `${worker.name} does not declare the capability ${job.spec.capability}.`)
  if (clearance.kind === 'refused') return refuseStart(ctx, job, worker, clearance)
  const running = started.value
  giveUpLost(ctx, job)
  saveJob(ctx, running)
  const spent = spendHolds(ctx, running, worker)
  ctx.onCommit(() => {
    const expires_at = leaseUntil(ctx, running)
    ctx.live.leases.grant({
      job_id: job.id,
      worker_id: worker.worker_id,
      attempt: running.attempt,
      long,
      person: running.spec.person !== undefined,
      open: job.worker_id === null,
      expires_at,
    })
    ctx.live.due.hint(expires_at)
    ctx.live.presence.answered(worker.worker_id)
  })
  const note = {
    action: 'job.start' as const,
    job_id: job.id,
    worker_id: worker.worker_id,
    capability: job.spec.capability,
    digest: spent.digest ?? null,
    summary: `attempt ${running.attempt} of ${running.max_attempts}${spent.note}`,
  }
  const seq = ctx.record({ ...note, subject: jobSubject(job), risk_tier: spent.risk_tier ?? null })
  spent.recorded(seq, note.summary)
  return ok(running)
}

/** I7: no attempt starts without what the holds require. The job is held, unless another worker may start it without a decision. */
function refuseStart(ctx: CommandContext, job: JobRecord, worker: WorkerRecord, refusal: Refusal): Result<never> {
  const held = beforeQueue(ctx, job, { kind: 'refused', worker })
  if (held === job) {
    // The offer is dropped at once: if it lapsed instead, it would count as silence of the worker.
    ctx.onCommit(() => {
      const offer = ctx.live.leases.dropOffer(job.id)
      if (offer !== undefined) ctx.live.occupied.add(offer.pool)
    })
    ctx.keep()
    return lost(job, `it ${refusal.why}`)
  }
  saveJob(ctx, held)
  ctx.keep()
  return lost(job, `it is held for ${held.hold}${held.review_id === null ? '' : ` ${held.review_id}`} and ${refusal.why}`)
}

/** How long a job in a person's hands waits before the reminder and before it is handed back (tenant settings). */
export const patienceOf = ({ store }: Pick<CommandContext, 'store'>): Patience => ({
  reminder: store.settings.get('person_reminder'),
  hand_back: store.settings.get('person_hand_back'),
})

/** When the lease of an attempt lapses unless it is renewed. */
export const leaseUntil = (ctx: Pick<CommandContext, 'at' | 'store'>, job: JobRecord): number =>
  job.spec.person !== undefined
    ? handBackAt(job.spec.person, patienceOf(ctx))
    : ctx.at + (job.long_lease ? Math.max(ctx.store.settings.get('lost_worker_timeout') * 1000, job.spec.timeout_ms) : limits.lease_ms)

export function startReply(ctx: CommandContext, job: JobRecord): Offer & { killswitch: ReturnType<typeof briefOf> } {
  const token = leaseToken(ctx, job, { worker_id: job.worker_id ?? '', attempt: job.attempt, nonce: job.nonce ?? '' })
  return {
    job: showJob(ctx, job),
    lease: { token, attempt: job.attempt, expires_at: isoTime(leaseUntil(ctx, job)) },
    killswitch: briefOf(ctx.store.killswitch.state()),
  }
}

type Completion = Omit<Parsed<'claims.complete'>, 'job_id'>
type AttemptFailure = Omit<Parsed<'claims.fail'>, 'job_id'>

const outcomeOf = (ctx: CommandContext, job: JobRecord, input: Completion | AttemptFailure): JobOutcome => ({
  ...emptyOutcome,
  output: input.tail?.text ?? '',
  output_truncated: input.tail?.truncated ?? ((input.chunks ?? 0) > 0 || job.stream),
  result: 'result' in input ? (input.result ?? null) : null,
  stored: ctx.stored_result ?? null,
  exit_code: input.exit_code ?? null,
  usage: input.usage ?? null,
})

/** Tells the stream object that the attempt ended, if viewers were directed to it or output was written to it. */
function tellStream(
  ctx: CommandContext,
  job: JobRecord,
  input: { readonly chunks?: number | undefined; readonly tail?: { readonly text: string } | undefined },
): void {
  if (job.stream || input.chunks !== undefined) closeStream(ctx, job, input.tail?.text ?? '', input.chunks)
}

/** Whether the lost worker of this attempt may still complete it: no newer attempt has started. */
const awaitsItsWorker = (job: JobRecord): boolean =>
  (job.status === 'retry' || (job.status === 'pending' && (job.hold === null || job.hold === 'review' || job.hold === 'key'))) &&
  job.outcome?.error?.type === 'worker_lost'

export function completeAttempt(ctx: CommandContext, lease: AttemptLease, input: Completion): Result<JobRecord> {
  const found = attemptOf(ctx, lease)
  if (!found.ok) return found
  const job = found.value
  if (job.status === 'done') return ok(job)
  if (job.status !== 'running' && !awaitsItsWorker(job)) return lost(job, `it is ${job.status}${endNote(job)}`)
  const stream = job.stream || input.chunks !== undefined
  const running = { ...job, worker_id: lease.worker_id, stream, hold: null, retry_at: null }
  const after = complete(running, outcomeOf(ctx, job, input), ctx.at)
  endAttempt(ctx, job, after, lease.worker_id)
  ctx.record({
    action: 'job.complete',
    subject: jobSubject(job),
    job_id: job.id,
    worker_id: lease.worker_id,
    capability: job.spec.capability,
    digest: ctx.sha256(input.result ?? ''),
    summary: `attempt ${job.attempt} done`,
  })
  tellStream(ctx, after, input)
  return ok(after)
}

export function failTheAttempt(ctx: CommandContext, lease: AttemptLease, input: AttemptFailure): Result<JobRecord> {
  const found = attemptOf(ctx, lease)
  if (!found.ok) return found
  const job = found.value
  // A repeated message: this attempt has already failed with the same error.
  if (job.status !== 'running' && job.outcome?.error?.type === input.error.type && job.outcome.error.message === input.error.message)
    return ok(job)
  if (job.status !== 'running') {
    if (job.outcome?.lost_by === lease.worker_id) {
      // It has ended, so a report of the worker that still names it must not continue it.
      const { lost_by: _, ...outcome } = job.outcome
      ctx.store.jobs.saveOutcome(job.id, outcome)
      ctx.keep()
    }
    return lost(job, `it is ${job.status}${endNote(job)}`)
  }
  const error: JobError = { type: input.error.type, message: input.error.message, retryable: input.error.retryable ?? false }
  const worker = ctx.store.workers.get(lease.worker_id)
  // The parking comes before the choice of the next worker: the limit applies to every worker of the account.
  if (input.parked_until != null && worker !== undefined) parkWorker(ctx, worker, input.parked_until)
  const after = failed(
    ctx,
    { ...job, stream: job.stream || input.chunks !== undefined },
    { ...outcomeOf(ctx, job, input), error },
    input.error.retry_at ?? null,
  )
  endAttempt(ctx, job, after, lease.worker_id)
  tellStream(ctx, after, input)
  return ok(after)
}

function failed(
  ctx: CommandContext,
  job: JobRecord,
  outcome: JobOutcome & { readonly error: JobError },
  retryAt: string | null,
): JobRecord {
  const waiting = failAttempt(job, outcome, { at: ctx.at, random: ctx.random(), retryAt: retryAt === null ? null : Date.parse(retryAt) })
  // Another worker has quota, so the job does not wait until the limit ends.
  const limited = waiting.status === 'retry' && outcome.error.type === 'rate_limited'
  const after = afterAttempt(ctx, limited && isForAnother(ctx, waiting) ? { ...waiting, retry_at: ctx.at } : waiting)
  ctx.record({
    action: after.status === 'retry' ? 'job.retry_later' : 'job.fail',
    subject: jobSubject(job),
    job_id: job.id,
    worker_id: job.worker_id,
    capability: job.spec.capability,
    summary: `attempt ${job.attempt}: ${asWord(outcome.error.type)}${after.retry_at === null ? '' : `, next at ${isoTime(after.retry_at)}`}`,
  })
  noteStep(ctx, job, after)
  return after
}

const endNote = (job: JobRecord): string => (job.outcome?.error == null ? '' : ` (${job.outcome.error.type})`)

/** A newer attempt begins: the lost attempt can no longer resume, and its further output is dropped. */
function giveUpLost(ctx: CommandContext, job: JobRecord): void {
  const lostBy = job.outcome?.lost_by
  if (lostBy === undefined) return
  tellToStop(ctx, job, lostBy, 'worker_lost')
  if (job.stream) closeStream(ctx, job, '')
}

const tellToStop = (ctx: CommandContext, job: JobRecord, worker_id: string, reason: string): void =>
  ctx.after({ kind: 'push', worker_id, frames: [{ type: 'abort', job_id: job.id, attempt: job.attempt, reason }] })

/**
 * Continues the attempt of a lost worker that was heard of again, unless a newer attempt has begun. `tokenSince`: when the worker's current token was
 * issued, in milliseconds since 1970; an attempt that started under an earlier token is not continued. Answers undefined when the attempt cannot
 * continue.
 */
export function resumeAttempt(
  ctx: CommandContext,
  worker_id: string,
  of: { readonly job_id: number; readonly attempt: number },
  tokenSince: number,
): JobRecord | undefined {
  const job = ctx.store.jobs.get(of.job_id)
  const worker = ctx.store.workers.get(worker_id)
  if (job === undefined || worker === undefined || worker.revoked_at !== null) return undefined
  if (tokenSince > (job.started_at ?? 0)) return undefined
  if (stopsRunning(ctx.store.killswitch.state().level)) return undefined
  const running = resume(job, { worker_id, attempt: of.attempt })
  if (running === undefined) return undefined
  saveJob(ctx, running)
  const expires_at = leaseUntil(ctx, running)
  ctx.onCommit(() => {
    ctx.live.leases.grant({ job_id: job.id, worker_id, attempt: job.attempt, long: false, expires_at })
    ctx.live.due.hint(expires_at)
  })
  ctx.record({
    action: 'job.resume',
    subject: jobSubject(job),
    job_id: job.id,
    worker_id,
    capability: job.spec.capability,
    summary: `attempt ${job.attempt} goes on: ${worker.name} was heard of again`,
    actor: systemActor,
  })
  return running
}

/** The server ends an attempt whose lease lapsed or that exceeded its timeout. `silent`: the worker may be heard of again and may then resume. */
export function endLostAttempt(ctx: CommandContext, job: JobRecord, error: JobError, silent = false): JobRecord {
  const lostBy = silent && job.worker_id !== null ? { lost_by: job.worker_id } : {}
  const outcome = { ...emptyOutcome, output_truncated: job.stream, error, ...lostBy }
  const after = afterAttempt(ctx, withStopOwed(failAttempt(job, outcome, { at: ctx.at, random: ctx.random() })))
  const worker = job.worker_id
  if (worker !== null) endAttempt(ctx, job, after, worker)
  ctx.record({
    action: error.type === 'timeout' ? 'job.timeout' : 'job.lose',
    subject: jobSubject(job),
    job_id: job.id,
    worker_id: worker,
    capability: job.spec.capability,
    summary: `attempt ${job.attempt}: ${error.message}`,
    actor: systemActor,
  })
  noteStep(ctx, job, after)
  // A silent worker may resume: it is told to stop, and the stream is closed, only when a newer attempt begins.
  if (silent && after.status === 'retry') return after
  if (worker !== null) tellToStop(ctx, job, worker, error.type)
  closeStream(ctx, after, '')
  return after
}

/** Withdraws a worker's leases and offers: its offers become void, and its running attempts end with `error` and are retried. */
export function endAttemptsOf(ctx: CommandContext, worker: WorkerRecord, error: JobError): void {
  for (const { job_id } of ctx.live.leases.heldBy(worker.worker_id)) {
    const job = ctx.store.jobs.get(job_id)
    if (job?.status === 'running') endLostAttempt(ctx, job, error)
  }
  voidOffersTo(ctx, worker)
}

/** Voids all offers to the worker, tokens included, and offers the jobs to others. */
export function voidOffersTo(ctx: CommandContext, worker: WorkerRecord): void {
  ctx.onCommit(() => void ctx.live.leases.voidOffersTo(worker.worker_id))
  for (const offer of ctx.live.leases.offersOf(worker.worker_id)) ctx.after({ kind: 'wake', pool: offer.pool })
}

/**
 * Records once that a stopped attempt has ended. Accepted only from the worker that held the attempt: a frame is an unverified claim, and audit rows
 * are permanent.
 */
export function noteStopped(ctx: CommandContext, worker: WorkerRecord, of: { readonly job_id: number; readonly attempt: number }): void {
  const job = ctx.store.jobs.get(of.job_id)
  const outcome = job === undefined ? undefined : outcomeOnceStopped(job, { worker_id: worker.worker_id, attempt: of.attempt })
  if (outcome === undefined) return
  ctx.store.jobs.saveOutcome(of.job_id, outcome)
  ctx.record({
    action: 'job.abort_acknowledged',
    subject: `job:${of.job_id}`,
    job_id: of.job_id,
    worker_id: worker.worker_id,
    summary: `attempt ${of.attempt} stopped`,
  })
}

const ofLease = (ctx: CommandContext): Result<{ readonly lease: AttemptLease; readonly worker: WorkerRecord }> =>
  ctx.caller.kind === 'lease'
    ? ok({ lease: ctx.caller.lease, worker: ctx.caller.worker })
    : fail('unauthorized', 'This call carries the lease token of an attempt.')

const show = (ctx: CommandContext, settled: Result<JobRecord>): Result<{ job: Job; killswitch: KillswitchBrief }> =>
  settled.ok ? ok({ job: showJob(ctx, settled.value), killswitch: briefOf(ctx.store.killswitch.state()) }) : settled

export const attemptCommands = {
  'claims.start': (ctx: CommandContext, _input: Parsed<'claims.start'>) => {
    const by = ofLease(ctx)
    if (!by.ok) return by
    const started = startAttempt(ctx, by.value.worker, by.value.lease)
    return started.ok ? ok(startReply(ctx, started.value)) : started
  },
  'claims.complete': (ctx: CommandContext, { job_id: _, ...input }: Parsed<'claims.complete'>) => {
    const by = ofLease(ctx)
    return by.ok ? show(ctx, completeAttempt(ctx, by.value.lease, input)) : by
  },
  'claims.fail': (ctx: CommandContext, { job_id: _, ...input }: Parsed<'claims.fail'>) => {
    const by = ofLease(ctx)
    return by.ok ? show(ctx, failTheAttempt(ctx, by.value.lease, input)) : by
  },
}
