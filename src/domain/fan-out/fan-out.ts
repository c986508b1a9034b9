/**
 * Responsible for the next step of a fan-out (wait, start its merge, or end), decided only from the state of its children. The same children always
 * give the same step, so the decision can be repeated after any loss.
 */
import { answerMark, limits } from '@modelreins/contract'
import type { JobError, JobStatus, MergeKind, MergeState } from '@modelreins/contract'
import { attributeAnswers, countVotes, mergePrompt, voteNote } from './answers.ts'
import type { Answer } from './answers.ts'
import type { Distinct } from './distinct.ts'
import type { Picked } from './pick.ts'

/** How the answers are merged. Times are milliseconds since 1970. */
export interface MergePlan {
  readonly by: MergeKind
  /** worker_id. */
  readonly worker: string | null
  readonly prompt: string | null
  readonly quorum: number | null
  readonly deadline_at: number | null
  readonly vote_field: string | null
}

/** The part of a job's record that makes it the parent of a fan-out. */
export interface FanOutSpec {
  readonly plan: MergePlan
  /** Set in the transaction that creates the merge job, so that there is never a second one (I10). */
  readonly merge_job_id: number | null
  /** Children whose answers the merge job was given; absent in records that are older than this field. */
  readonly merged_from?: readonly number[]
  /** The field in which the workers must differ, also those that children move to by a fallback; absent: different workers. */
  readonly distinct?: Distinct
}

/** What the record of an ended fan-out keeps of its answers. */
export interface FanOutOutcome {
  readonly children: readonly { readonly job_id: number; readonly worker: string; readonly status: JobStatus }[]
  readonly merge: MergeState
  /** The child whose answer a member picked. */
  readonly picked?: Picked
}

/** When the merge deadline takes effect, in milliseconds since 1970; undefined when no deadline is pending. */
export const mergeDue = (spec: FanOutSpec): number | undefined =>
  spec.merge_job_id === null ? (spec.plan.deadline_at ?? undefined) : undefined

export interface Child {
  readonly job_id: number
  readonly worker: string
  readonly status: JobStatus
  readonly result: string | null
  /** Where the whole result is stored; null when `result` is the whole. */
  readonly stored: string | null
  readonly ended_at: number | null
}

export interface MergeJob {
  readonly job_id: number
  /** Children whose answers the merge job was given; undefined: every good one. */
  readonly from?: readonly number[] | undefined
  readonly status: JobStatus
  readonly result: string | null
  readonly stored: string | null
}

export interface FanOut {
  readonly prompt: string
  readonly plan: MergePlan
  readonly children: readonly Child[]
  /** The merge job, once it exists. `refused`: it could not be created. */
  readonly merge: MergeJob | 'refused' | null
}

export type Step =
  | { readonly kind: 'wait' }
  /** `from`: children whose answers are in the prompt. */
  | { readonly kind: 'merge'; readonly prompt: string; readonly from: readonly number[] }
  /** `stored`: where the whole result of a child or of the merge job is stored. `abort`: children whose answers are no longer needed. */
  | {
      readonly kind: 'done'
      readonly result: string | null
      readonly stored: string | null
      readonly merge: MergeState
      readonly abort: readonly number[]
    }
  | { readonly kind: 'failed'; readonly error: JobError; readonly merge: MergeState; readonly abort: readonly number[] }

const ended = (child: Child): boolean => child.status === 'done' || child.status === 'failed'

/** Good answers, in the order of their arrival. */
const answersOf = (children: readonly Child[]): readonly Answer[] =>
  children
    .filter((child) => child.status === 'done')
    .toSorted((left, right) => (left.ended_at ?? 0) - (right.ended_at ?? 0) || left.job_id - right.job_id)
    .map((child) => ({
      job_id: child.job_id,
      worker: child.worker,
      text: child.result ?? '',
      stored: child.stored,
      mark: answerMark(children.filter((other) => other.job_id < child.job_id).length),
    }))

export function mergeStateOf(fanOut: FanOut, degraded = false): MergeState {
  const { plan, children, merge } = fanOut
  // An answer that arrives while the merge runs is not part of the merged answer.
  const from = merge === null || merge === 'refused' || merge.status === 'failed' ? undefined : merge.from
  const answered = children.filter((child) => child.status === 'done' && (from === undefined || from.includes(child.job_id))).length
  const failed = children.filter((child) => child.status === 'failed').length
  const voted = plan.by === 'vote' ? answersOf(children) : undefined
  const counts = voted === undefined ? undefined : countVotes(voted, plan.vote_field)
  const note = voted === undefined ? undefined : voteNote(voted, plan.vote_field)
  return {
    by: plan.by,
    answered,
    failed,
    missing: children.length - answered - failed,
    degraded,
    job_id: merge === null || merge === 'refused' ? null : merge.job_id,
    ...(counts === undefined ? {} : { counts: counts.map((count) => ({ ...count, workers: [...count.workers] })) }),
    ...(note === undefined ? {} : { note }),
  }
}

export function nextStep(fanOut: FanOut, at: number): Step {
  const { plan, children, merge, prompt } = fanOut
  const answers = answersOf(children)
  const open = children.filter((child) => !ended(child)).map((child) => child.job_id)
  const due = plan.deadline_at !== null && plan.deadline_at <= at
  const [first] = answers
  if (plan.by === 'first' && first !== undefined)
    return { kind: 'done', result: first.text, stored: first.stored, merge: mergeStateOf(fanOut), abort: open }
  const ready = open.length === 0 || due || (plan.quorum !== null && answers.length >= plan.quorum)
  // A merge that has begun continues, even when a child is retried by hand.
  if (!ready && merge === null) return { kind: 'wait' }
  if (answers.length === 0) {
    const why = due && open.length > 0 ? 'before the deadline' : `: all ${children.length} failed`
    const message = due && open.length > 0 ? `No worker answered ${why}` : `No worker answered${why}`
    return { kind: 'failed', error: { type: 'unanswered', message, retryable: false }, merge: mergeStateOf(fanOut), abort: open }
  }
  const inOrder = answers.toSorted((left, right) => left.job_id - right.job_id)
  const whole = attributeAnswers(inOrder, limits.result_inline_bytes)
  const done = (result: string | null, degraded = false, stored: string | null = null): Step => ({
    kind: 'done',
    result,
    stored,
    merge: mergeStateOf(fanOut, degraded),
    abort: [],
  })
  switch (plan.by) {
    case 'first':
    case 'concat':
      return done(whole)
    case 'none':
      return done(null)
    case 'vote': {
      const most = countVotes(answers, plan.vote_field)[0]?.answer ?? null
      return done(most, false, answers.find(({ text }) => text.trim() === most)?.stored ?? null)
    }
    case 'worker':
      if (merge === null)
        return { kind: 'merge', prompt: mergePrompt(prompt, inOrder, plan.prompt), from: inOrder.map(({ job_id }) => job_id) }
      if (merge === 'refused' || merge.status === 'failed') return done(whole, true)
      return merge.status === 'done' ? done(merge.result, false, merge.stored) : { kind: 'wait' }
  }
}
