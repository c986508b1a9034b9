/** Responsible for the progress of a fan-out, in numbers and in one sentence: who has answered, and what it waits for. It draws nothing. */
import type { Job, MergeState } from '@modelreins/contract'
import { plural, spanWords } from '../../parts/words.ts'

export interface Meter {
  readonly answered: number
  readonly failed: number
  /** Children that have not ended. */
  readonly open: number
  /** Number of answers that it waits for: one for `first`, otherwise its quorum, or all children. */
  readonly wanted: number
  readonly says: string
  /** When it is merged with the answers that have come, milliseconds since 1970; undefined without a deadline. */
  readonly deadline: number | undefined
}

const ended = ({ status }: Pick<Job, 'status'>): boolean => status === 'done' || status === 'failed'

export function meterOf(merge: MergeState, children: readonly Pick<Job, 'status'>[]): Meter {
  const answered = children.filter(({ status }) => status === 'done').length
  const failed = children.filter(({ status }) => status === 'failed').length
  const open = children.filter((child) => !ended(child)).length
  const wanted = merge.by === 'first' ? 1 : (merge.quorum ?? children.length)
  const still = Math.max(0, Math.min(wanted - answered, open))
  const ends = { worker: 'the merge begins', concat: 'they are merged', vote: 'the votes are counted', none: 'it ends', first: 'it ends' }[
    merge.by
  ]
  const says = [
    `${answered} of ${children.length} answered`,
    ...(failed === 0 ? [] : [`${failed} failed`]),
    merge.job_id !== null
      ? 'the answers are being merged'
      : still === 0
        ? `${ends} now`
        : `${ends} after ${plural(still, 'more answer')}${merge.quorum === undefined || merge.by === 'first' ? '' : ` (quorum ${merge.quorum})`}`,
  ].join(', ')
  const deadline = merge.deadline_at === undefined || merge.job_id !== null ? undefined : Date.parse(merge.deadline_at)
  return { answered, failed, open, wanted, says, deadline }
}

/** The answers that the final one is made of: the picked one, or those that had come before the merge. Later answers are not in it. */
export function madeOf<Child extends { readonly job: Pick<Job, 'id' | 'status' | 'ended_at'> }>(
  merge: MergeState,
  children: readonly Child[],
): readonly Child[] {
  const { picked } = merge
  if (picked !== undefined) return children.filter(({ job }) => job.id === picked.job_id)
  const good = children.filter(({ job }) => job.status === 'done')
  const merged = good.toSorted((one, other) => (one.job.ended_at ?? '').localeCompare(other.job.ended_at ?? '')).slice(0, merge.answered)
  return good.filter((child) => merged.includes(child))
}

/** The deadline in words: a countdown in seconds, or that it has passed. */
export const deadlineWords = (deadline: number, now: number): string =>
  deadline <= now ? 'the deadline is reached: it continues with the answers that it has' : `at the latest in ${spanWords(deadline - now)}`

/** The sum of the costs that the workers of a fan-out reported, and how many reported none. */
export function costOf(jobs: readonly Pick<Job, 'usage' | 'started_at'>[]): { readonly usd: number; readonly unknown: number } {
  const begun = jobs.filter(({ started_at }) => started_at !== null)
  return {
    usd: begun.reduce((sum, { usage }) => sum + (usage?.cost_usd ?? 0), 0),
    unknown: begun.filter(({ usage }) => usage?.cost_usd === undefined).length,
  }
}

export function costWords(jobs: readonly Pick<Job, 'usage' | 'started_at'>[]): string | undefined {
  const { usd, unknown } = costOf(jobs)
  const known = jobs.filter(({ usage }) => usage?.cost_usd !== undefined).length
  if (known === 0) return undefined
  return `${usd.toFixed(4)} USD as reported${unknown === 0 ? '' : `, ${plural(unknown, 'job')} of unknown cost`}`
}
