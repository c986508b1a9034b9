/** Responsible for converting a schedule and its runs to the form of the contract. It changes nothing. */
import type { Schedule, ScheduleRun } from '@modelreins/contract'
import { upcoming } from '../../../src/domain/schedule/schedule.ts'
import type { ScheduleRecord } from '../../../src/domain/schedule/schedule.ts'
import { isoTime, isoTimeOrNull } from '../kernel/context.ts'
import type { CommandContext } from '../kernel/context.ts'
import { scheduleDigest, whyVoid } from '../reviews/schedule-approval.ts'
import { following } from './calendar.ts'
import type { RunRecord } from './schedule-store.ts'

const shown = 5

export const scheduleSubject = ({ schedule_id }: Pick<ScheduleRecord, 'schedule_id'>): string => `schedule:${schedule_id}`

export const showRun = ({ schedule_id: _, ...run }: RunRecord): ScheduleRun => ({
  ...run,
  due_at: isoTimeOrNull(run.due_at),
  at: isoTime(run.at),
})

export function showSchedule(ctx: Pick<CommandContext, 'at' | 'store' | 'sha256'>, schedule: ScheduleRecord): Schedule {
  const owner = ctx.store.requesters.nameOf(schedule.owner_id)
  const { schedule_id, name, cron, every, timezone, job, overlap, catch_up, jitter, paused, max_runs, runs, version } = schedule
  return {
    schedule_id,
    name,
    cron,
    every,
    timezone,
    job,
    overlap,
    catch_up,
    jitter,
    paused,
    starts_at: isoTimeOrNull(schedule.starts_at),
    ends_at: isoTimeOrNull(schedule.ends_at),
    max_runs,
    runs,
    version,
    digest: scheduleDigest(ctx, schedule),
    approvals: (schedule.approvals ?? []).map((approval) => {
      const why = whyVoid(ctx, schedule, approval)
      return {
        by: `member:${approval.by}`,
        at: isoTime(approval.at),
        expires_at: isoTime(approval.expires_at),
        ...(why === undefined ? {} : { void: why }),
      }
    }),
    owner: owner === undefined ? null : `member:${owner}`,
    created_at: isoTime(schedule.created_at),
    next_runs: upcoming(schedule, shown, following).map(isoTime),
    last_runs: ctx.store.schedules.runs(schedule_id, shown).map(showRun),
  }
}
