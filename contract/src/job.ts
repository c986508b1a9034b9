/** Responsible for the shape of a job and of the requests that dispatch one. */
import * as z from 'zod'
import { artifactBrief } from './artifact.ts'
import { fallbackChain, fallbackState } from './fallback.ts'
import { fanOutChild, fanOutRequest, fanOutTargets, jobKinds, jobRoles, mergeRequest, mergeState } from './fan-out.ts'
import {
  capabilityName,
  flag,
  givenTime,
  jobId,
  jsonValue,
  label,
  page,
  paging,
  refuseMeaningless,
  seconds,
  tagList,
  text,
  time,
  workerName,
} from './fields.ts'
import { workerId } from './ids.ts'
import { concurrency, rate } from './keys.ts'
import { limits } from './limits.ts'

export const jobStatuses = ['pending', 'running', 'retry', 'done', 'failed'] as const
export const jobStatus = z.enum(jobStatuses)
export type JobStatus = z.infer<typeof jobStatus>

/** Why a pending job may not be offered yet. `key`: it waits because of its concurrency key or rate. */
export const jobHolds = ['review', 'schedule', 'secrets', 'budget', 'key'] as const
export const jobHold = z.enum(jobHolds)
export type JobHold = z.infer<typeof jobHold>

export const efforts = ['trivial', 'quick', 'standard', 'deep', 'critical'] as const
export const effort = z.enum(efforts)
export type Effort = z.infer<typeof effort>

/** Where inference happens: `local` on the worker's own machine, `cloud` at a provider, `auto` where the Director finds it best. */
export const modes = ['auto', 'local', 'cloud'] as const
export const mode = z.enum(modes)
export type Mode = z.infer<typeof mode>

/** What a worker is (seed 000): silicon, an AI; carbon, a person; xenon, anything else that speaks the protocol. A companion is silicon. */
export const substrates = ['silicon', 'carbon', 'xenon'] as const
export const substrate = z.enum(substrates)
export type Substrate = z.infer<typeof substrate>

export const threadId = z.string().min(1).max(200)

/** `none`, `inline`, `thread`, `last:N` (seed 001, GET /context), or `job`: the answer of the one job that `context_from` names. */
export const contextPolicy = z
  .string()
  .regex(/^(?:none|inline|thread|job|last:[1-9][0-9]{0,2})$/, 'must be none, inline, thread, last:N, or job with context_from')

/** A reference into the tenant's own vault: `vault://<connector>/<path>#<field>` (seed 000). */
export const secretReference = z
  .string()
  .max(500)
  .regex(/^vault:\/\/[^/\s]+\/[^#\s]+(?:#[^\s]+)?$/, 'must be spelled vault://<connector>/<path>#<field>')

const workerNames = z
  .array(z.union([workerName, workerId]))
  .min(1)
  .max(limits.fan_out_targets)

const settable = {
  input: jsonValue(limits.input_bytes).optional(),
  capability: capabilityName.optional(),
  /** Pins the job to one worker, by name or worker_id. */
  target: z.union([workerName, workerId]).optional(),
  tags: tagList.optional(),
  networks: tagList.optional(),
  /** Only workers of this substrate; `carbon` asks for a person. */
  substrate: substrate.optional(),
  provider: label.optional(),
  model: label.optional(),
  effort: effort.optional(),
  mode: mode.optional(),
  /** Workers that must not get the job, by name or worker_id. */
  avoid: workerNames.optional(),
  priority: z.number().int().min(limits.priority_min).max(limits.priority_max).optional(),
  thread_id: threadId.optional(),
  session_id: threadId.optional(),
  context: contextPolicy.optional(),
  /** Text for the `inline` context policy. */
  context_text: text(limits.input_bytes).optional(),
  /** A done job, such as one child of a fan-out, whose prompt and answer become the context: alone, or in addition to the turns of `context`. */
  context_from: jobId.optional(),
  requires_secrets: z.array(secretReference).max(32).optional(),
  /** Seconds one attempt may take. */
  timeout: seconds(limits.timeout_max_ms).optional(),
  /** Seconds without output or heartbeat before an attempt counts as stuck. */
  silence_timeout: seconds(limits.timeout_max_ms).optional(),
  /** Seconds the job may wait for its first start. */
  expires_in: seconds(limits.schedule_to_start_max_ms).optional(),
  max_attempts: z.number().int().min(1).max(limits.attempts_max).optional(),
  /** The job is not offered before this time. */
  not_before: givenTime.optional(),
  metadata: jsonValue(limits.metadata_bytes).optional(),
  /** Limits how many jobs with the same key run at once; the others wait. */
  concurrency: concurrency.optional(),
  /** Limits how many jobs with the same key start within a number of seconds. */
  rate: rate.optional(),
}

/** Every field of a dispatch, before the rules about their combinations are checked. */
export const jobRequestFields = z.strictObject({
  prompt: text(limits.prompt_bytes).min(1),
  ...settable,
  when_offline: z.enum(['reject', 'queue']).optional(),
  /** Workers that are chosen before all others, even before those with a better score. */
  prefer: workerNames.optional(),
  /**
   * Where the job goes when it cannot be done as asked; an empty list: nowhere, even if the tenant has a default. For a fan-out: where each child
   * goes.
   */
  fallback: fallbackChain.optional(),
  /** Fan-out: the same prompt for each of these workers, by name or worker_id (seed 002). */
  targets: fanOutTargets.optional(),
  /** Fan-out to workers that the Director picks. */
  fan_out: fanOutRequest.optional(),
  /** How the answers of a fan-out are merged. */
  merge: mergeRequest.optional(),
  idempotency_key: z.string().min(1).max(200).optional(),
})

type Asked = z.output<typeof jobRequestFields>
const fanOutRules = (request: Asked, ctx: z.RefinementCtx): void => {
  const several = request.targets !== undefined || request.fan_out !== undefined
  const clash = (field: string, message: string): void => ctx.addIssue({ code: 'custom', path: [field], message })
  if (request.targets !== undefined && request.fan_out !== undefined)
    clash('fan_out', 'does not go with targets: name the workers, or let the Director pick them')
  if (several && request.target !== undefined) clash('target', 'does not go with a fan-out: use targets')
  if (!several && request.merge !== undefined) clash('merge', 'goes with targets or fan_out')
  const conflict = request.concurrency?.on_conflict ?? 'wait'
  if (several && conflict !== 'wait')
    clash('concurrency', `on_conflict: "${conflict}" does not go with a fan-out: its children share the key`)
  const asked = request.targets?.length ?? request.fan_out?.count
  if (asked !== undefined && (request.merge?.quorum ?? 0) > asked) clash('merge', `quorum is more than the ${asked} workers that are asked`)
}
const contextRules = [
  {
    field: 'prefer',
    when: ({ target, targets }: z.output<typeof jobRequestFields>) => target !== undefined || targets !== undefined,
    message: 'does not go with target or targets: they name who gets the job',
  },
  {
    field: 'context_text',
    when: ({ context }: z.output<typeof jobRequestFields>) => context !== undefined && context !== 'inline',
    message: 'goes with the context inline',
  },
  {
    field: 'context',
    when: ({ context, thread_id }: z.output<typeof jobRequestFields>) =>
      thread_id === undefined && context !== undefined && context !== 'none' && context !== 'inline' && context !== 'job',
    message: 'needs thread_id: without a thread there are no earlier turns',
  },
  {
    field: 'context',
    when: ({ context, context_from }: z.output<typeof jobRequestFields>) => context === 'job' && context_from === undefined,
    message: 'job needs context_from: the job whose answer is the context',
  },
  {
    field: 'context_from',
    when: ({ context, context_text }: z.output<typeof jobRequestFields>) =>
      context === 'none' || context === 'inline' || context_text !== undefined,
    message: 'does not go with context_text, nor with the context none or inline',
  },
] as const
export const jobRequest = jobRequestFields
  .superRefine(fanOutRules)
  .check(refuseMeaningless<z.output<typeof jobRequestFields>>(...contextRules))
  .meta({ id: 'JobRequest' })
/** A preview of a dispatch. It makes nothing, so it takes no idempotency key. */
export const jobPreview = jobRequestFields
  .omit({ idempotency_key: true })
  .superRefine(fanOutRules)
  .check(refuseMeaningless<z.output<typeof jobRequestFields>>(...contextRules))
/** A job that a schedule dispatches. The schedule sets its time and its idempotency key. */
export const repeatedJob = jobRequestFields
  .omit({ idempotency_key: true, not_before: true })
  .superRefine(fanOutRules)
  .check(refuseMeaningless<z.output<typeof jobRequestFields>>(...contextRules))
  .meta({ id: 'RepeatedJob' })
/** Creating a job only queues it and selects no worker, so fields that influence the selection have no effect. */
export const jobCreation = jobRequestFields.superRefine(fanOutRules).check(
  refuseMeaningless<z.output<typeof jobRequestFields>>(
    ...contextRules,
    {
      field: 'when_offline',
      when: () => true,
      message: 'is for dispatch; a created job is always queued',
    },
    {
      field: 'prefer',
      when: ({ target, targets }) => target === undefined && targets === undefined,
      message: 'is for dispatch; a created job goes to the first worker that asks',
    },
  ),
)
export type JobRequest = z.output<typeof jobRequest>

export const jobPatch = z.strictObject({
  job_id: jobId,
  effort: effort.optional(),
  priority: settable.priority,
  target: settable.target.unwrap().nullable().optional(),
  tags: settable.tags,
  networks: settable.networks,
  timeout: settable.timeout,
  max_attempts: settable.max_attempts,
  metadata: settable.metadata,
  /** Reschedules a job that is scheduled or that waits for its next attempt; null: now. */
  not_before: givenTime.nullable().optional(),
  /** When the job expires if it has not been started. */
  expires_at: givenTime.optional(),
})

export const jobError = z.object({ type: z.string(), message: z.string(), retryable: z.boolean() })
export type JobError = z.infer<typeof jobError>

/** What an attempt cost, as the provider reported it. */
export const usage = z.object({
  tokens_in: z.number().nonnegative().optional(),
  tokens_out: z.number().nonnegative().optional(),
  cost_usd: z.number().nonnegative().optional(),
  model: z.string().max(limits.name_chars).optional(),
})
export type Usage = z.infer<typeof usage>

export const job = z
  .object({
    id: z.number().int(),
    /** `fan_out`: the parent of several children. No worker runs it. */
    kind: z.enum(jobKinds).optional(),
    /** The fan-out that a child or a merge job belongs to. */
    parent_id: z.number().int().nullable().optional(),
    role: z.enum(jobRoles).nullable().optional(),
    /** Only of a fan-out: its children, in the order of the targets. */
    children: z.array(fanOutChild).optional(),
    /** Only of a fan-out: the state of its merge. */
    merge: mergeState.optional(),
    status: jobStatus,
    hold: jobHold.nullable(),
    prompt: z.string(),
    input: z.json(),
    capability: z.string().nullable(),
    effort,
    priority: z.number().int(),
    thread_id: z.string().nullable(),
    session_id: z.string().nullable(),
    context: z.string(),
    /** The job whose answer is (part of) the context. */
    context_from: z.number().int().nullable().optional(),
    tags: z.array(z.string()),
    networks: z.array(z.string()),
    substrate: substrate.nullable().optional(),
    provider: z.string().nullable(),
    model: z.string().nullable(),
    target: z.string().nullable(),
    mode: mode.optional(),
    /** Names of the workers that must not get it, and of those that are chosen before others. */
    avoid: z.array(z.string()).optional(),
    prefer: z.array(z.string()).optional(),
    requires_secrets: z.array(z.string()),
    metadata: z.json(),
    /** Its fallback chain and its present step; absent without a chain. */
    fallback: fallbackState.optional(),
    /** Its concurrency key and rate, when it has them. */
    concurrency: concurrency.optional(),
    rate: rate.optional(),
    /** The worker's *name*; its identity is `worker_id`. */
    assigned_to: z.string().nullable(),
    worker_id: z.string().nullable(),
    attempt: z.number().int(),
    max_attempts: z.number().int(),
    timeout: z.number(),
    /** Seconds without output after which the worker stops the attempt; null: no limit. */
    silence_timeout: z.number().nullable(),
    /** The last 64 KiB of the newest attempt's output. In lists and pages of jobs: only the part that arrived with its completion. */
    output: z.string(),
    output_truncated: z.boolean(),
    result: z.string().nullable(),
    /** True when `result` is only the beginning: `GET /api/v1/jobs/:id/result` answers the whole. */
    result_truncated: z.boolean(),
    exit_code: z.number().int().nullable(),
    usage: usage.nullable(),
    error: jobError.nullable(),
    review_id: z.number().int().nullable(),
    /** The newest 100, only where one job is read, and only when it has artifacts. `GET /api/v1/artifacts?job_id=` lists all of them. */
    artifacts: z.array(artifactBrief).optional(),
    retry_at: time.nullable(),
    /** The job is not offered before this time; null: at once. */
    not_before: time.nullable().optional(),
    /** When a waiting job expires; null when it does not wait for a start. */
    expires_at: time.nullable().optional(),
    /** Who dispatched it: `member:NAME` or `worker:NAME`. */
    created_by: z.string().nullable().optional(),
    created_at: time,
    started_at: time.nullable(),
    ended_at: time.nullable(),
  })
  .meta({ id: 'Job' })
export type Job = z.infer<typeof job>

/** Filters that lists and bulk verbs share. */
export const jobFilter = {
  status: z.preprocess((value) => (typeof value === 'string' ? value.split(',') : value), z.array(jobStatus).max(5)).optional(),
  thread_id: threadId.optional(),
  capability: capabilityName.optional(),
  worker: z.union([workerName, workerId]).optional(),
  effort: effort.optional(),
  /** The member who dispatched it, by name or member_id, or as jobs show it: `member:NAME`. */
  created_by: z.string().min(1).max(255).optional(),
  /** Children and merge job of a fan-out. */
  parent_id: jobId.optional(),
  /** Class of the error of its last attempt, such as `worker_lost`. */
  error: z.string().min(1).max(120).optional(),
}
export const jobList = z.strictObject({ ...jobFilter, ...paging })
export const jobPage = page(job)

const { status: _status, error: _error, ...countFilter } = jobFilter
/** The filters of a list of jobs, without those that only jobs with an outcome have. */
export const jobCountFilter = z.strictObject(countFilter)

/** Number of jobs that have not ended, by state. A number equal to `counted_to` means that many or more. */
export const jobCounts = z
  .object({ pending: z.number().int(), running: z.number().int(), retry: z.number().int(), counted_to: z.number().int() })
  .meta({ id: 'JobCounts' })
export type JobCounts = z.infer<typeof jobCounts>

export const bulkResult = z.object({
  /** Number of jobs that the verb was applied to; with `dry_run`, of all jobs that match. */
  count: z.number().int(),
  dry_run: z.boolean(),
  /** The first of these jobs, at most `limits.bulk_jobs`. */
  job_ids: z.array(z.number().int()),
  /** Jobs that match but were not changed: one call changes at most `limits.bulk_jobs`. Repeat the call until this is 0. */
  remaining: z.number().int(),
})
const abortFields = z.strictObject({ ...jobFilter, all: flag.optional(), reason: text(500).optional(), dry_run: flag.optional() })
const retryFields = z.strictObject({ ...jobFilter, all: flag.optional(), dry_run: flag.optional() })
/** `all` and a filter exclude each other: a request with both is ambiguous. */
const allAndFilter = {
  field: 'all',
  when: (request: { readonly [name: string]: unknown }) =>
    request['all'] === true && Object.keys(jobFilter).some((name) => request[name] !== undefined),
  message: 'does not go together with a filter: say which jobs, or all of them',
} as const
export const bulkAbort = abortFields.check(refuseMeaningless<z.output<typeof abortFields>>(allAndFilter))
export const bulkRetry = retryFields.check(refuseMeaningless<z.output<typeof retryFields>>(allAndFilter))
