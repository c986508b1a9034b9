/** Responsible for members' approvals of a schedule: giving one for the digest that was read, with an expiry, and revoking it. */
import { limits } from '@modelreins/contract'
import type { Parsed, Schedule } from '@modelreins/contract'
import { fail, ok } from '../../../src/domain/result.ts'
import type { Result } from '../../../src/domain/result.ts'
import { declared, strictest } from '../../../src/domain/review/risk.ts'
import type { Policy } from '../../../src/domain/review/risk.ts'
import { wantedBy } from '../../../src/domain/schedule/schedule.ts'
import type { ScheduleApproval, ScheduleRecord } from '../../../src/domain/schedule/schedule.ts'
import { isoTime } from '../kernel/context.ts'
import type { CommandContext } from '../kernel/context.ts'
import type { Origin } from '../queue/commands/dispatch.ts'
import { asksEachTime, scheduleDigest } from '../reviews/schedule-approval.ts'
import { scheduleSubject, showSchedule } from './schedule-view.ts'
import { policyFor } from '../reviews/policy.ts'

/** The origin that jobs of the schedule carry, by which reviews recognize them. */
export const originOf = (ctx: Pick<CommandContext, 'sha256'>, schedule: ScheduleRecord): Origin => ({
  schedule_id: schedule.schedule_id,
  digest: scheduleDigest(ctx, schedule),
  wanted_by: wantedBy(schedule),
})

/**
 * The strictest combination of the policies of workers that have the capability under the tier `approve`; undefined when there are none.
 */
function policyOfAll(ctx: CommandContext, capability: string): Policy | undefined {
  const asking = [...ctx.store.workers.active()].flatMap((worker) => {
    const item = declared(worker.capabilities, capability)
    return item?.risk_tier === 'approve' ? [policyFor(ctx, item)] : []
  })
  return asking.length === 0 ? undefined : strictest(asking)
}

/** Why approving the schedule would have no effect on its jobs; undefined when it would. */
function inVain(schedule: ScheduleRecord, policy: Policy | undefined): string | undefined {
  const { capability, context = 'none', context_from } = schedule.job
  if (capability === undefined) return 'Its job names no capability, so it needs no approval.'
  if ((context !== 'none' && context !== 'inline') || context_from !== undefined)
    return 'Its job receives earlier turns of a thread, or the answer of another job. These are not part of the schedule, so each job needs its own review.'
  if (policy === undefined) return `No worker has ${capability} under the tier approve, so its jobs need no approval.`
  const each = asksEachTime(policy)
  return each === undefined ? undefined : `Each job of ${capability} needs its own review: ${each}.`
}

function approve(ctx: CommandContext, input: Parsed<'schedules.approve'>): Result<Schedule> {
  if (ctx.caller.kind !== 'member') return fail('forbidden', 'Only members approve.')
  const { member } = ctx.caller
  const schedule = ctx.store.schedules.get(input.schedule_id)
  if (schedule === undefined) return fail('not-found', `There is no schedule ${input.schedule_id}.`)
  const digest = scheduleDigest(ctx, schedule)
  if (digest !== input.digest)
    return fail('conflict', `Schedule ${schedule.schedule_id} has changed since you read it: its current digest is ${digest}.`)
  const capability = schedule.job.capability ?? ''
  const policy = policyOfAll(ctx, capability)
  const vain = inVain(schedule, policy)
  if (vain !== undefined) return fail('wrong-state', vain)
  if (wantedBy(schedule).includes(member.member_id) && policy?.self_approval !== true)
    return fail(
      'forbidden',
      `You made or changed schedule ${schedule.schedule_id}, so another member must approve it. You may revoke an approval.`,
    )
  const expires_at = ctx.at + (input.expires_in ?? limits.schedule_approval_s) * 1000
  const approval: ScheduleApproval = { member_id: member.member_id, by: member.name, at: ctx.at, expires_at, digest }
  const others = (schedule.approvals ?? []).filter((one) => one.member_id !== member.member_id && one.digest === digest)
  const approved = { ...schedule, approvals: [...others, approval].slice(-limits.quorum_max) }
  ctx.store.schedules.save(approved)
  ctx.record({
    action: 'schedule.approve',
    subject: scheduleSubject(schedule),
    capability,
    digest,
    summary: `${schedule.name}, until ${isoTime(expires_at)}`,
  })
  return ok(showSchedule(ctx, approved))
}

/** A repeated call changes nothing. Jobs that have not started are held again when a worker asks for them. */
function revoke(ctx: CommandContext, input: Parsed<'schedules.revoke_approval'>): Result<Schedule> {
  const schedule = ctx.store.schedules.get(input.schedule_id)
  if (schedule === undefined) return fail('not-found', `There is no schedule ${input.schedule_id}.`)
  const { approvals = [], ...without } = schedule
  if (approvals.length === 0) return ok(showSchedule(ctx, schedule))
  ctx.store.schedules.save(without)
  ctx.record({
    action: 'schedule.revoke_approval',
    subject: scheduleSubject(schedule),
    capability: schedule.job.capability ?? null,
    digest: scheduleDigest(ctx, schedule),
    summary: `${schedule.name}: given by ${approvals.map(({ by }) => by).join(', ')}`,
  })
  return ok(showSchedule(ctx, without))
}

export const approvalCommands = { 'schedules.approve': approve, 'schedules.revoke_approval': revoke }
