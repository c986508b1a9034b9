/**
 * Responsible for a job's fallback chain: which step follows a cause, and the job at that step. A chain only moves forward, so one cause leads to at
 * most one step. Pure.
 */
import type { FallbackCause, JobRequest } from '@modelreins/contract'
import type { JobRecord, JobSpec } from './job-machine.ts'

/** Where a job may be done. `pinned` is the worker that `target` names. */
export interface Place {
  readonly pinned: string | null
  readonly target: string | null
  readonly provider: string | null
  readonly model: string | null
}

export interface Step extends Place {
  readonly after: FallbackCause
}

export interface Fallback {
  readonly steps: readonly Step[]
  /** 0: the job is where it was asked for. */
  readonly step: number
  readonly after: FallbackCause | null
  readonly asked: Place
  /** Attempts that each step has. */
  readonly attempts: number
  /** Attempts that were made before this step. */
  readonly made: number
}

/** Final errors that come from a human or from time: another place would not help. */
const final: ReadonlySet<string> = new Set(['denied', 'aborted', 'withdrawn', 'expired'])

/** The chain of a new job; its targets are already resolved to worker_ids. */
export function fallbackOf(request: JobRequest, asked: Place, attempts: number): Fallback | undefined {
  const chain = request.fallback ?? []
  if (chain.length === 0) return undefined
  const steps = chain.map(({ after, target = null, provider = null, model = null }) => ({ after, pinned: target, target, provider, model }))
  return { steps, step: 0, after: null, asked, attempts, made: 0 }
}

/** Numbers of the steps ahead that this cause leads to, in order. */
export const stepsAfter = ({ steps, step }: Fallback, cause: FallbackCause): readonly number[] =>
  steps.flatMap(({ after }, index) => (index >= step && after === cause ? [index + 1] : []))

export const hasStepsAhead = ({ fallback }: Pick<JobSpec, 'fallback'>): boolean =>
  fallback !== undefined && fallback.step < fallback.steps.length

/** Whether the job waits for a worker and has fallback steps ahead: the queue checks such jobs regularly. */
export const mayFallBack = (job: JobRecord): boolean =>
  hasStepsAhead(job.spec) && (job.status === 'retry' || (job.status === 'pending' && job.hold === null))

/**
 * The fallback cause that the end of an attempt amounts to; undefined when the job stays at its place. `limited`: no other worker there has quota.
 */
export function causeOf(after: JobRecord, limited: boolean): FallbackCause | undefined {
  const error = after.outcome?.error
  if (error == null || final.has(error.type)) return undefined
  if (error.type === 'rate_limited' && (limited || after.status === 'failed')) return 'rate_limited'
  return after.status === 'failed' ? 'failed' : undefined
}

/** The specification with another place; the rest stays the same. */
export const specAt = (spec: JobSpec, { pinned, target, provider, model }: Place): JobSpec => ({ ...spec, pinned, target, provider, model })

/**
 * The job at this step, with new attempts. The worker is selected again, and the caller decides how the job waits. `only`: the single worker that may
 * have it there, even if the step allows others.
 */
export function atStep(job: JobRecord, number: number, only: string | null = null): JobRecord {
  const { fallback } = job.spec
  const step = fallback?.steps[number - 1]
  if (fallback === undefined || step === undefined) return job
  const place = only === null ? step : { ...step, pinned: only, target: only }
  const { limited: _, ...spec } = specAt(job.spec, place)
  return {
    ...job,
    worker_id: place.pinned,
    max_attempts: job.attempt + fallback.attempts,
    spec: { ...spec, fallback: { ...fallback, step: number, after: step.after, made: job.attempt } },
  }
}

/** A step that follows an ended attempt: the job is due at once, without the usual retry delay. */
export const retryAtStep = (ended: JobRecord, number: number, at: number, only: string | null = null): JobRecord => ({
  ...atStep(ended, number, only),
  status: 'retry',
  retry_at: at,
  ended_at: null,
})

/** `step 1 of 2 after rate_limited: provider codex` */
export function stepInWords({ fallback }: Pick<JobSpec, 'fallback'>, nameOf: (workerId: string) => string): string {
  if (fallback === undefined || fallback.step === 0) return 'as it was asked for'
  const step = fallback.steps[fallback.step - 1]
  return `step ${fallback.step} of ${fallback.steps.length} after ${fallback.after ?? ''}: ${step === undefined ? '' : placeInWords(step, nameOf)}`
}

export const placeInWords = ({ pinned, provider, model }: Place, nameOf: (workerId: string) => string): string =>
  [
    ...(pinned === null ? [] : [nameOf(pinned)]),
    ...(provider === null ? [] : [`provider ${provider}`]),
    ...(model === null ? [] : [`model ${model}`]),
  ].join(', ')
