/**
 * Responsible for what a fan-out does next: wait, start its merge, or end, from the state of its children alone. The same children always
 * give the same step, so it may be asked again after anything that was lost.
 */
import { answerMark, limits } from '@modelreins/contract'
import type { JobError, JobStatus, MergeKind, MergeState } from '@modelreins/contract'
import { attributeAnswers, countVotes, mergePrompt, voteNote } from './answers.ts'
import type { Answer } from './answers.ts'
import type { Distinct } from './distinct.ts'
import type { Picked } from './pick.ts'

/** How the answers become one. Times are milliseconds since 1970. */
export interface MergePlan {
  readonly by: MergeKind
  /** worker_id. */
  readonly worker: string | null
  readonly prompt: string | null
  readonly quorum: number | null
  readonly deadline_at: number | null
  readonly vote_field: string | null
}

/** What a job record says of the fan-out that it is the parent of. */
export interface FanOutSpec {
  readonly plan: MergePlan
  /** Set in the transaction that makes the merge job: there is never a second one (I10). */
  readonly merge_job_id: number | null
  /** Children whose answers that job was given; absent in records of before it was kept. */
  readonly merged_from?: readonly number[]
  /** In what its workers differ; absent: they are different ones. Also of those that its children go on to. */
  readonly distinct?: Distinct
}

/** What an ended fan-out keeps of its answers. */
export interface FanOutOutcome {
  readonly children: readonly { readonly job_id: number; readonly worker: string; readonly status: JobStatus }[]
  readonly merge: MergeState
  /** The child whose answer a member picked. */
  readonly picked?: Picked
}

/** When the deadline of the merge does something, milliseconds since 1970; undefined when time changes nothing. */
export const mergeDue = (spec: FanOutSpec): number | undefined =>
  spec.merge_job_id === null ? (spec.plan.deadline_at ?? undefined) : undefined

export interface Child {
  readonly job_id: number
  readonly worker: string
  readonly status: JobStatus
  readonly result: string | null
  /** Where the whole result is kept; null when `result` is all of it. */
  readonly stored: string | null
  readonly ended_at: number | null
}

export interface MergeJob {
  readonly job_id: number
  /** Children whose answers it was given; undefined: every good one. */
  readonly from?: readonly number[] | undefined
  readonly status: JobStatus
  readonly result: string | null
  readonly stored: string | null
}

export interface FanOut {
  readonly prompt: string
  readonly plan: MergePlan
  readonly children: readonly Child[]
  /** The merge job, once it was made. `refused`: none could be made. */
  readonly merge: MergeJob | 'refused' | null
}

export type Step =
  | { readonly kind: 'wait' }
  /** `from`: children whose answers are in the prompt. */
  | { readonly kind: 'merge'; readonly prompt: string; readonly from: readonly number[] }
  /** `stored`: where the whole result is kept, as a child's or the merge job's. `abort`: children whose answer is not wanted any more. */
  | {
      readonly kind: 'done'
      readonly result: string | null
      readonly stored: string | null
      readonly merge: MergeState
      readonly abort: readonly number[]
    }
  | { readonly kind: 'failed'; readonly error: JobError; readonly merge: MergeState; readonly abort: readonly number[] }

const ended = (child: Child): boolean => child.status === 'done' || child.status === 'failed'

/** Good answers, in the order in which they came. */
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
  // An answer that comes while the others are being merged is not in what comes of it.
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
  // What has begun goes on: a child that is tried again by hand does not take the merge back.
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
