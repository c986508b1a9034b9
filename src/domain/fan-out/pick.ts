/**
 * Responsible for picking one child's answer as the answer of its fan-out: when that may be done, and which answer a fan-out then has. What an
 * ended fan-out answered before stays in its record: work that was released with that answer in view is told apart from later work.
 */
import type { JobOutcome } from '../job/job-attempt.ts'
import type { JobRecord } from '../job/job-machine.ts'
import { fail, ok } from '../result.ts'
import type { Result } from '../result.ts'

/** A result as a job keeps it: whole, or its beginning with the R2 key of the whole. */
export type KeptResult = Pick<JobOutcome, 'result' | 'stored'>

export interface Picked {
  readonly job_id: number
  /** Name of the worker that answered. */
  readonly worker: string
  /** Name of the member who picked. */
  readonly by: string
  /** Milliseconds since 1970. */
  readonly at: number
  /** The picked answer, when the fan-out had ended with another one before; absent where the pick ended it. */
  readonly instead?: KeptResult
}

const none: KeptResult = { result: null, stored: null }

/** The answer that callers are shown. */
export const shownResult = (outcome: JobOutcome | null): KeptResult => outcome?.fan_out?.picked?.instead ?? outcome ?? none

/** Whether its answer was replaced after it had ended. */
export const isReplaced = ({ outcome }: Pick<JobRecord, 'outcome'>): boolean => outcome?.fan_out?.picked?.instead !== undefined

export type PickStep =
  /** The same child again. */
  | { readonly kind: 'done-before' }
  /** `end`: the fan-out is under way, and ends by it. */
  | { readonly kind: 'pick'; readonly child: JobRecord; readonly end: boolean }

/** What picking this job of the family does, or why it may not be picked. */
export function pickStep(parent: JobRecord, child: JobRecord | undefined, childId: number): Result<PickStep> {
  const says = (message: string): Result<never> => fail('wrong-state', message)
  if (parent.spec.fan_out === undefined) return says(`Job ${parent.id} is not a fan-out: there is nothing to pick from.`)
  const before = parent.outcome?.fan_out?.picked
  if (before?.job_id === childId) return ok({ kind: 'done-before' })
  if (child === undefined || child.parent_id !== parent.id || child.spec.role !== 'child')
    return says(`Job ${childId} is no answer of fan-out ${parent.id}: GET /api/v1/jobs/${parent.id}/children lists them.`)
  if (before !== undefined)
    return says(`${before.by} has picked the answer of ${before.worker}, job ${before.job_id}: an answer is picked once.`)
  if (parent.status === 'failed')
    return says(`Fan-out ${parent.id} has failed and takes no answer any more: go on with context_from: ${child.id}, or retry it.`)
  if (child.status !== 'done') return says(`Job ${child.id} is ${child.status}: an answer is picked once it is done.`)
  if ((child.outcome?.result ?? '') === '') return says(`Job ${child.id} ended without a result: there is nothing to pick.`)
  return ok({ kind: 'pick', child, end: parent.status !== 'done' })
}
