/**
 * Responsible for explaining why a job is in its current state, computed now: the rule that holds it, which workers could take it, and which jobs are
 * ahead of it.
 */
import { slotsInUse } from '@modelreins/contract'
import type { Why } from '@modelreins/contract'
import { rank } from '../../../../src/domain/director/director.ts'
import type { Verdict } from '../../../../src/domain/director/director.ts'
import { stepInWords } from '../../../../src/domain/job/fallback.ts'
import { deadlineOf, expiryOf, isTerminal } from '../../../../src/domain/job/job-machine.ts'
import type { JobRecord } from '../../../../src/domain/job/job-machine.ts'
import { isEscalated } from '../../../../src/domain/review/review-job.ts'
import { mayClaim } from '../../../../src/domain/killswitch.ts'
import { isLive, mayDo, requirementsOf } from '../../../../src/domain/director/matching.ts'
import type { WorkerView } from '../../../../src/domain/director/matching.ts'
import { poolRank } from '../../../../src/domain/job/queue.ts'
import { outlookOf } from '../fallback.ts'
import { clearanceOf, holdInWords } from '../hold.ts'
import { isoTime } from '../../kernel/context.ts'
import type { CommandContext } from '../../kernel/context.ts'
import { fanOutOf } from '../fan-out-state.ts'
import { poolOf } from '../save-job.ts'
import { workforce } from '../workforce/worker-view.ts'

const inWords = (ms: number): string =>
  ms < 90_000
    ? `${Math.max(1, Math.ceil(ms / 1000))} s`
    : ms < 5_400_000
      ? `${Math.round(ms / 60_000)} min`
      : `${Math.round(ms / 3_600_000)} h`

/** The state of a worker, as a phrase that follows "which is" or its name. */
function standing(worker: WorkerView): string {
  if (worker.revoked) return 'revoked'
  if (worker.paused) return 'paused'
  if (worker.state === 'offline') return 'offline'
  if (worker.stopping === true) return 'stopping: it finishes its running jobs and takes no new ones'
  if (worker.state === 'deaf') return 'deaf: it did not answer its last offers'
  if (worker.parked_until != null) return `parked: out of quota until ${isoTime(worker.parked_until)}`
  if (worker.place_taken_by !== undefined) return `busy: job ${worker.place_taken_by} works in its directory, one at a time`
  if (worker.running >= worker.slots) return `busy, ${slotsInUse(worker.running, worker.slots)}`
  return `live, ${slotsInUse(worker.running, worker.slots)}`
}

/** A fan-out waits for its children, then for its merge job. */
function fanOutAnswer(ctx: CommandContext, job: JobRecord): string {
  const { children, merge } = fanOutOf(ctx.store, job)
  if (merge !== null && merge !== 'refused') return `Its answers are being merged by job ${merge.job_id}, which is ${merge.status}.`
  const open = children.filter((child) => child.status !== 'done' && child.status !== 'failed')
  return `It waits for ${open.length} of ${children.length} answers: ${open.map((child) => `job ${child.job_id} (${child.worker}, ${child.status})`).join(', ')}.`
}

/** What holds a job that is not simply queued; undefined for one that is. */
function held(ctx: CommandContext, job: JobRecord): string | undefined {
  const { level } = ctx.store.killswitch.state()
  if (job.status === 'running' && job.spec.fan_out !== undefined) return fanOutAnswer(ctx, job)
  if (job.status === 'running') {
    const lease = ctx.live.leases.lease(job.id)
    return `It is running: attempt ${job.attempt} since ${isoTime(job.started_at ?? ctx.at)}${lease === undefined ? '' : `, lease for another ${inWords(lease.expires_at - ctx.at)}`}, timeout in ${inWords(deadlineOf(job) - ctx.at)}.`
  }
  if (isTerminal(job.status))
    return `It has ended: ${job.status}${job.outcome?.error == null ? '' : ` (${job.outcome.error.type}: ${job.outcome.error.message})`}.`
  if (job.status === 'retry') {
    const type = job.outcome?.error?.type ?? 'unknown'
    const limit = type === 'timeout' ? `, with a timeout of ${inWords(job.spec.timeout_ms)}` : ''
    return `Attempt ${job.attempt} failed (${type}); the next one is due in ${inWords((job.retry_at ?? ctx.at) - ctx.at)}${limit}.`
  }
  if (job.hold === 'review')
    return isEscalated(job)
      ? `Its worker handed it to a human: review ${job.review_id} settles it.`
      : `It waits for a human: review ${job.review_id ?? 'not yet opened'} must be approved before any worker is offered this job.`
  if (job.hold === 'schedule') return `It is scheduled for ${isoTime(job.queued_at)}.`
  if (job.hold !== null) return holdInWords(ctx, job) ?? `It is held for ${job.hold}.`
  if (!mayClaim(level)) return `The killswitch is at level ${level}: no worker may claim.`
  const offer = ctx.live.leases.offer(job.id)
  return offer === undefined
    ? undefined
    : `It is on offer to ${ctx.store.workers.get(offer.worker_id)?.name ?? 'a worker'}, which has ${inWords(offer.expires_at - ctx.at)} to start it.`
}

/** The number of jobs that the workers in `waitingFor` would take first, in all pools. */
function jobsAhead(ctx: CommandContext, job: JobRecord, waitingFor: readonly WorkerView[]): number {
  const own = poolOf(ctx, job)
  const before = poolRank(job.queued_at, job.effort, job.priority)
  let ahead = 0
  for (const id of new Set([own, ...ctx.live.occupied])) {
    const pool = ctx.store.pools.get(id)
    const theirs =
      pool !== undefined &&
      waitingFor.some((worker) => (pool.worker_id === null || pool.worker_id === worker.worker_id) && mayDo(pool.wants, worker))
    if (id === own || theirs) ahead += ctx.store.jobs.countIn(id, before)
  }
  return ahead
}

function queuedAnswer(ctx: CommandContext, job: JobRecord, eligible: readonly Verdict[], ahead: number): string {
  if (eligible.length === 0) return 'No registered worker may take it; `workers` says why for each.'
  const expires = `It expires in ${inWords(expiryOf(job) - ctx.at)}.`
  const live = eligible.filter(({ worker }) => isLive(worker.state))
  const assigned = eligible.find(({ worker }) => worker.worker_id === job.worker_id)?.worker
  const whose = assigned === undefined ? '' : `assigned to ${assigned.name} (${standing(assigned)}), `
  if (live.length === 0) return `It is ${whose}and every worker that may take it is offline. ${expires}`
  const count = `${ahead} ${ahead === 1 ? 'job' : 'jobs'} ahead of it`
  if (assigned !== undefined && job.spec.pinned !== null)
    return `It is queued with ${count}, ${whose}and pinned: no other worker may take it. ${expires}`
  const free = live.filter(
    ({ worker }) => !worker.paused && worker.stopping !== true && worker.parked_until == null && worker.running < worker.slots,
  )
  const others =
    free.length === 0
      ? 'every live worker that may take it is busy, stopping or out of quota'
      : `${free.map(({ worker }) => worker.name).join(', ')} may take it and has not asked yet`
  return `It is queued with ${count}, ${whose}and ${others}.`
}

/** A worker's rank in the shape of the contract. `more`: further reasons that apply to this job only. */
export const showVerdict = (verdict: Verdict, more: readonly string[] = []): Why['workers'][number] => ({
  worker_id: verdict.worker.worker_id,
  name: verdict.worker.name,
  eligible: verdict.eligible,
  live: verdict.live,
  score: verdict.score,
  // The state may also be one of the Director's reasons, so duplicates are removed.
  reasons: [...new Set([`is ${standing(verdict.worker)}`, ...verdict.reasons, ...more])],
})

/** The current step of the fallback chain, in words; empty for a job without a chain or at its beginning. */
function chainInWords({ store }: CommandContext, { spec }: JobRecord): string {
  if ((spec.fallback?.step ?? 0) === 0) return ''
  return ` It is at ${stepInWords(spec, (workerId) => store.workers.get(workerId)?.name ?? workerId)}.`
}

export function explain(ctx: CommandContext, job: JobRecord): Why {
  const wants = requirementsOf(job.spec)
  const workers = workforce(ctx)
  const verdicts = rank({ wants, effort: job.effort, thread_id: job.thread_id, prefer: job.spec.prefer }, workers, ctx.at)
  const eligible = verdicts.filter((verdict) => verdict.eligible)
  const queued = job.status === 'pending' && job.hold === null
  const waitingFor = eligible.map(({ worker }) => worker).filter((worker) => job.worker_id === null || worker.worker_id === job.worker_id)
  const ahead = queued ? jobsAhead(ctx, job, waitingFor) : 0
  const needs = (workerId: string): readonly string[] => {
    const worker = queued ? ctx.store.workers.get(workerId) : undefined
    const clearance = worker === undefined ? undefined : clearanceOf(ctx, job, worker)
    return clearance?.kind === 'refused' ? [clearance.why] : []
  }
  return {
    job_id: job.id,
    status: job.status,
    answer: `${held(ctx, job) ?? queuedAnswer(ctx, job, eligible, ahead)}${chainInWords(ctx, job)}`,
    ahead: queued ? ahead : null,
    workers: verdicts.map((verdict) => showVerdict(verdict, verdict.eligible ? needs(verdict.worker.worker_id) : [])),
    ...(job.status === 'running' && job.spec.fan_out === undefined ? { timeout_at: isoTime(deadlineOf(job)) } : {}),
    ...(job.spec.fallback === undefined || isTerminal(job.status) ? {} : { fallback: outlookOf(ctx, job, workers) }),
  }
}
