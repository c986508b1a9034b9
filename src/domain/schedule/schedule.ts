/**
 * Responsible for when a schedule is due and for the outcome of each due time: dispatched, skipped, or missed. Times are milliseconds since 1970. It
 * knows no calendar: `following` answers the next time that the cron expression names.
 */
import { limits } from '@modelreins/contract'
import type { Schedule } from '@modelreins/contract'

export interface ScheduleRule {
  readonly cron: string | null
  /** Seconds. */
  readonly every: number | null
  readonly timezone: string
  readonly overlap: Schedule['overlap']
  readonly catch_up: Schedule['catch_up']
  /** Seconds. */
  readonly jitter: number
  readonly paused: boolean
  readonly starts_at: number | null
  readonly ends_at: number | null
  readonly max_runs: number | null
  /** member_ids of all who created the schedule or changed what it does; none of them may approve it. Absent in older schedules. */
  readonly wanted_by?: readonly string[]
  readonly approvals?: readonly ScheduleApproval[]
}

/** One member's approval of a schedule in the form that it had then. Times in milliseconds since 1970. */
export interface ScheduleApproval {
  readonly member_id: string
  readonly by: string
  readonly at: number
  readonly expires_at: number
  readonly digest: string
}

/** The part of a schedule that an approval covers: when it is due, and the job. Name, owner and pauses are not part of it. */
export const approvedPart = ({ cron, every, timezone, job, overlap, catch_up, jitter, starts_at, ends_at, max_runs }: ScheduleRecord) => ({
  cron,
  every,
  timezone,
  job,
  overlap,
  catch_up,
  jitter,
  starts_at,
  ends_at,
  max_runs,
})

/** The members who wanted the schedule in its present form: its creator and everyone who changed it. */
export const wantedBy = ({ owner_id, wanted_by = [] }: Pick<ScheduleRecord, 'owner_id' | 'wanted_by'>): readonly string[] => [
  ...new Set([...wanted_by, owner_id]),
]

export interface ScheduleRecord extends ScheduleRule {
  readonly schedule_id: string
  readonly name: string
  readonly job: Schedule['job']
  /** Number of jobs that were dispatched because they were due. */
  readonly runs: number
  /** The job of the last run. */
  readonly last_job_id: number | null
  readonly version: number
  /** member_id of the member who created the schedule or changed it last. */
  readonly owner_id: string
  readonly created_at: number
  /** The next due time, and when it is processed, which is a random delay later. Both null when there is none. */
  readonly next_at: number | null
  readonly fire_at: number | null
}

/** The first time after `after` that a cron expression names; null when there is none. */
export type Following = (rule: Pick<ScheduleRule, 'cron' | 'timezone'>, after: number) => number | null

/** The next due time after `after`; null when the schedule is paused or has ended. */
export function dueAfter(schedule: ScheduleRecord, after: number, following: Following): number | null {
  const { paused, max_runs, runs, starts_at, ends_at, every } = schedule
  if (paused || (max_runs !== null && runs >= max_runs)) return null
  // `starts_at` itself is a possible due time.
  const base = starts_at === null ? after : Math.max(after, starts_at - 1)
  const due = every === null ? following(schedule, base) : everyAfter(starts_at ?? schedule.created_at, every * 1000, base)
  return due === null || (ends_at !== null && due > ends_at) ? null : due
}

const everyAfter = (anchor: number, step: number, after: number): number =>
  after < anchor ? anchor : anchor + (Math.floor((after - anchor) / step) + 1) * step

/** The schedule with its next due time after `after`. `random` is in [0, 1). */
export function timed(schedule: ScheduleRecord, after: number, random: number, following: Following): ScheduleRecord {
  const next_at = dueAfter(schedule, after, following)
  if (next_at === null) return { ...schedule, next_at: null, fire_at: null }
  const delay = Math.floor(random * schedule.jitter * 1000)
  const then = delay === 0 ? null : dueAfter(schedule, next_at, following)
  return { ...schedule, next_at, fire_at: then === null ? next_at + delay : Math.min(next_at + delay, then - 1) }
}

/** At most `count` due times, beginning with the next one. */
export function upcoming(schedule: ScheduleRecord, count: number, following: Following): readonly number[] {
  const left = schedule.max_runs === null ? count : Math.min(count, schedule.max_runs - schedule.runs)
  const times: number[] = []
  for (let next = schedule.next_at; next !== null && times.length < left; next = dueAfter(schedule, next, following)) times.push(next)
  return times
}

/** What to do now: due times to record as missed, and the one to dispatch. */
export interface DuePlan {
  readonly missed: readonly number[]
  /** There were earlier missed times that nobody counted, because the server did not run for a long time. */
  readonly uncounted: boolean
  readonly dispatch: number | null
}

/** `dues`: the newest due times up to now, oldest first; `uncounted`: there were more before them. */
export function planOf(schedule: ScheduleRecord, dues: readonly number[], uncounted: boolean, at: number): DuePlan {
  const newest = dues.at(-1)
  if (newest === undefined) return { missed: [], uncounted, dispatch: null }
  if (schedule.catch_up === 'all') return { missed: [], uncounted, dispatch: dues[0] ?? null }
  // The random delay does not count as lateness.
  const met = dues.length === 1 ? (schedule.fire_at ?? newest) : newest
  const late = at - met > limits.schedule_late_ms
  if (schedule.catch_up === 'none' && late) return { missed: dues, uncounted, dispatch: null }
  return { missed: dues.slice(0, -1), uncounted, dispatch: newest }
}
