/** Responsible for the due times of a cron expression in a time zone, computed with croner. It stores nothing and reads no clock. */
import { Cron } from 'croner'
import { limits } from '@modelreins/contract'
import type { Following, ScheduleRecord } from '../../../src/domain/schedule/schedule.ts'
import { dueAfter } from '../../../src/domain/schedule/schedule.ts'

/** Parsed expressions: each due time of a rule would parse it again. */
const kept = new Map<string, Cron>()
const keptAtMost = 1_000

function cronOf(expression: string, timezone: string): Cron {
  const key = `${timezone} ${expression}`
  const known = kept.get(key)
  if (known !== undefined) return known
  const cron = new Cron(expression, { timezone, mode: '5-part', paused: true })
  if (kept.size >= keptAtMost) kept.clear()
  kept.set(key, cron)
  return cron
}

/** The next due time after `after`, in milliseconds since 1970; null without a cron expression or a later time. */
export const following: Following = ({ cron, timezone }, after) =>
  cron === null ? null : (cronOf(cron, timezone).nextRun(new Date(after))?.getTime() ?? null)

/** Why the rule cannot be used, by field; undefined when it can. */
export function badRule(
  { cron, timezone }: { readonly cron: string | null; readonly timezone: string },
  at: number,
): { readonly path: 'cron' | 'timezone'; readonly message: string } | undefined {
  try {
    Intl.DateTimeFormat('en', { timeZone: timezone })
  } catch {
    return { path: 'timezone', message: `is no IANA time zone: ${timezone}; use a name such as Europe/Berlin` }
  }
  if (cron === null) return undefined
  try {
    if (cronOf(cron, timezone).nextRun(new Date(at)) !== null) return undefined
    return { path: 'cron', message: `names no time that ever comes: ${cron}` }
  } catch {
    return { path: 'cron', message: `is no cron expression of five fields: ${cron}; use one such as "0 3 * * MON-FRI" or @daily` }
  }
}

/**
 * The due times from the next one up to now, oldest first, at most the newest `limits.schedule_catch_up`. `uncounted`: there were more
 * before them.
 */
export function duesOf(schedule: ScheduleRecord, at: number): { readonly dues: readonly number[]; readonly uncounted: boolean } {
  const { next_at, every } = schedule
  if (next_at === null || next_at > at) return { dues: [], uncounted: false }
  const then = dueAfter(schedule, next_at, following)
  // The usual case: only one time is due, because the previous one was handled in time.
  if (then === null || then > at) return { dues: [next_at], uncounted: false }
  const most = limits.schedule_catch_up
  const end = schedule.ends_at === null ? at : Math.min(at, schedule.ends_at)
  const back =
    every === null
      ? cronOf(schedule.cron ?? '', schedule.timezone)
          .previousRuns(most + 1, new Date(end + 1))
          .map((time) => time.getTime())
      : Array.from({ length: most + 1 }, (_, index) => next_at + (Math.floor((end - next_at) / (every * 1000)) - index) * every * 1000)
  const dues = back.filter((time) => time >= next_at && time <= end).toReversed()
  return { dues: dues.slice(-most), uncounted: dues.length > most }
}
