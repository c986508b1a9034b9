/** Responsible for the commands about schedules: creating, updating, pausing, deleting, running by hand, and reading them. */
import { limits } from '@modelreins/contract'
import type { Parsed, Schedule, ScheduleRun } from '@modelreins/contract'
import { countingCursor } from '../../../src/domain/cursor.ts'
import { fail, ok } from '../../../src/domain/result.ts'
import type { Result } from '../../../src/domain/result.ts'
import { timed, upcoming, wantedBy } from '../../../src/domain/schedule/schedule.ts'
import type { ScheduleRecord } from '../../../src/domain/schedule/schedule.ts'
import { dispatch } from '../fan-out/dispatch.ts'
import { scheduleDigest } from '../reviews/schedule-approval.ts'
import { isoTime } from '../kernel/context.ts'
import type { CommandContext } from '../kernel/context.ts'
import { badRule, following } from './calendar.ts'
import { approvalCommands } from './approval.ts'
import { addRun } from './due.ts'
import { scheduleSubject, showRun, showSchedule } from './schedule-view.ts'

const invalid = (path: string, message: string): Result<never> =>
  fail('invalid-request', `\`${path}\` ${message}.`, { issues: [{ path, message }] })

const momentOf = (time: string | null | undefined): number | null => (time == null ? null : Date.parse(time))

const ruleOf = ({ cron, every, timezone }: ScheduleRecord): string => (cron === null ? `every ${every} s` : `${cron} ${timezone}`)

/** Validates the rule with its start and end times; returns the schedule with the next due time from now. */
function checked(ctx: CommandContext, schedule: ScheduleRecord): Result<ScheduleRecord> {
  const bad = badRule(schedule, ctx.at)
  if (bad !== undefined) return invalid(bad.path, bad.message)
  const { starts_at, ends_at } = schedule
  if (starts_at !== null && ends_at !== null && ends_at <= starts_at) return invalid('ends_at', 'must be after starts_at')
  return ok(timed(schedule, ctx.at, ctx.random(), following))
}

function write(ctx: CommandContext, schedule: ScheduleRecord): void {
  ctx.store.schedules.save(schedule)
  const { fire_at } = schedule
  if (fire_at !== null) ctx.onCommit(() => ctx.live.due.hint(fire_at))
}

const recordOf = (ctx: CommandContext, schedule_id: string, input: Parsed<'schedules.create'>): ScheduleRecord => ({
  schedule_id,
  name: input.name,
  cron: input.cron ?? null,
  every: input.every ?? null,
  timezone: input.timezone ?? 'UTC',
  job: input.job,
  overlap: input.overlap ?? 'skip',
  catch_up: input.catch_up ?? 'last',
  jitter: input.jitter ?? 0,
  paused: input.paused ?? false,
  starts_at: momentOf(input.starts_at),
  ends_at: momentOf(input.ends_at),
  max_runs: input.max_runs ?? null,
  runs: 0,
  last_job_id: null,
  version: 1,
  owner_id: ctx.caller.actor.id,
  wanted_by: [ctx.caller.actor.id],
  created_at: ctx.at,
  next_at: null,
  fire_at: null,
})

/** The next due times of a schedule that would be created now. */
function preview(ctx: CommandContext, input: Parsed<'schedules.preview'>): Result<{ next_runs: string[] }> {
  const schedule = checked(ctx, recordOf(ctx, '', { ...input, name: '', job: { prompt: '' } }))
  return schedule.ok ? ok({ next_runs: upcoming(schedule.value, 5, following).map(isoTime) }) : schedule
}

function create(ctx: CommandContext, input: Parsed<'schedules.create'>): Result<Schedule> {
  if (ctx.store.schedules.count() >= limits.schedules) return fail('conflict', `A tenant has at most ${limits.schedules} schedules.`)
  const made = recordOf(ctx, `sc${ctx.at.toString(36)}${ctx.randomText(10)}`, input)
  const schedule = checked(ctx, made)
  if (!schedule.ok) return schedule
  write(ctx, schedule.value)
  ctx.record({ action: 'schedule.create', subject: scheduleSubject(made), summary: `${made.name}: ${ruleOf(made)}` })
  return ok(showSchedule(ctx, schedule.value))
}

const load = (ctx: CommandContext, id: string): Result<ScheduleRecord> => {
  const schedule = ctx.store.schedules.get(id)
  return schedule === undefined ? fail('not-found', `There is no schedule ${id}.`) : ok(schedule)
}

/**
 * If the work of the schedule has changed, removes its approvals and counts the caller among its requesters. Pausing or renaming keeps the
 * approvals.
 */
function withoutApprovals(ctx: CommandContext, before: ScheduleRecord, after: ScheduleRecord): ScheduleRecord {
  if (scheduleDigest(ctx, before) === scheduleDigest(ctx, after)) return after
  const { approvals: _, ...changed } = after
  return { ...changed, wanted_by: [...new Set([...wantedBy(before), ctx.caller.actor.id])] }
}

/** Due times count from now; those in the past were handled before this command. */
function update(ctx: CommandContext, input: Parsed<'schedules.update'>): Result<Schedule> {
  const found = load(ctx, input.schedule_id)
  if (!found.ok) return found
  const { schedule_id: _, starts_at, ends_at, ...given } = input
  const cron = given.cron ?? (given.every === undefined ? found.value.cron : null)
  if (cron === null && given.timezone !== undefined) return invalid('timezone', 'goes with cron')
  const changed: ScheduleRecord = {
    ...found.value,
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
    cron,
    every: given.every ?? (given.cron === undefined ? found.value.every : null),
    starts_at: starts_at === undefined ? found.value.starts_at : momentOf(starts_at),
    ends_at: ends_at === undefined ? found.value.ends_at : momentOf(ends_at),
    version: found.value.version + 1,
    owner_id: ctx.caller.actor.id,
  }
  const schedule = checked(ctx, withoutApprovals(ctx, found.value, changed))
  if (!schedule.ok) return schedule
  write(ctx, schedule.value)
  const ended = (found.value.approvals ?? []).length > 0 && schedule.value.approvals === undefined
  const fields = Object.keys(input).filter((field) => field !== 'schedule_id')
  ctx.record({
    action: 'schedule.update',
    subject: scheduleSubject(changed),
    summary: `changed ${fields.sort().join(', ') || 'nothing'}${ended ? ', its approvals ended' : ''}`,
  })
  return ok(showSchedule(ctx, schedule.value))
}

function remove(ctx: CommandContext, input: Parsed<'schedules.delete'>): Result<{ ok: true }> {
  const found = load(ctx, input.schedule_id)
  if (!found.ok) return found
  ctx.store.schedules.delete(input.schedule_id)
  ctx.record({ action: 'schedule.delete', subject: scheduleSubject(found.value), summary: found.value.name })
  return ok({ ok: true })
}

/** Runs the schedule by hand, in the name of the caller, in addition to the due times. `overlap` and `paused` do not apply. */
function run(ctx: CommandContext, input: Parsed<'schedules.run'>): Result<{ run: ScheduleRun }> {
  const found = load(ctx, input.schedule_id)
  if (!found.ok) return found
  const made = dispatch(ctx, found.value.job)
  if (!made.ok) return made
  ctx.store.schedules.advance({ ...found.value, last_job_id: made.value.id })
  const done = addRun(ctx, found.value, { due_at: null, outcome: 'dispatched', job_id: made.value.id })
  ctx.record({
    action: 'schedule.dispatch',
    subject: scheduleSubject(found.value),
    job_id: made.value.id,
    summary: `by hand at ${isoTime(ctx.at)}`,
  })
  return ok({ run: showRun(done) })
}

function list(ctx: CommandContext, input: Parsed<'schedules.list'>): Result<{ items: Schedule[]; next_cursor: string | null }> {
  const limit = input.limit ?? limits.list_default
  const found = ctx.store.schedules.list(limit + 1, input.cursor ?? '')
  const items: Schedule[] = []
  let size = 0
  // Prompts are large: a page ends early so that the response stays within its size limit.
  for (const schedule of found.slice(0, limit)) {
    if (size > limits.list_bytes) break
    size += schedule.job.prompt.length
    items.push(showSchedule(ctx, schedule))
  }
  return ok({ items, next_cursor: found.length > items.length ? (items.at(-1)?.schedule_id ?? null) : null })
}

function runs(ctx: CommandContext, input: Parsed<'schedules.runs'>): Result<{ items: ScheduleRun[]; next_cursor: string | null }> {
  const found = load(ctx, input.schedule_id)
  if (!found.ok) return found
  const before = countingCursor(input.cursor, Number.MAX_SAFE_INTEGER)
  if (!before.ok) return before
  const limit = input.limit ?? limits.list_default
  const rows = ctx.store.schedules.runs(input.schedule_id, limit + 1, before.value)
  const items = rows.slice(0, limit)
  return ok({ items: items.map(showRun), next_cursor: rows.length > limit ? String(items.at(-1)?.run_id) : null })
}

export const scheduleCommands = {
  'schedules.create': create,
  'schedules.preview': preview,
  'schedules.list': list,
  'schedules.get': (ctx: CommandContext, input: Parsed<'schedules.get'>): Result<Schedule> => {
    const found = load(ctx, input.schedule_id)
    return found.ok ? ok(showSchedule(ctx, found.value)) : found
  },
  'schedules.update': update,
  'schedules.delete': remove,
  'schedules.run': run,
  'schedules.runs': runs,
  ...approvalCommands,
}
