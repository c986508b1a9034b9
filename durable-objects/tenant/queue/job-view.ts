/** Responsible for the public view of a stored job: its shape in the contract, how it ended, and where its result is stored. */
import type { Job } from '@modelreins/contract'
import { shownResult } from '../../../src/domain/fan-out/pick.ts'
import { expiryOf, isTerminal } from '../../../src/domain/job/job-machine.ts'
import type { Fallback, Place } from '../../../src/domain/job/fallback.ts'
import type { JobRecord } from '../../../src/domain/job/job-machine.ts'
import { fail, ok } from '../../../src/domain/result.ts'
import type { Result } from '../../../src/domain/result.ts'
import type { JobEnd } from '../../job-stream/gate.ts'
import { familyOf } from './fan-out-state.ts'
import type { WatchedChild } from './fan-out-state.ts'
import { isoTime, isoTimeOrNull } from '../kernel/context.ts'
import type { CommandContext } from '../kernel/context.ts'

/** Where the result of an ended job is: inline, or in R2 under the key that `TenantCall.stored_result` brought. */
export interface ResultPlace {
  readonly text: string | null
  readonly stored: string | null
}

/** What a viewer needs to start. If the job has ended and was never streamed, `output` is the complete output. */
export interface WatchedJob {
  /** For a fan-out: the jobs to watch instead, the merge job last. */
  readonly children?: readonly WatchedChild[]
  /** For a fan-out: milliseconds until the deadline of its merge has an effect. */
  readonly due_in_ms?: number
  readonly status: string
  readonly ended: boolean
  readonly streamed: boolean
  readonly attempt: number
  readonly output: string
  readonly end: {
    readonly status: string
    readonly result: string | null
    readonly error: { readonly type: string; readonly message: string; readonly retryable: boolean } | null
  } | null
}

export function showJob(ctx: Pick<CommandContext, 'store'>, job: JobRecord): Job {
  const { outcome, spec } = job
  const { result, stored } = shownResult(outcome)
  // One literal without a spread: a job is shown several times in its life, and a constant object shape makes this faster.
  const shown: Job = {
    id: job.id,
    kind: 'job',
    parent_id: job.parent_id,
    role: spec.role ?? null,
    status: job.status,
    hold: job.hold,
    prompt: spec.prompt,
    input: spec.input as Job['input'],
    capability: spec.capability,
    effort: job.effort,
    priority: job.priority,
    thread_id: job.thread_id,
    session_id: spec.session_id,
    context: spec.context,
    tags: [...spec.tags],
    networks: [...spec.networks],
    substrate: spec.substrate ?? null,
    provider: spec.provider,
    model: spec.model,
    target: targetOf(ctx, job),
    requires_secrets: [...spec.requires_secrets],
    metadata: spec.metadata as Job['metadata'],
    mode: spec.mode ?? 'auto',
    assigned_to: job.worker_id === null ? null : (ctx.store.workers.get(job.worker_id)?.name ?? null),
    worker_id: job.worker_id,
    attempt: job.attempt,
    max_attempts: job.max_attempts,
    timeout: spec.timeout_ms / 1000,
    silence_timeout: spec.silence_ms === null ? null : spec.silence_ms / 1000,
    output: outcome?.output ?? '',
    output_truncated: outcome?.output_truncated ?? false,
    result,
    result_truncated: stored !== null,
    exit_code: outcome?.exit_code ?? null,
    usage: outcome?.usage ?? null,
    error: outcome?.error ?? null,
    review_id: job.review_id,
    retry_at: isoTimeOrNull(job.retry_at),
    not_before: isoTimeOrNull(spec.not_before),
    expires_at: job.status === 'pending' ? isoTime(expiryOf(job)) : null,
    created_by: creatorOf(ctx, job.created_by),
    created_at: isoTime(job.created_at),
    started_at: isoTimeOrNull(job.started_at),
    ended_at: isoTimeOrNull(job.ended_at),
  }
  if (spec.fan_out !== undefined) Object.assign(shown, familyOf(ctx.store, job))
  if (spec.context_from !== undefined) shown.context_from = spec.context_from
  if (spec.avoid !== undefined) shown.avoid = namesOf(ctx, spec.avoid)
  if (spec.prefer !== undefined) shown.prefer = namesOf(ctx, spec.prefer)
  if (spec.fallback !== undefined) shown.fallback = showFallback(ctx, spec.fallback)
  if (spec.concurrency !== undefined) shown.concurrency = spec.concurrency
  if (spec.rate !== undefined) shown.rate = spec.rate
  return shown
}

/** The target as the request spelled it; at a step of a fallback chain, the name of that step's worker. */
const targetOf = ({ store }: Pick<CommandContext, 'store'>, { spec }: JobRecord): string | null =>
  spec.pinned !== null && (spec.fallback?.step ?? 0) > 0 ? (store.workers.get(spec.pinned)?.name ?? spec.target) : spec.target

function showFallback(ctx: Pick<CommandContext, 'store'>, { step, after, asked, steps }: Fallback): NonNullable<Job['fallback']> {
  const place = ({ pinned, target, provider, model }: Place) => ({
    target: pinned === null ? target : (ctx.store.workers.get(pinned)?.name ?? target),
    provider,
    model,
  })
  return { step, after, asked: place(asked), steps: steps.map((one) => ({ ...place(one), after: one.after })) }
}

const namesOf = ({ store }: Pick<CommandContext, 'store'>, ids: readonly string[]): string[] =>
  ids.map((id) => store.workers.get(id)?.name ?? id)

/** The creator of a job, as the audit trail writes it. */
export function creatorOf({ store }: Pick<CommandContext, 'store'>, id: string): string | null {
  const member = store.requesters.nameOf(id)
  if (member !== undefined) return `member:${member}`
  const worker = store.workers.get(id)
  return worker === undefined ? null : `worker:${worker.name}`
}

/** How a job ended, for its stream; null while it has not. */
export function endOf(job: JobRecord | undefined): JobEnd | null {
  if (job === undefined) {
    // Its row was deleted long ago: a viewer that still waits for its end has missed it.
    const error = { type: 'unknown', message: 'The job is no longer stored.', retryable: false }
    return { end: { status: 'failed', result: null, error }, attempt: 0, tail: '' }
  }
  if (!isTerminal(job.status)) return null
  const end = { status: job.status, result: shownResult(job.outcome).result, error: job.outcome?.error ?? null }
  return { end, attempt: job.attempt, tail: job.outcome?.output ?? '' }
}

/** The failure for a job that does not exist or was erased. For an erased job the archive must not be asked. */
export function noJob(store: CommandContext['store'], id: number): Result<never> {
  const erased = store.erased.get(id)
  return erased === undefined
    ? fail('not-found', `There is no job ${id}.`)
    : fail('gone', `Job ${id} was erased with its thread at ${isoTime(erased.erased_at)}.`)
}

export function resultPlace(store: CommandContext['store'], jobId: number): Result<ResultPlace> {
  const job = store.jobs.get(jobId)
  if (job === undefined) return noJob(store, jobId)
  if (!isTerminal(job.status)) return fail('wrong-state', `Job ${job.id} is ${job.status}; it has no result yet.`)
  const { result, stored } = shownResult(job.outcome)
  return ok({ text: result, stored })
}
