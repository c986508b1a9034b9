/** Responsible for the shapes of schedules: a job that is dispatched repeatedly, and the outcome of each due time. It decides nothing. */
import * as z from 'zod'
import { flag, givenTime, label, page, paging, time } from './fields.ts'
import { publicId } from './ids.ts'
import { repeatedJob } from './job.ts'
import { limits } from './limits.ts'

/** When the job of the previous due time has not ended: `skip` this one; `queue` it anyway; `replace`: abort the earlier job. */
export const overlaps = ['skip', 'queue', 'replace'] as const
/** What happens to due times that passed while the server did not run: nothing, a run for the last one, or a run for each. */
export const catchUps = ['none', 'last', 'all'] as const

/** Five fields, in which names (`MON`, `JAN`) are allowed, or a macro such as `@daily`. */
const cron = z.string().trim().min(1).max(200)
const every = z.number().int().min(limits.schedule_every_min_s).max(limits.schedule_every_max_s)
const fields = {
  cron: cron.optional(),
  /** Seconds from one due time to the next, counted from `starts_at`, or from the creation of the schedule. */
  every: every.optional(),
  /** IANA name, such as Europe/Berlin; default UTC. */
  timezone: z.string().min(1).max(64).optional(),
  overlap: z.enum(overlaps).optional(),
  catch_up: z.enum(catchUps).optional(),
  /** Maximum random delay of each due time in seconds. A due time is never delayed beyond the next one. */
  jitter: z.number().min(0).max(limits.schedule_jitter_max_s).optional(),
  paused: flag.optional(),
}

export const scheduleRequest = z
  .strictObject({
    name: label,
    ...fields,
    job: repeatedJob,
    starts_at: givenTime.optional(),
    ends_at: givenTime.optional(),
    /** The schedule ends after this many jobs. */
    max_runs: z.number().int().min(1).optional(),
  })
  .superRefine((request, ctx) => {
    const clash = (path: string, message: string): void => ctx.addIssue({ code: 'custom', path: [path], message })
    if (request.cron === undefined && request.every === undefined) clash('cron', 'or every is required: it says when the schedule is due')
    if (request.cron !== undefined && request.every !== undefined) clash('every', 'does not go with cron')
    if (request.every !== undefined && request.timezone !== undefined) clash('timezone', 'goes with cron')
  })
export type ScheduleRequest = z.output<typeof scheduleRequest>

/** A rule that is not saved. */
export const schedulePreview = z
  .strictObject({
    cron: fields.cron,
    every: fields.every,
    timezone: fields.timezone,
    starts_at: givenTime.optional(),
    ends_at: givenTime.optional(),
  })
  .superRefine((request, ctx) => {
    const clash = (path: string, message: string): void => ctx.addIssue({ code: 'custom', path: [path], message })
    if (request.cron === undefined && request.every === undefined) clash('cron', 'or every is required: it says when the schedule is due')
    if (request.cron !== undefined && request.every !== undefined) clash('every', 'does not go with cron')
    if (request.every !== undefined && request.timezone !== undefined) clash('timezone', 'goes with cron')
  })
/** The next five due times if the schedule were created now. */
export const schedulePreviewed = z.object({ next_runs: z.array(time) }).meta({ id: 'SchedulePreviewed' })

const id = publicId('/api/v1/schedules')
const scheduleId = z.strictObject({ schedule_id: id })
export const scheduleRef = scheduleId
export const schedulePatch = z
  .strictObject({
    schedule_id: id,
    name: label.optional(),
    ...fields,
    job: repeatedJob.optional(),
    starts_at: givenTime.nullable().optional(),
    ends_at: givenTime.nullable().optional(),
    max_runs: z.number().int().min(1).nullable().optional(),
  })
  .superRefine((request, ctx) => {
    if (request.cron !== undefined && request.every !== undefined)
      ctx.addIssue({ code: 'custom', path: ['every'], message: 'does not go with cron' })
  })
export type SchedulePatch = z.output<typeof schedulePatch>

export const runOutcomes = ['dispatched', 'skipped', 'refused', 'missed'] as const
export const scheduleRun = z
  .object({
    run_id: z.number().int(),
    /** Null: a member started this run by hand. */
    due_at: time.nullable(),
    at: time,
    outcome: z.enum(runOutcomes),
    /** The job that was dispatched; of `skipped`: the job that prevented it. */
    job_id: z.number().int().nullable(),
    /** Only of `refused`: the code of the problem. */
    code: z.string().nullable(),
    detail: z.string().nullable(),
  })
  .meta({ id: 'ScheduleRun' })
export type ScheduleRun = z.infer<typeof scheduleRun>
export const scheduleRunPage = page(scheduleRun)
export const scheduleRunList = z.strictObject({ schedule_id: id, ...paging })

/** One member's approval of the schedule itself. Its jobs need no further approval while enough such approvals are valid. */
export const scheduleApproval = z.object({
  /** `member:NAME` */
  by: z.string(),
  at: time,
  expires_at: time,
  /** Why the approval is no longer valid; absent when it is. */
  void: z.string().optional(),
})
/** `digest`: of the schedule as the member read it. An approval with another digest is refused. */
export const scheduleApprove = z.strictObject({
  schedule_id: id,
  digest: z.string().regex(/^[0-9a-f]{64}$/, 'must be the digest of the schedule, as it was read'),
  /** Seconds; default 30 days. */
  expires_in: z.number().int().min(60).max(limits.schedule_approval_max_s).optional(),
})

export const schedule = z
  .object({
    schedule_id: z.string(),
    name: z.string(),
    cron: z.string().nullable(),
    every: z.number().nullable(),
    timezone: z.string(),
    job: repeatedJob,
    overlap: z.enum(overlaps),
    catch_up: z.enum(catchUps),
    jitter: z.number(),
    paused: z.boolean(),
    starts_at: time.nullable(),
    ends_at: time.nullable(),
    max_runs: z.number().int().nullable(),
    /** Number of jobs that were dispatched because they were due. */
    runs: z.number().int(),
    version: z.number().int(),
    /** SHA-256 of the due times and the job, which is what an approval covers. The name and `paused` are not part of it. */
    digest: z.string(),
    /** Members who approved the schedule in its present form. */
    approvals: z.array(scheduleApproval),
    /** `member:NAME`: the member in whose name the jobs are dispatched, who created the schedule or changed it last. */
    owner: z.string().nullable(),
    created_at: time,
    /** The next five due times, without random delay; empty when the schedule is paused or has ended. */
    next_runs: z.array(time),
    /** The newest five runs. */
    last_runs: z.array(scheduleRun),
  })
  .meta({ id: 'Schedule' })
export type Schedule = z.infer<typeof schedule>
export const schedulePage = page(schedule)
export const scheduleList = z.strictObject({ ...paging })
/** The result of a run by hand. */
export const scheduleRan = z.object({ run: scheduleRun }).meta({ id: 'ScheduleRan' })
