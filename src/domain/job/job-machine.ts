/**
 * Responsible for the life cycle of a job: which transition is allowed from which state, and the job after it. Every function takes the time as `at`
 * (milliseconds since 1970) and returns a new record; none of them stores anything.
 */
import { attemptsByEffort, limits } from '@modelreins/contract'
import type { Concurrency, Effort, JobError, JobHold, JobRequest, JobStatus, Rate, Substrate } from '@modelreins/contract'
import type { Fallback } from './fallback.ts'
import type { FanOutSpec } from '../fan-out/fan-out.ts'
import type { JobOutcome, PersonsAttempt } from './job-attempt.ts'
import { specOf } from './job-spec.ts'
import { limitDelay, retryDelay, toldTime } from './retry.ts'
import { fail, ok } from '../result.ts'
import type { Result } from '../result.ts'

export type { JobOutcome, PersonsAttempt }

/** The request. It changes only by an update before the start. */
export interface JobSpec {
  /** Text for the worker. Changes by an update before the start, or by a reviewer's edit. */
  readonly prompt: string
  /** Structured input, any JSON; null without one. */
  readonly input: unknown
  /** Capability that the job uses; null: none. Only workers that declare it are eligible. */
  readonly capability: string | null
  /** Id of the worker that `target` names; null without a target. Only this worker is eligible. */
  readonly pinned: string | null
  /** Name of the target as the request spelled it; kept for display. */
  readonly target: string | null
  /** Tags that a worker must have. */
  readonly tags: readonly string[]
  /** Networks that a worker must be in. */
  readonly networks: readonly string[]
  /** Substrate that a worker must have; absent: any, but a person only if the job asks for one in another way. */
  readonly substrate?: Substrate
  /** Provider that a worker must have; null: any. */
  readonly provider: string | null
  /** Model that the worker is asked to use; null: its default. */
  readonly model: string | null
  readonly mode?: 'local' | 'cloud'
  /** Fallback chain for when the job cannot be done here. Its current step has set `pinned`, `target`, `provider` and `model`. */
  readonly fallback?: Fallback
  /** worker_ids of workers that must not get the job, and of those that are chosen before others. */
  readonly avoid?: readonly string[]
  readonly prefer?: readonly string[]
  /** Session that the requester groups jobs by; passed to the worker as it is. */
  readonly session_id: string | null
  /** Context policy: how much of the thread the worker receives. */
  readonly context: string
  /** Job whose prompt and answer the worker receives as context. */
  readonly context_from?: number
  /** Inline context that came with the request; null without one. */
  readonly context_text: string | null
  /** Ids of earlier jobs of the thread that a reviewer saw as context. Set when a review opens; the worker then receives exactly these. */
  readonly context_turns?: readonly number[]
  /** When the job last moved behind the other jobs of its concurrency key because no worker could start it; its turn counts from then. */
  readonly stood_back_at?: number
  /** Members, in addition to `created_by`, who updated or retried the job. Grows; none of them may approve it. */
  readonly wanted_by?: readonly string[]
  /** Consecutive attempts that ended at a provider limit, and the time of the first. Removed when an attempt ends in another way. */
  readonly limited?: { readonly times: number; readonly since: number }
  /** Secret references that the worker resolves on its own machine. */
  readonly requires_secrets: readonly string[]
  /** Limit of one attempt. */
  readonly timeout_ms: number
  /** Limit of an attempt without output; null: the worker's default. */
  readonly silence_ms: number | null
  /** Limit of waiting in the queue, counted from `queued_at`. */
  readonly expires_ms: number
  /** Scheduled time, milliseconds since 1970; null: at once. */
  readonly not_before: number | null
  /** State of a person's attempt. Set when a person starts the job; absent for all other workers. */
  readonly person?: PersonsAttempt
  /** Time in which the server was suspended since the job was queued or its attempt began. Extends both limits; removed when another limit begins. */
  readonly slept_ms?: number
  /** The value of `slept_ms` when the attempt started, if there was one: it applies again when the attempt is handed back. */
  readonly slept_before_ms?: number
  /** JSON that the requester attached; never interpreted. */
  readonly metadata: unknown
  /** Keys that jobs share: how many of them run at once, and how many start within some time. */
  readonly concurrency?: Concurrency
  readonly rate?: Rate
  /** The schedule that dispatched the job, with the digests of its text then and of what reaches the worker. Present if approval may be needed. */
  readonly scheduled?: { readonly schedule_id: string; readonly digest: string; readonly payload: string }
  /** Plan of the fan-out; present on its parent job alone, which no worker runs. */
  readonly fan_out?: FanOutSpec
  /** Role in a fan-out: one of the answers, or the merge. Set at creation. */
  readonly role?: 'child' | 'merge'
}

export interface JobRecord {
  /** Number of the job in its tenant; ascending, never reused. */
  readonly id: number
  /** State of the job; see docs/explanation/job-lifecycle.md. Changes by the functions of this module alone. */
  readonly status: JobStatus
  /** Reason why a pending job may not be offered; null while it may. Set and cleared by the room of that reason (queue/hold.ts). */
  readonly hold: JobHold | null
  /** Effort of the request; steers routing, attempts and head start. Changes by an update before the start. */
  readonly effort: Effort
  /** Priority of the request; ranks the job in its pool. Changes by an update before the start. */
  readonly priority: number
  /** Thread that the job belongs to; null without one. Fixed at creation. */
  readonly thread_id: string | null
  /** Before the start: the worker that the Director assigned, null when any eligible worker may take it. From the start on: the worker of the current or last attempt. */
  readonly worker_id: string | null
  /** Number of the current or last attempt; 0 before the first. Increases at every start. */
  readonly attempt: number
  /** Attempts allowed. Grows by one for an attempt that ended at a provider limit, and when a failed job is retried by hand. */
  readonly max_attempts: number
  /** Fencing token of the current or last attempt, part of its lease token; null before the first. New at every start. */
  readonly nonce: string | null
  /** The attempt was claimed by id and sends no heartbeats, so its lease lasts until the deadline. Set at every start. */
  readonly long_lease: boolean
  /** Id of the member or worker that dispatched it. Fixed at creation. */
  readonly created_by: string
  /** Time of creation, milliseconds since 1970. */
  readonly created_at: number
  /** Time from which expiry and rank count: creation, the schedule, a release, a due retry. */
  readonly queued_at: number
  /** Start of the current or last attempt; null before the first, and once one was handed back that had not begun. */
  readonly started_at: number | null
  /** Time at which the job became done or failed; null before, and again after a retry by hand. */
  readonly ended_at: number | null
  /** Time of the next attempt; set with status `retry`, null otherwise. */
  readonly retry_at: number | null
  /** Review that holds the job or released it; null without one. Replaced when the job is reviewed anew. */
  readonly review_id: number | null
  /** Parent of the fan-out that it is a child or the merge of; null otherwise. Fixed at creation. */
  readonly parent_id: number | null
  /** A stream object may exist: an attempt sent output while it ran. Never reset. */
  readonly stream: boolean
  /** The request. */
  readonly spec: JobSpec
  /** The outcome of the last attempt; null while none has ended, and during an attempt. */
  readonly outcome: JobOutcome | null
}

export const emptyOutcome: JobOutcome = {
  output: '',
  output_truncated: false,
  result: null,
  stored: null,
  exit_code: null,
  usage: null,
  error: null,
}

export const isTerminal = (status: JobStatus): boolean => status === 'done' || status === 'failed'

/** Number of characters in the large parts of a job, which limits pages and shipments. */
export const sizeOf = (job: JobRecord): number =>
  job.spec.prompt.length + (job.outcome?.result?.length ?? 0) + (job.outcome?.output.length ?? 0)

/** Whether a queued job has the default schedule-to-start expiry, which needs no index row of its own. */
export const hasDefaultExpiry = (job: JobRecord): boolean =>
  job.spec.expires_ms === limits.schedule_to_start_ms && job.spec.slept_ms === undefined
export const expiryOf = (job: JobRecord): number => job.queued_at + job.spec.expires_ms + (job.spec.slept_ms ?? 0)

/** When the running attempt must end. */
export const deadlineOf = (job: JobRecord): number =>
  (job.started_at ?? job.queued_at) + (job.spec.person?.limit_ms ?? job.spec.timeout_ms) + (job.spec.slept_ms ?? 0)

/** The job with this much additional time; `awake` removes it when another limit begins. */
export const withSleptTime = (job: JobRecord, slept_ms: number): JobRecord => ({ ...job, spec: { ...job.spec, slept_ms } })
const awake = (spec: JobSpec): JobSpec => {
  if (spec.slept_ms === undefined && spec.slept_before_ms === undefined) return spec
  const { slept_ms: _, slept_before_ms: __, ...rest } = spec
  return rest
}

const withoutPerson = (spec: JobSpec): JobSpec => {
  if (spec.person === undefined) return spec
  const { person: _, ...rest } = spec
  return rest
}

/** A job when it enters the queue. */
export function newJob(
  request: JobRequest,
  about: {
    readonly id: number
    readonly at: number
    readonly pinned: string | null
    readonly worker_id: string | null
    readonly created_by: string
    readonly hold: JobHold | null
    readonly parent?: { readonly id: number; readonly role: 'child' | 'merge' }
  },
): JobRecord {
  const plain = specOf(request, about.pinned)
  const spec: JobSpec = about.parent === undefined ? plain : { ...plain, role: about.parent.role }
  const effort = request.effort ?? 'standard'
  const scheduled = spec.not_before !== null && spec.not_before > about.at
  return {
    id: about.id,
    status: 'pending',
    hold: about.hold,
    effort,
    priority: request.priority ?? 0,
    thread_id: request.thread_id ?? null,
    worker_id: about.worker_id,
    attempt: 0,
    max_attempts: request.max_attempts ?? attemptsByEffort[effort],
    nonce: null,
    long_lease: false,
    created_by: about.created_by,
    created_at: about.at,
    queued_at: scheduled ? (spec.not_before ?? about.at) : about.at,
    started_at: null,
    ended_at: null,
    retry_at: null,
    review_id: null,
    parent_id: about.parent?.id ?? null,
    stream: false,
    spec,
    outcome: null,
  }
}

/** The members who want the job in its present form: who dispatched, changed or retried it. None of them may approve it. */
export const requestersOf = (job: Pick<JobRecord, 'created_by' | 'spec'>): readonly string[] => [
  ...new Set([job.created_by, ...(job.spec.wanted_by ?? [])]),
]

/** Adds this member to those who want the job. */
export function withRequester(job: JobRecord, memberId: string): JobRecord {
  const [, ...wanted_by] = requestersOf({ ...job, spec: { ...job.spec, wanted_by: [...(job.spec.wanted_by ?? []), memberId] } })
  return wanted_by.length === 0 ? job : { ...job, spec: { ...job.spec, wanted_by } }
}

/** Starts an attempt. Only a pending job without a hold can start, and only within its attempts (I6). */
export function start(
  job: JobRecord,
  by: { readonly worker_id: string; readonly nonce: string; readonly at: number; readonly long: boolean; readonly person?: PersonsAttempt },
): Result<JobRecord> {
  if (job.status !== 'pending' || job.hold !== null) return wrongState(job, 'started')
  if (job.attempt >= job.max_attempts) return fail('wrong-state', `Job ${job.id} has used its ${job.max_attempts} attempts.`)
  const plain = withoutPerson(awake(job.spec))
  const spec = job.spec.slept_ms === undefined ? plain : { ...plain, slept_before_ms: job.spec.slept_ms }
  return ok({
    ...job,
    status: 'running',
    spec: by.person === undefined ? spec : { ...spec, person: by.person },
    worker_id: by.worker_id,
    attempt: job.attempt + 1,
    nonce: by.nonce,
    long_lease: by.long,
    started_at: by.at,
    retry_at: null,
    outcome: null,
  })
}

/** The current attempt succeeds. */
export const complete = (job: JobRecord, outcome: JobOutcome, at: number): JobRecord => ({ ...job, status: 'done', ended_at: at, outcome })

interface FailedAt {
  readonly at: number
  readonly random: number
  /** The provider's own reset time, which takes precedence over every other wait. */
  readonly retryAt?: number | null
}

/** A provider was at its limit, so the work was not tried. */
const isLimit = (error: JobError): boolean => error.type === 'rate_limited' && error.retryable

const toldIn = (when: FailedAt): number | undefined =>
  when.retryAt != null && when.retryAt > when.at
    ? Math.min(toldTime(when.retryAt, when.random), when.at + limits.retry_at_max_ms)
    : undefined

/** How long a job waits for a limit without a known reset time. */
const limitWait = (job: JobRecord): number => (hasDefaultExpiry(job) ? limits.limit_wait_ms : job.spec.expires_ms)

/** Waits for the limit, which uses up no attempt: `max_attempts` grows. Without a known reset time waits get longer, within the job's deadline. */
function waitForLimit(job: JobRecord, outcome: JobOutcome, when: FailedAt): JobRecord {
  const { times, since } = job.spec.limited ?? { times: 0, since: when.at }
  const told = toldIn(when)
  const retry_at = told ?? when.at + limitDelay(times, when.random)
  if (told === undefined && retry_at > since + limitWait(job)) return { ...job, status: 'failed', ended_at: when.at, outcome }
  const spec = { ...job.spec, limited: { times: times + 1, since } }
  return { ...job, status: 'retry', retry_at, outcome, max_attempts: job.max_attempts + 1, spec }
}

/** The job without its record of limits, after an attempt ended in another way. */
const forgetLimits = ({ spec: { limited: _, ...spec }, ...job }: JobRecord): JobRecord => ({ ...job, spec })

/**
 * The current attempt fails: `retry` while the error is retryable and attempts remain, else failed. `random` is in [0, 1). An attempt that met its
 * provider's limit does not count.
 */
export function failAttempt(job: JobRecord, outcome: JobOutcome & { readonly error: JobError }, when: FailedAt): JobRecord {
  if (isLimit(outcome.error)) return waitForLimit(job, outcome, when)
  if (!outcome.error.retryable || job.attempt >= job.max_attempts) {
    return { ...job, status: 'failed', ended_at: when.at, outcome }
  }
  const retry_at = toldIn(when) ?? when.at + retryDelay(job.attempt, when.random)
  return { ...forgetLimits(job), status: 'retry', retry_at, outcome }
}

/** Ends a job that will not run (again): abort, expiry, a denied review. */
export const end = (job: JobRecord, error: JobError, at: number): JobRecord => ({
  ...job,
  status: 'failed',
  hold: null,
  ended_at: at,
  retry_at: null,
  outcome: { ...(job.outcome ?? { ...emptyOutcome, output_truncated: job.stream }), error },
})

/** The server ended the attempt: its worker is told to stop and confirms that once. A person runs no process to confirm. */
export const withStopOwed = (job: JobRecord): JobRecord =>
  job.outcome === null || job.spec.person !== undefined ? job : { ...job, outcome: { ...job.outcome, stop_owed: true } }

/** The outcome after that confirmation; undefined when this worker owes none for this attempt. */
export function outcomeOnceStopped(job: JobRecord, of: { readonly worker_id: string; readonly attempt: number }): JobOutcome | undefined {
  const { outcome } = job
  if (outcome?.stop_owed !== true || job.attempt !== of.attempt || job.worker_id !== of.worker_id) return undefined
  const { stop_owed: _, ...rest } = outcome
  return rest
}

/** Continues a lost attempt of this worker if no newer one has begun; undefined when it may not. Work that needs a decision is reviewed again. */
export function resume(job: JobRecord, by: { readonly worker_id: string; readonly attempt: number }): JobRecord | undefined {
  const waits = job.status === 'retry' || (job.status === 'pending' && job.hold === null && job.review_id === null)
  if (!waits || job.attempt !== by.attempt || job.outcome?.lost_by !== by.worker_id) return undefined
  if (job.spec.pinned !== null && job.spec.pinned !== by.worker_id) return undefined
  // The fallback chain has moved on after that attempt.
  if (job.attempt <= (job.spec.fallback?.made ?? 0)) return undefined
  return { ...job, status: 'running', worker_id: by.worker_id, retry_at: null, outcome: null }
}

/** Ends the chance to resume the lost attempt, because a new one is wanted. */
export function withoutLost(job: JobRecord): JobRecord {
  if (job.outcome?.lost_by === undefined) return job
  const { lost_by: _, ...outcome } = job.outcome
  return { ...job, outcome }
}

/** A waiting job may be offered (again): its retry is due, its scheduled time has come, or its hold is released. Expiry counts from now. */
export const queue = (job: JobRecord, at: number): JobRecord => ({
  ...job,
  spec: awake(job.spec),
  status: 'pending',
  hold: null,
  retry_at: null,
  queued_at: at,
})

/** A person gives the job back or was away for too long: any eligible worker may take it. The attempt does not count (`max_attempts` grows). */
export const handBack = (job: JobRecord, outcome: JobOutcome, at: number): JobRecord => ({
  ...queue(job, at),
  worker_id: job.spec.pinned,
  max_attempts: job.max_attempts + 1,
  outcome,
})

/**
 * A worker gives back an attempt that has not begun: the job returns to its earlier position for any eligible worker, and the attempt does not count
 * (`max_attempts` grows with it). The time outside of the queue does not count towards its expiry.
 */
export const handBackUnbegun = (job: JobRecord, at: number): JobRecord => ({
  ...job,
  spec: { ...awake(job.spec), slept_ms: (job.spec.slept_before_ms ?? 0) + Math.max(0, at - (job.started_at ?? at)) },
  status: 'pending',
  worker_id: job.spec.pinned,
  max_attempts: job.max_attempts + 1,
  long_lease: false,
  started_at: null,
  outcome: null,
})

/** A member asks for a new attempt of a failed job: the only way out of a terminal state (docs/explanation/job-lifecycle.md). */
export function revive(job: JobRecord, at: number): Result<JobRecord> {
  if (job.status !== 'failed') return wrongState(job, 'retried')
  return ok({
    ...forgetLimits(job),
    status: 'pending',
    hold: null,
    ended_at: null,
    retry_at: null,
    queued_at: at,
    max_attempts: Math.max(job.max_attempts, job.attempt + 1),
    outcome: null,
  })
}

export const wrongState = (job: JobRecord, verb: string): Result<never> =>
  fail('wrong-state', `Job ${job.id} is ${job.status}${job.hold === null ? '' : ` (held for ${job.hold})`} and cannot be ${verb}.`)
