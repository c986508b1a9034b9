/**
 * Responsible for how workers obtain jobs: polled offers, and the inbox, claim and close by id that the seeds' workers use
 * (docs/explanation/compatibility.md). Closing may hand the job to a human, so reviews/ has that command.
 */
import { limits } from '@modelreins/contract'
import type { ClaimPollReply, Job, KillswitchBrief, Parsed } from '@modelreins/contract'
import { isTerminal } from '../../../../src/domain/job/job-machine.ts'
import type { JobRecord } from '../../../../src/domain/job/job-machine.ts'
import { briefOf, claimRefusal } from '../../../../src/domain/killswitch.ts'
import { mayDo, obstacles, requirementsOf } from '../../../../src/domain/director/matching.ts'
import { fail, ok } from '../../../../src/domain/result.ts'
import type { Result } from '../../../../src/domain/result.ts'
import { choose, holdRefused, isOpenTo, makeOffer, refusedTo } from '../offers.ts'
import type { CommandContext } from '../../kernel/context.ts'
import { showJob } from '../job-view.ts'
import { viewOf } from '../workforce/worker-view.ts'
import type { WorkerRecord } from '../workforce/worker-store.ts'
import { actingWorker } from '../workforce/acting-worker.ts'
import { completeAttempt, failTheAttempt, startAttempt, startReply } from './attempts.ts'
import type { AttemptLease } from './attempts.ts'

/** Records a sign of life over HTTP. A look at the inbox and a poll also count as a request for work. */
export function seenPolling(ctx: CommandContext, worker: WorkerRecord): void {
  const live = ctx.live.presence.seen(worker.worker_id, ctx.at)
  live.asked_at = ctx.at
  if (live.transport === 'none') live.transport = 'poll'
}

export const pollReply = (ctx: CommandContext, worker: WorkerRecord, max: number): ClaimPollReply => ({
  offers: choose(ctx, worker, max).map((choice) => makeOffer(ctx, worker, choice)),
  killswitch: briefOf(ctx.store.killswitch.state()),
})

const pollOffers = (ctx: CommandContext, input: Parsed<'claims.poll'>): Result<ClaimPollReply> => {
  const worker = actingWorker(ctx, input.worker ?? input.instance)
  if (!worker.ok) return worker
  seenPolling(ctx, worker.value)
  holdRefused(ctx, worker.value, refusedTo(ctx, worker.value))
  return ok(pollReply(ctx, worker.value, input.max ?? 1))
}

function inbox(ctx: CommandContext, input: Parsed<'claims.inbox'>): Result<{ jobs: Job[]; killswitch: KillswitchBrief }> {
  const worker = actingWorker(ctx, input.worker)
  if (!worker.ok) return worker
  seenPolling(ctx, worker.value)
  const killswitch = briefOf(ctx.store.killswitch.state())
  if (input.status !== undefined && input.status !== 'pending') {
    const held = ctx.live.leases.heldBy(worker.value.worker_id).flatMap((lease) => ctx.store.jobs.get(lease.job_id) ?? [])
    return ok({ jobs: input.status === 'running' ? held.map((job) => showJob(ctx, job)) : [], killswitch })
  }
  holdRefused(ctx, worker.value, refusedTo(ctx, worker.value))
  // Jobs that are on offer to this worker by another route are left out of the list: two routes to one job would race.
  const jobs = choose(ctx, worker.value, input.limit ?? limits.list_default).map((choice) => showJob(ctx, choice.job))
  return ok({ jobs, killswitch })
}

/**
 * Ids are sequential, so a worker may guess any of them. The existence of a job that it could not be offered is hidden from it. A job that was
 * assigned to nobody, and that it might have taken, is shown also while it runs and after it has ended.
 */
function mayKnow(ctx: CommandContext, worker: WorkerRecord, job: JobRecord): boolean {
  if (job.status === 'pending') return isOpenTo(ctx, worker, job)
  const open = job.status === 'running' ? ctx.live.leases.lease(job.id)?.open === true : job.worker_id === null
  return open && mayDo(requirementsOf(job.spec), viewOf(ctx, worker))
}

function claimById(ctx: CommandContext, input: Parsed<'claims.claim'>): Result<ReturnType<typeof startReply>> {
  const acting = actingWorker(ctx, input.worker)
  if (!acting.ok) return acting
  const worker = acting.value
  seenPolling(ctx, worker)
  const job = ctx.store.jobs.get(input.job_id)
  const mine = job?.worker_id === worker.worker_id
  if (job === undefined || !(mine || mayKnow(ctx, worker, job))) return fail('not-found', `There is no job ${input.job_id}.`)
  // A repeated claim by the worker that already has the job (the first answer was lost): answers the same claim.
  if (job.status === 'running' && mine) return ok(startReply(ctx, job))
  if (job.status === 'running') return fail('already-claimed', `Job ${job.id} is running elsewhere.`)
  if (job.status !== 'pending' || job.hold !== null) {
    return fail('wrong-state', `Job ${job.id} is ${job.status}${job.hold === null ? '' : `, held for ${job.hold}`}.`)
  }
  const reined = claimRefusal(ctx.store.killswitch.state())
  if (reined !== undefined) return reined
  const against = obstacles(requirementsOf(job.spec), viewOf(ctx, worker))
  if (against.length > 0) return fail('forbidden', `${worker.name} ${against.join(' and ')}.`)
  const offer = ctx.live.leases.offer(job.id)
  if (offer !== undefined && offer.worker_id !== worker.worker_id && offer.expires_at > ctx.at) {
    return fail('already-claimed', `Job ${job.id} is on offer to another worker.`)
  }
  if (offer !== undefined) ctx.live.leases.dropOffer(job.id)
  const lease: AttemptLease = {
    tenant: ctx.tenant,
    job_id: job.id,
    attempt: job.attempt + 1,
    worker_id: worker.worker_id,
    nonce: ctx.randomText(10),
    offered_at: ctx.at,
    expires_at: ctx.at,
  }
  const started = startAttempt(ctx, worker, lease, true)
  if (started.ok) return ok(startReply(ctx, started.value))
  // A claim by id has no lease to lose. The obstacle is the job's own state, such as a decision that is missing.
  return started.failure.code === 'lease-lost' ? fail('wrong-state', started.failure.detail) : started
}

/** The lease of a worker that has never received its token: limited to its own current attempt. */
const heldLease = (ctx: CommandContext, job: JobRecord, worker: WorkerRecord): AttemptLease | undefined =>
  job.worker_id === worker.worker_id && job.attempt > 0 && job.nonce !== null
    ? {
        tenant: ctx.tenant,
        job_id: job.id,
        attempt: job.attempt,
        worker_id: worker.worker_id,
        nonce: job.nonce,
        offered_at: ctx.at,
        expires_at: ctx.at,
      }
    : undefined

/** The seeds' workers send no worker name when they close a job: an API key then stands for the companion under it that holds the attempt. */
function closingWorker(ctx: CommandContext, input: Parsed<'claims.close'>): Result<WorkerRecord> {
  if (input.worker !== undefined || ctx.caller.kind !== 'member') return actingWorker(ctx, input.worker)
  const job = ctx.store.jobs.get(input.job_id)
  if (job === undefined) return fail('not-found', `There is no job ${input.job_id}.`)
  const holder = job.worker_id === null ? undefined : ctx.store.workers.get(job.worker_id)
  return holder?.companion_of === ctx.caller.member.member_id
    ? ok(holder)
    : fail('lease-lost', `Lease for job ${job.id} does not belong to a companion of this key.`)
}

/** Hands a running job to a human instead of ending it; reviews do that. */
type HandOver = (ctx: CommandContext, job: JobRecord, worker: WorkerRecord, result: string | null) => Result<JobRecord>

export function closeById(ctx: CommandContext, input: Parsed<'claims.close'>, handOver: HandOver): Result<Job> {
  const acting = closingWorker(ctx, input)
  if (!acting.ok) return acting
  const worker = acting.value
  seenPolling(ctx, worker)
  const job = ctx.store.jobs.get(input.job_id)
  if (job === undefined) return fail('not-found', `There is no job ${input.job_id}.`)
  const lease = heldLease(ctx, job, worker)
  if (lease === undefined) return fail('lease-lost', `Lease for job ${job.id} does not belong to ${worker.name}.`)
  if (isTerminal(job.status)) {
    // The same outcome again (its reply was lost) is accepted; a different outcome for a settled job changes nothing (I4).
    const same = (job.status === 'done') === (input.status === 'done') && (job.outcome?.error === null) === (input.status === 'done')
    return same ? ok(showJob(ctx, job)) : fail('wrong-state', `Job ${job.id} is ${job.status} already.`)
  }
  if (input.status === 'escalated') {
    const escalated = handOver(ctx, job, worker, input.result ?? null)
    return escalated.ok ? ok(showJob(ctx, escalated.value)) : escalated
  }
  const settled =
    input.status === 'failed'
      ? failTheAttempt(ctx, lease, {
          error: {
            type: input.error_type ?? 'worker_error',
            message: (input.result ?? 'The worker failed the job.').slice(0, 4_000),
            retryable: input.retryable ?? false,
          },
          tail: { text: (input.result ?? '').slice(-16_000) },
        })
      : completeAttempt(ctx, lease, { result: input.result ?? null })
  return settled.ok ? ok(showJob(ctx, settled.value)) : settled
}

export const claimCommands = {
  'claims.poll': pollOffers,
  'claims.inbox': inbox,
  'claims.claim': claimById,
}
