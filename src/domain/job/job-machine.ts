/**
 * Responsible for the life of a job: which transition is allowed from which state, and what the job is afterwards. Every
 * function takes the time as `at` (milliseconds since 1970) and returns a new record; none of them stores anything.
 */
import { attemptsByEffort, limits } from '@modelreins/contract'
import type { Effort, JobError, JobHold, JobRequest, JobStatus, Usage } from '@modelreins/contract'
import type { FanOutOutcome, FanOutSpec } from '../fan-out/fan-out.ts'
import { limitDelay, retryDelay, toldTime } from './retry.ts'
import { fail, ok } from '../result.ts'
import type { Result } from '../result.ts'

/** What was asked for; changes only by an update before the start. */
export interface JobSpec {
  readonly prompt: string
  readonly input: unknown
  readonly capability: string | null
  /** Pinned to this worker_id; its name as it was asked for is kept for people. */
  readonly pinned: string | null
  readonly target: string | null
  readonly tags: readonly string[]
  readonly networks: readonly string[]
  readonly provider: string | null
  readonly model: string | null
  readonly session_id: string | null
  readonly context: string
  readonly context_text: string | null
  /** Earlier jobs of the thread that a human was shown as this job's context: it gets these and no others. */
  readonly context_turns?: readonly number[]
  /** Members who have changed it or had it tried again, beside who dispatched it. */
  readonly wanted_by?: readonly string[]
  /** Attempts in a row, up to now, that ended at a provider's limit, and when the first of them did. */
  readonly limited?: { readonly times: number; readonly since: number }
  readonly requires_secrets: readonly string[]
  readonly timeout_ms: number
  readonly silence_ms: number | null
  readonly expires_ms: number
  readonly not_before: number | null
  /** Milliseconds in which the server itself was asleep since the job was queued, or its attempt began: they count against neither limit. */
  readonly slept_ms?: number
  readonly metadata: unknown
  /** Only of the parent of a fan-out, which no worker runs. */
  readonly fan_out?: FanOutSpec
  /** What it is to its parent. */
  readonly role?: 'child' | 'merge'
}

/** What an attempt left behind. */
export interface JobOutcome {
  readonly output: string
  readonly output_truncated: boolean
  readonly result: string | null
  /** R2 key of the whole result when `result` is only its beginning. */
  readonly stored: string | null
  readonly exit_code: number | null
  readonly usage: Usage | null
  readonly error: JobError | null
  /** The server ended the attempt while it ran: its worker owes the word that the process is gone, once. */
  readonly stop_owed?: true
  /** Of a fan-out. */
  readonly fan_out?: FanOutOutcome
}

export interface JobRecord {
  readonly id: number
  readonly status: JobStatus
  readonly hold: JobHold | null
  readonly effort: Effort
  readonly priority: number
  readonly thread_id: string | null
  readonly worker_id: string | null
  readonly attempt: number
  readonly max_attempts: number
  /** Fence of the current or last attempt: its lease token carries it. */
  readonly nonce: string | null
  /** Claimed by id, by a worker that is silent while it works. */
  readonly long_lease: boolean
  readonly created_by: string
  readonly created_at: number
  readonly queued_at: number
  readonly started_at: number | null
  readonly ended_at: number | null
  readonly retry_at: number | null
  readonly review_id: number | null
  readonly parent_id: number | null
  readonly stream: boolean
  readonly spec: JobSpec
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

/** Characters that the large parts of a job take; what bounds pages and shipments. */
export const sizeOf = (job: JobRecord): number =>
  job.spec.prompt.length + (job.outcome?.result?.length ?? 0) + (job.outcome?.output.length ?? 0)

/** Schedule-to-start expiry of a queued job; the default needs no index row of its own. */
export const hasDefaultExpiry = (job: JobRecord): boolean =>
  job.spec.expires_ms === limits.schedule_to_start_ms && job.spec.slept_ms === undefined
export const expiryOf = (job: JobRecord): number => job.queued_at + job.spec.expires_ms + (job.spec.slept_ms ?? 0)

/** When the running attempt must have ended. */
export const deadlineOf = (job: JobRecord): number => (job.started_at ?? job.queued_at) + job.spec.timeout_ms + (job.spec.slept_ms ?? 0)

/** The job, which has been given that much more time; `awake` forgets it: another limit begins. */
export const sleptFor = (job: JobRecord, slept_ms: number): JobRecord => ({ ...job, spec: { ...job.spec, slept_ms } })
const awake = (spec: JobSpec): JobSpec => {
  if (spec.slept_ms === undefined) return spec
  const { slept_ms: _, ...rest } = spec
  return rest
}

const seconds = (value: number | undefined, otherwise: number): number => (value === undefined ? otherwise : Math.round(value * 1000))

/** The specification of a new job: defaults filled, times in milliseconds. `pinned` is the worker that `target` names. */
export function specOf(request: JobRequest, pinned: string | null): JobSpec {
  return {
    prompt: request.prompt,
    input: request.input ?? null,
    capability: request.capability ?? null,
    pinned,
    target: request.target ?? null,
    tags: request.tags ?? [],
    networks: request.networks ?? [],
    provider: request.provider ?? null,
    model: request.model ?? null,
    session_id: request.session_id ?? null,
    context: request.context ?? (request.context_text === undefined ? 'none' : 'inline'),
    context_text: request.context_text ?? null,
    requires_secrets: request.requires_secrets ?? [],
    timeout_ms: seconds(request.timeout, limits.timeout_ms),
    silence_ms: request.silence_timeout === undefined ? null : seconds(request.silence_timeout, 0),
    expires_ms: seconds(request.expires_in, limits.schedule_to_start_ms),
    not_before: request.not_before === undefined ? null : Date.parse(request.not_before),
    metadata: request.metadata ?? null,
  }
}

/** A job as it enters the queue. */
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
    hold: about.hold ?? (scheduled ? 'schedule' : null),
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

/** Whose wish it is that the job runs as it is now: who dispatched it, changed it, or had it tried again. None of them approves it. */
export const requestersOf = (job: Pick<JobRecord, 'created_by' | 'spec'>): readonly string[] => [
  ...new Set([job.created_by, ...(job.spec.wanted_by ?? [])]),
]

/** The job, remembered as what this member wants, too. */
export function wantedBy(job: JobRecord, memberId: string): JobRecord {
  const [, ...wanted_by] = requestersOf({ ...job, spec: { ...job.spec, wanted_by: [...(job.spec.wanted_by ?? []), memberId] } })
  return wanted_by.length === 0 ? job : { ...job, spec: { ...job.spec, wanted_by } }
}

/** An attempt begins. Only a pending job without a hold can start, and only within its attempts (I6). */
export function start(
  job: JobRecord,
  by: { readonly worker_id: string; readonly nonce: string; readonly at: number; readonly long: boolean },
): Result<JobRecord> {
  if (job.status !== 'pending' || job.hold !== null) return notIn(job, 'started')
  if (job.attempt >= job.max_attempts) return fail('wrong-state', `Job ${job.id} has used its ${job.max_attempts} attempts.`)
  return ok({
    ...job,
    status: 'running',
    spec: awake(job.spec),
    worker_id: by.worker_id,
    attempt: job.attempt + 1,
    nonce: by.nonce,
    long_lease: by.long,
    started_at: by.at,
    retry_at: null,
    outcome: null,
  })
}

/** The current attempt ends well. */
export const complete = (job: JobRecord, outcome: JobOutcome, at: number): JobRecord => ({ ...job, status: 'done', ended_at: at, outcome })

interface FailedAt {
  readonly at: number
  readonly random: number
  /** The provider's own reset time, which beats every other wait. */
  readonly retryAt?: number | null
}

/** A provider was at its limit: the work was not tried. */
const isLimit = (error: JobError): boolean => error.type === 'rate_limited' && error.retryable

const toldIn = (when: FailedAt): number | undefined =>
  when.retryAt != null && when.retryAt > when.at
    ? Math.min(toldTime(when.retryAt, when.random), when.at + limits.retry_at_max_ms)
    : undefined

/** How long a job waits for a limit that tells no time. */
const limitWait = (job: JobRecord): number => (hasDefaultExpiry(job) ? limits.limit_wait_ms : job.spec.expires_ms)

/** Waits for the limit, which costs no attempt: `max_attempts` grows with it. Without a told time it waits longer and longer, within the job's deadline. */
function waitForLimit(job: JobRecord, outcome: JobOutcome, when: FailedAt): JobRecord {
  const { times, since } = job.spec.limited ?? { times: 0, since: when.at }
  const told = toldIn(when)
  const retry_at = told ?? when.at + limitDelay(times, when.random)
  if (told === undefined && retry_at > since + limitWait(job)) return { ...job, status: 'failed', ended_at: when.at, outcome }
  const spec = { ...job.spec, limited: { times: times + 1, since } }
  return { ...job, status: 'retry', retry_at, outcome, max_attempts: job.max_attempts + 1, spec }
}

/** The job without the memory of limits, once an attempt has ended otherwise. */
const forgetLimits = ({ spec: { limited: _, ...spec }, ...job }: JobRecord): JobRecord => ({ ...job, spec })

/**
 * The current attempt ends badly: `retry` while the error is retryable and attempts remain, else failed. `random` is in [0, 1).
 * An attempt that met its provider's limit does not count.
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

/** The attempt was ended over the head of its worker, which is told to stop and says once that it has. */
export const owingStop = (job: JobRecord): JobRecord =>
  job.outcome === null ? job : { ...job, outcome: { ...job.outcome, stop_owed: true } }

/** The outcome once that word has come; undefined when this worker owes none for this attempt. */
export function stoppedBy(job: JobRecord, of: { readonly worker_id: string; readonly attempt: number }): JobOutcome | undefined {
  const { outcome } = job
  if (outcome?.stop_owed !== true || job.attempt !== of.attempt || job.worker_id !== of.worker_id) return undefined
  const { stop_owed: _, ...rest } = outcome
  return rest
}

/** A waiting job may be offered (again): retry is due, the schedule has come, the hold is released. Expiry counts from now. */
export const queue = (job: JobRecord, at: number): JobRecord => ({
  ...job,
  spec: awake(job.spec),
  status: 'pending',
  hold: null,
  retry_at: null,
  queued_at: at,
})

/** A human asks for a new attempt of a failed job: the only way out of a terminal state (docs/explanation/job-lifecycle.md). */
export function revive(job: JobRecord, at: number): Result<JobRecord> {
  if (job.status !== 'failed') return notIn(job, 'retried')
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

export const notIn = (job: JobRecord, verb: string): Result<never> =>
  fail('wrong-state', `Job ${job.id} is ${job.status}${job.hold === null ? '' : ` (held for ${job.hold})`} and cannot be ${verb}.`)
