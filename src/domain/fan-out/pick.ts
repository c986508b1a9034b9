/**
 * Responsible for picking one child's answer as the answer of its fan-out: when that is allowed, and which answer the fan-out then has. The earlier
 * answer of an ended fan-out stays in its record, so that work that was released because of that answer can be told apart from later work.
 */
import type { JobOutcome } from '../job/job-attempt.ts'
import type { JobRecord } from '../job/job-machine.ts'
import { fail, ok } from '../result.ts'
import type { Result } from '../result.ts'

/** A result as a job keeps it: the whole result, or its beginning with the R2 key of the whole. */
export type KeptResult = Pick<JobOutcome, 'result' | 'stored'>

export interface Picked {
  readonly job_id: number
  /** Name of the worker that answered. */
  readonly worker: string
  /** Name of the member who picked. */
  readonly by: string
  /** Milliseconds since 1970. */
  readonly at: number
  /** The picked answer when it replaces an earlier answer of an ended fan-out; absent when the pick itself ended the fan-out. */
  readonly instead?: KeptResult
}

const none: KeptResult = { result: null, stored: null }

/** The answer that callers get. */
export const shownResult = (outcome: JobOutcome | null): KeptResult => outcome?.fan_out?.picked?.instead ?? outcome ?? none

/** Whether a pick replaced its answer after it had ended. */
export const isReplaced = ({ outcome }: Pick<JobRecord, 'outcome'>): boolean => outcome?.fan_out?.picked?.instead !== undefined

export type PickStep =
  /** The same child was already picked. */
  | { readonly kind: 'done-before' }
  /** `end`: the fan-out is still running, and the pick ends it. */
  | { readonly kind: 'pick'; readonly child: JobRecord; readonly end: boolean }

/** The effect of picking this child, or why it may not be picked. */
export function pickStep(parent: JobRecord, child: JobRecord | undefined, childId: number): Result<PickStep> {
  const says = (message: string): Result<never> => fail('wrong-state', message)
  if (parent.spec.fan_out === undefined) return says(`Job ${parent.id} is not a fan-out: there is nothing to pick from.`)
  const before = parent.outcome?.fan_out?.picked
  if (before?.job_id === childId) return ok({ kind: 'done-before' })
  if (child === undefined || child.parent_id !== parent.id || child.spec.role !== 'child')
    return says(`Job ${childId} is not an answer of fan-out ${parent.id}: GET /api/v1/jobs/${parent.id}/children lists them.`)
  if (before !== undefined)
    return says(`${before.by} has already picked the answer of ${before.worker}, job ${before.job_id}. An answer can be picked only once.`)
  if (parent.status === 'failed')
    return says(
      `Fan-out ${parent.id} has failed, so no answer can be picked. Dispatch a job with context_from: ${child.id}, or retry the fan-out.`,
    )
  if (child.status !== 'done') return says(`Job ${child.id} is ${child.status}: only the answer of a done job can be picked.`)
  if ((child.outcome?.result ?? '') === '') return says(`Job ${child.id} ended without a result: there is nothing to pick.`)
  return ok({ kind: 'pick', child, end: parent.status !== 'done' })
}
