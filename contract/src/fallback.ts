/** Responsible for the shapes of fallback chains: where a job goes when it cannot be done where it was asked for. It decides nothing. */
import * as z from 'zod'
import { label, workerName } from './fields.ts'
import { workerId } from './ids.ts'
import { limits } from './limits.ts'

/**
 * `rate_limited`: no worker that may take the job has quota. `failed`: its attempts are used up, or the error is final. `offline`: no worker that may
 * take it is live.
 */
export const fallbackCauses = ['rate_limited', 'failed', 'offline'] as const
export const fallbackCause = z.enum(fallbackCauses)
export type FallbackCause = z.infer<typeof fallbackCause>

/** Replaces target, provider and model of the job, all three: a field that a step leaves out allows any value. */
export const fallbackStep = z
  .strictObject({
    target: z.union([workerName, workerId]).optional(),
    provider: label.optional(),
    model: label.optional(),
    after: fallbackCause,
  })
  .superRefine((step, ctx) => {
    if (step.target === undefined && step.provider === undefined && step.model === undefined)
      ctx.addIssue({ code: 'custom', path: ['target'], message: 'or provider or model is required: it says where the job continues' })
  })
  .meta({ id: 'FallbackStep' })
export type FallbackStep = z.infer<typeof fallbackStep>

/** An empty list: no fallback, not even the tenant's default chain. */
export const fallbackChain = z.array(fallbackStep).max(limits.fallback_steps)

const place = { target: z.string().nullable(), provider: z.string().nullable(), model: z.string().nullable() }

/** The chain of a job, and how far it has come. */
export const fallbackState = z
  .object({
    /** 0: the job is where it was asked for; n: it is at the n-th of `steps`. */
    step: z.number().int(),
    /** Why the job moved to this step; null at 0. */
    after: fallbackCause.nullable(),
    /** Where the job was first asked for. */
    asked: z.object(place),
    steps: z.array(z.object({ ...place, after: fallbackCause })),
  })
  .meta({ id: 'FallbackState' })
export type FallbackState = z.infer<typeof fallbackState>

/** A step that is still ahead, and the worker that would get the job there now; null when none is live. */
export const fallbackOutlook = z.object({
  step: z.number().int(),
  after: fallbackCause,
  ...place,
  worker: z.string().nullable(),
})
