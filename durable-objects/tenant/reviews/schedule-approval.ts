/**
 * Responsible for approving a job's review by the approvals of its schedule, and for whether those still count. They cover a job while it
 * matches its schedule; any other job waits for a human as usual.
 */
import { requestersOf } from '../../../src/domain/job/job-machine.ts'
import type { JobRecord } from '../../../src/domain/job/job-machine.ts'
import { decide } from '../../../src/domain/review/review.ts'
import type { ReviewRecord } from '../../../src/domain/review/review.ts'
import { reviewedJob, reviewedText } from '../../../src/domain/review/review-payload.ts'
import type { Policy } from '../../../src/domain/review/risk.ts'
import { approvedPart, wantedBy } from '../../../src/domain/schedule/schedule.ts'
import type { ScheduleApproval, ScheduleRecord } from '../../../src/domain/schedule/schedule.ts'
import { asWord, systemActor } from '../kernel/context.ts'
import type { CommandContext } from '../kernel/context.ts'
import { mayDecide } from './may-decide.ts'
import { isOwnWork } from './own-work.ts'
import { digestOf, recordReview } from './review-log.ts'

type Seeing = Pick<CommandContext, 'at' | 'store' | 'sha256'>

/** Digest of the part of a schedule that members approve. It changes when the approvals must not apply any more. */
export const scheduleDigest = (ctx: Pick<CommandContext, 'sha256'>, schedule: ScheduleRecord): string =>
  digestOf(ctx, { capability: schedule.job.capability ?? null, payload: approvedPart(schedule), artifacts: [] })

/** Why the approval no longer counts; undefined while it does. */
export function whyVoid(ctx: Seeing, schedule: ScheduleRecord, { member_id, expires_at, digest }: ScheduleApproval): string | undefined {
  if (expires_at <= ctx.at) return 'expired'
  if (digest !== scheduleDigest(ctx, schedule)) return 'the schedule has changed'
  return mayDecide(ctx)(member_id) ? undefined : 'this member may not decide any more'
}

const same = (one: unknown, other: unknown): boolean => JSON.stringify(one ?? null) === JSON.stringify(other ?? null)

/**
 * Whether the job's target is the one that its schedule asked for, not changed by hand. If the schedule leaves the choice to the Director,
 * any choice matches.
 */
function isWhereAsked({ job: asked }: ScheduleRecord, { spec }: JobRecord): boolean {
  if ((spec.fallback?.step ?? 0) > 0) return true
  const target =
    asked.targets === undefined ? asked.fan_out !== undefined || same(asked.target, spec.target) : asked.targets.includes(spec.target ?? '')
  return target && same(asked.provider, spec.provider) && same(asked.model, spec.model) && same(asked.tags ?? [], spec.tags)
}

/** The schedule's approvals that count for this job now; undefined when they do not cover it. */
function approversOf(
  ctx: Seeing,
  job: JobRecord,
  { policy, requested_by }: Pick<ReviewRecord, 'policy' | 'requested_by'>,
): { readonly schedule: ScheduleRecord; readonly by: readonly ScheduleApproval[] } | undefined {
  const { scheduled, fallback, capability } = job.spec
  const schedule = scheduled === undefined ? undefined : ctx.store.schedules.get(scheduled.schedule_id)
  if (scheduled === undefined || schedule === undefined || scheduled.digest !== scheduleDigest(ctx, schedule)) return undefined
  // Approvers read the schedule's own capability and fallback chain, not those that defaults of a thread or of the tenant added.
  if (schedule.job.capability !== capability) return undefined
  if ((fallback?.step ?? 0) > 0 && schedule.job.fallback === undefined) return undefined
  if (!isWhereAsked(schedule, job)) return undefined
  // Later edits, and turns of a conversation that did not exist yet, are not covered either.
  if (job.spec.context_turns !== undefined && job.spec.context_turns.length > 0) return undefined
  const { context_turns: _, ...spec } = job.spec
  if (ctx.sha256(reviewedText(reviewedJob(spec, []))) !== scheduled.payload) return undefined
  const wanted = new Set([...requested_by, ...requestersOf(job), ...wantedBy(schedule)])
  const by = (schedule.approvals ?? []).filter(
    (approval) => whyVoid(ctx, schedule, approval) === undefined && (policy.self_approval || !wanted.has(approval.member_id)),
  )
  return by.length >= policy.quorum.approve ? { schedule, by } : undefined
}

/** Why this policy needs a decision for every job, in words; undefined when an approval of the schedule is enough. */
export const asksEachTime = (policy: Policy): string | undefined =>
  policy.irreversible ? 'it is irreversible' : policy.signed === true ? 'its decisions are signed with a passkey' : undefined

/** Whether the schedule's approvals, if the review was decided by them, still cover the job. */
export function standsBySchedule(ctx: Seeing, review: ReviewRecord, job: JobRecord): boolean {
  if (!review.decisions.some((word) => word.schedule_id !== undefined)) return true
  return approversOf(ctx, job, review) !== undefined
}

/** Approves a review that was just opened for a job by the approvals of its schedule; undefined when they do not cover it. */
export function approvedBySchedule(ctx: CommandContext, review: ReviewRecord, job: JobRecord): ReviewRecord | undefined {
  const { policy, artifacts } = review
  if (review.session !== null || artifacts.length > 0 || asksEachTime(policy) !== undefined) return undefined
  const covered = approversOf(ctx, job, review)
  if (covered === undefined) return undefined
  const { schedule_id } = covered.schedule
  const worker = review.worker_id === null ? undefined : ctx.store.workers.get(review.worker_id)
  const others = covered.by.filter(({ member_id }) => policy.self_approval || !isOwnWork(ctx, review, worker, member_id))
  let after = review
  for (const { member_id, by } of others) {
    if (after.status !== 'pending') break
    const word = {
      verdict: 'approve' as const,
      comment: `By the approval of schedule ${schedule_id}`,
      by: { member_id, name: by },
      at: ctx.at,
    }
    const decided = decide(after, word, { selfRefusal: null, mayDecide: mayDecide(ctx) })
    if (!decided.ok) return undefined
    const { decisions } = decided.value.review
    after = { ...decided.value.review, decisions: decisions.map((one) => (review.decisions.includes(one) ? one : { ...one, schedule_id })) }
  }
  if (after.status !== 'approved') return undefined
  ctx.store.reviews.update(after)
  const names = others.map(({ by }) => by).join(', ')
  recordReview(ctx, after, 'approve', `${asWord(after.type)}: approved, by the approval of schedule ${schedule_id} (${names})`, {
    actor: systemActor,
  })
  return after
}
