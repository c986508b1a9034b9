/**
 * Responsible for handling due times of schedules. One transaction per due time dispatches the job, records the run and sets the next time,
 * so that each is handled exactly once, even after duplicate or lost alarms.
 */
import { limits } from '@modelreins/contract'
import type { Failure } from '@modelreins/contract'
import { roleMay } from '../../../src/domain/access/access.ts'
import { isTerminal } from '../../../src/domain/job/job-machine.ts'
import type { JobRecord } from '../../../src/domain/job/job-machine.ts'
import { fail, ok } from '../../../src/domain/result.ts'
import type { Result } from '../../../src/domain/result.ts'
import { planOf, timed } from '../../../src/domain/schedule/schedule.ts'
import type { DuePlan, ScheduleRecord } from '../../../src/domain/schedule/schedule.ts'
import { dispatch } from '../fan-out/dispatch.ts'
import { isoTime, systemActor, systemCaller } from '../kernel/context.ts'
import type { Caller, CommandContext, Store } from '../kernel/context.ts'
import type { Host } from '../kernel/host.ts'
import { abortJob } from '../queue/commands/jobs.ts'
import { originOf } from './approval.ts'
import { duesOf, following } from './calendar.ts'
import type { RunRecord } from './schedule-store.ts'
import { scheduleSubject } from './schedule-view.ts'

/** The member in whose name jobs are dispatched; a failure when that member may not dispatch any more. */
function ownerOf(store: Store, schedule: ScheduleRecord): Result<Caller> {
  if (store.identity.get()?.suspended === true) return fail('forbidden', 'The tenant is suspended.')
  const member = store.credentials.member(schedule.owner_id)
  if (member === undefined || member.revoked_at !== null || !roleMay(member.role, 'jobs.dispatch'))
    return fail(
      'forbidden',
      `${member?.name ?? 'The owner of the schedule'} may no longer dispatch jobs. Another member must save the schedule to become its owner.`,
    )
  return ok({ kind: 'member', member, actor: { kind: 'member', id: member.member_id, name: member.name } })
}

type NewRun = Pick<RunRecord, 'due_at' | 'outcome'> & Partial<Pick<RunRecord, 'job_id' | 'code' | 'detail'>>

export const addRun = (ctx: CommandContext, schedule: ScheduleRecord, run: NewRun): RunRecord =>
  ctx.store.schedules.addRun({ schedule_id: schedule.schedule_id, at: ctx.at, job_id: null, code: null, detail: null, ...run })

/** The job of the last run, if it has not ended. */
function unfinished(ctx: CommandContext, schedule: ScheduleRecord): JobRecord | undefined {
  const job = schedule.last_job_id === null ? undefined : ctx.store.jobs.get(schedule.last_job_id)
  return job === undefined || isTerminal(job.status) ? undefined : job
}

interface Met {
  readonly schedule: ScheduleRecord
  readonly plan: DuePlan
}

/** The plan for the schedule now; records missed due times. */
function meet(ctx: CommandContext, id: string): Met | undefined {
  const schedule = ctx.store.schedules.get(id)
  if (schedule?.fire_at == null || schedule.fire_at > ctx.at) return undefined
  const { dues, uncounted } = duesOf(schedule, ctx.at)
  const plan = planOf(schedule, dues, uncounted, ctx.at)
  const [first] = plan.missed
  if (first !== undefined || plan.uncounted) {
    const count = `${plan.missed.length}${plan.uncounted ? ' and more' : ''}`
    const detail = `${count} due ${plan.missed.length === 1 && !plan.uncounted ? 'time' : 'times'} passed while the server did not run`
    addRun(ctx, schedule, { due_at: first ?? schedule.next_at, outcome: 'missed', detail })
    ctx.record({ action: 'schedule.miss', subject: scheduleSubject(schedule), summary: detail, actor: systemActor })
  }
  return { schedule, plan }
}

/** Sets the next due time. */
function moveOn(ctx: CommandContext, schedule: ScheduleRecord, plan: DuePlan): void {
  const met = plan.dispatch ?? plan.missed.at(-1) ?? schedule.next_at ?? ctx.at
  const next = timed(schedule, met, ctx.random(), following)
  ctx.store.schedules.advance(next)
  const { fire_at } = next
  // A time that is due already needs no alarm: `meetDue` handles it in this run or requests the next one.
  if (fire_at !== null && fire_at > ctx.at) ctx.onCommit(() => ctx.live.due.hint(fire_at))
}

/** Dispatches the job of one due time. A refused dispatch is returned as the failure and rolls everything back. */
function fire(ctx: CommandContext, id: string): Result<undefined> {
  const met = meet(ctx, id)
  if (met === undefined) return ok(undefined)
  const { schedule, plan } = met
  if (plan.dispatch === null) {
    moveOn(ctx, schedule, plan)
    return ok(undefined)
  }
  const subject = scheduleSubject(schedule)
  const due = `due ${isoTime(plan.dispatch)}`
  const earlier = unfinished(ctx, schedule)
  if (earlier !== undefined && schedule.overlap === 'skip') {
    addRun(ctx, schedule, { due_at: plan.dispatch, outcome: 'skipped', job_id: earlier.id, detail: `Job ${earlier.id} has not ended` })
    ctx.record({ action: 'schedule.skip', subject, job_id: earlier.id, summary: due, actor: systemActor })
    moveOn(ctx, schedule, plan)
    return ok(undefined)
  }
  if (earlier !== undefined && schedule.overlap === 'replace') abortJob(ctx, earlier, `Its schedule ${schedule.name} is due again`)
  const made = dispatch(ctx, schedule.job, originOf(ctx, schedule))
  if (!made.ok) return made
  addRun(ctx, schedule, { due_at: plan.dispatch, outcome: 'dispatched', job_id: made.value.id })
  ctx.record({ action: 'schedule.dispatch', subject, job_id: made.value.id, summary: due, actor: systemActor })
  moveOn(ctx, { ...schedule, runs: schedule.runs + 1, last_job_id: made.value.id }, plan)
  return ok(undefined)
}

/** Records the refused dispatch as a run and sets the next due time. */
function refuse(ctx: CommandContext, id: string, { code, detail }: Failure): Result<undefined> {
  const met = meet(ctx, id)
  if (met === undefined) return ok(undefined)
  const { schedule, plan } = met
  addRun(ctx, schedule, { due_at: plan.dispatch, outcome: 'refused', code, detail })
  ctx.record({ action: 'schedule.refuse', subject: scheduleSubject(schedule), summary: code, actor: systemActor })
  moveOn(ctx, schedule, plan)
  return ok(undefined)
}

/** Handles up to `limits.schedules_at_once` due schedules; the rest follow in the next run of the alarm. */
export function meetDue(host: Host): void {
  const { store } = host
  for (const id of store.schedules.due(host.now(), limits.schedules_at_once)) {
    const schedule = store.schedules.get(id)
    if (schedule === undefined) continue
    const owner = ownerOf(store, schedule)
    const done = owner.ok ? host.attempt(owner.value, (ctx) => fire(ctx, id)) : owner
    if (!done.ok) host.attempt(systemCaller, (ctx) => refuse(ctx, id, done.failure))
  }
  if (store.schedules.due(host.now(), 1).length === 0) return
  host.live.due.hint(host.now() + 1)
  host.rearm()
}
