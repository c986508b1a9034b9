/**
 * Responsible for `ctx.authorize` inside a job: whether the calling attempt may do this action now, must wait for a human, or is refused. A
 * repeated question is found by job and digest of capability and action, so it survives a restart of the worker.
 */
import { limits } from '@modelreins/contract'
import type { Output, Parsed, RiskTier } from '@modelreins/contract'
import { requestersOf } from '../../../../src/domain/job/job-machine.ts'
import type { JobRecord } from '../../../../src/domain/job/job-machine.ts'
import { recordGrantUse } from '../../../../src/domain/review/grant.ts'
import type { GrantRecord } from '../../../../src/domain/review/grant.ts'
import { fail, ok } from '../../../../src/domain/result.ts'
import type { Result } from '../../../../src/domain/result.ts'
import { covers, isApprovalValid } from '../../../../src/domain/review/review.ts'
import type { ReviewRecord } from '../../../../src/domain/review/review.ts'
import { declared, sessionOf } from '../../../../src/domain/review/risk.ts'
import type { Policy } from '../../../../src/domain/review/risk.ts'
import { grantFor } from '../clearance.ts'
import { mayDecide } from '../may-decide.ts'
import type { CommandContext } from '../../kernel/context.ts'
import { digestOf, openReview, recordReview, spendReview, supersedeReview } from '../review-log.ts'
import type { WorkerRecord } from '../../queue/workforce/worker-store.ts'
import { leaseUntil } from '../../queue/commands/attempts.ts'
import { policyFor } from '../policy.ts'

type Reply = Output<'claims.authorize'>

/** One call: the action that an attempt wants to do. */
interface Call {
  readonly input: Parsed<'claims.authorize'>
  readonly job: JobRecord
  readonly worker: WorkerRecord
  readonly tier: RiskTier
  readonly digest: string
}

/** One call that needs a decision, with all inputs of the answer. */
interface Asking extends Call {
  readonly tier: 'session' | 'approve'
  readonly policy: Policy
  readonly session: string | null
}

/** The running attempt that makes the call. */
function attemptAsking(ctx: CommandContext, jobId: number): Result<{ readonly job: JobRecord; readonly worker: WorkerRecord }> {
  if (ctx.caller.kind !== 'lease') return fail('unauthorized', 'This call carries the lease token of an attempt.')
  const { lease, worker } = ctx.caller
  if (lease.job_id !== jobId) return fail('forbidden', `This lease token is for job ${lease.job_id}.`)
  const job = ctx.store.jobs.get(jobId)
  if (job === undefined) return fail('not-found', `There is no job ${jobId}.`)
  const mine = job.status === 'running' && job.attempt === lease.attempt && job.nonce === lease.nonce && job.worker_id === worker.worker_id
  return mine
    ? ok({ job, worker })
    : fail('lease-lost', `Job ${job.id}, attempt ${lease.attempt}: the job is ${job.status} at attempt ${job.attempt}.`)
}

/** Renews the lease as a heartbeat does: a worker that waits for a human is alive. */
function signOfLife(ctx: CommandContext, job: JobRecord, worker: WorkerRecord): void {
  ctx.live.presence.seen(worker.worker_id, ctx.at)
  const lease = ctx.live.leases.lease(job.id)
  if (lease !== undefined && lease.attempt === job.attempt) lease.expires_at = Math.max(lease.expires_at, leaseUntil(ctx, job))
}

const reply = (outcome: Reply['outcome'], review: ReviewRecord | null, action: unknown, more: Partial<Reply> = {}): Reply => ({
  outcome,
  review_id: review?.id ?? null,
  grant_id: null,
  action: action as Reply['action'],
  comment: review?.decisions.at(-1)?.comment ?? null,
  ...more,
})

/** Identifies one call of one attempt. It is stored with the spent approval, so that a retry after a lost response gets the same answer. */
const callOf = (job: JobRecord, key: string | undefined): string => `job ${job.id} attempt ${job.attempt}/${job.nonce ?? ''}/${key ?? ''}`

/** The key includes the risk tier: after a change of the tier, an action allowed under the old one is asked about again. */
const keyOf = ({ job, input, tier, digest }: Call): string => `authorize ${tier} ${digest} ${callOf(job, input.idempotency_key)}`

/**
 * Allows the action and remembers the answer under the idempotency key. A repeated call then spends no approval or grant use, and writes no
 * audit or to-look-at row.
 */
function allow(ctx: CommandContext, call: Call, by: { readonly review?: ReviewRecord; readonly grant?: GrantRecord | undefined }): Reply {
  const { review = null, grant } = by
  if (call.input.idempotency_key !== undefined) {
    const answer = `allowed:${grant?.grant_id ?? ''}:${review?.id ?? ''}`
    ctx.store.keys.remember(keyOf(call), { digest: answer, job_id: call.job.id }, ctx.at)
  }
  return reply('allowed', review, review === null ? call.input.action : review.payload, { grant_id: grant?.grant_id ?? null })
}

/** The remembered answer of the same call; undefined when it was not allowed before. */
function allowedBefore(ctx: CommandContext, call: Call): Reply | undefined {
  if (call.input.idempotency_key === undefined) return undefined
  // The table also holds idempotency keys of dispatches, which callers choose freely. Their digest is always a SHA-256, so no caller can
  // forge an answer of this form.
  const [, grant, review] = /^allowed:(.*):(\d*)$/.exec(ctx.store.keys.get(keyOf(call))?.digest ?? '') ?? []
  if (grant === undefined) return undefined
  const spent = review === undefined || review === '' ? undefined : ctx.store.reviews.get(Number(review))
  return reply('allowed', spent ?? null, spent === undefined ? call.input.action : spent.payload, { grant_id: grant === '' ? null : grant })
}

function recordAllowed(ctx: CommandContext, of: Call, how: string): number {
  return ctx.record({
    action: 'action.allow',
    subject: `job:${of.job.id}`,
    job_id: of.job.id,
    worker_id: of.worker.worker_id,
    capability: of.input.capability,
    risk_tier: of.tier,
    digest: of.digest,
    summary: `attempt ${of.job.attempt}${how}`,
  })
}

const titleOf = ({ input, job, worker }: Call): string => input.title ?? `${worker.name}: ${input.capability} (job ${job.id})`

function ask(ctx: CommandContext, asking: Asking): Reply {
  const { input, job, worker, tier, policy, session } = asking
  const review = openReview(ctx, {
    type: 'action',
    title: titleOf(asking),
    content: '',
    preview: null,
    target: null,
    capability: input.capability,
    payload: input.action,
    risk_tier: tier,
    session,
    policy,
    irreversible: input.irreversible === true || policy.irreversible,
    job_id: job.id,
    worker_id: worker.worker_id,
    attempt: job.attempt,
    requested_by: requestersOf(job),
  })
  return reply('waiting', review, input.action)
}

/**
 * Whether a review for a session was opened for another session than this one. A review under the tier `approve` is about the job, on any
 * worker.
 */
const isElsewhere = (review: ReviewRecord, { worker, session }: Asking): boolean =>
  review.risk_tier === 'session' && (review.worker_id !== worker.worker_id || review.session !== session)

/**
 * Points a pending review at the attempt that asks now: it is notified, and an approval applies to its session. An action once called
 * irreversible stays irreversible.
 */
function askedAgain(ctx: CommandContext, review: ReviewRecord, asking: Asking): ReviewRecord | undefined {
  const { job, worker, input } = asking
  const moved = isElsewhere(review, asking)
  if (moved && review.decisions.length > 0) {
    supersedeReview(ctx, review, null, 'what was said of one session does not count for another')
    return undefined
  }
  const irreversible = review.irreversible || input.irreversible === true
  const same = review.attempt === job.attempt && review.worker_id === worker.worker_id && !moved
  if (same && review.irreversible === irreversible) return review
  const whose = { attempt: job.attempt, worker_id: worker.worker_id, ...(moved ? { session: asking.session } : {}) }
  const title = review.worker_id === worker.worker_id ? review.title : titleOf(asking)
  const after = { ...review, ...whose, title, irreversible }
  ctx.store.reviews.update(after)
  const what = `by attempt ${job.attempt}${moved ? `, for ${asking.session ?? 'no session'}` : ''}`
  recordReview(ctx, after, 'ask_again', `${what}${irreversible && !review.irreversible ? ', irreversible' : ''}`)
  return after
}

/** Spends the approval of exactly this action, once. */
function redeem(ctx: CommandContext, review: ReviewRecord, asking: Asking): Reply | undefined {
  const { capability, payload, artifacts } = review
  if (isElsewhere(review, asking)) {
    supersedeReview(ctx, review, null, 'it was approved for another session')
    return undefined
  }
  const grant = review.session === null ? undefined : grantFor(ctx, asking.worker, asking.input.capability, review.session, asking.job)
  const sound =
    covers(review, asking.tier, asking.policy) &&
    isApprovalValid(review, mayDecide(ctx)) &&
    digestOf(ctx, { capability, payload, artifacts }) === review.digest &&
    // The use that opened the review is the first use of its grant: when the grant is used up or revoked, so is the approval.
    (review.session === null || grant !== undefined)
  if (!sound) {
    supersedeReview(ctx, review, null, 'the approval is no longer valid')
    return undefined
  }
  spendReview(ctx, review, callOf(asking.job, asking.input.idempotency_key))
  if (grant !== undefined) ctx.store.grants.save(recordGrantUse(grant))
  return allow(ctx, asking, { review, grant })
}

/** The answer from an earlier review of the same action; undefined when there is none that answers this call. */
function answered(ctx: CommandContext, asking: Asking): Reply | undefined {
  const { job, input } = asking
  const review = ctx.store.reviews.newestOf(job.id, 'action', asking.digest)
  switch (review?.status) {
    case 'pending': {
      const again = askedAgain(ctx, review, asking)
      return again === undefined ? undefined : reply('waiting', again, input.action)
    }
    case 'approved':
      return redeem(ctx, review, asking)
    case 'denied':
    case 'expired':
      // A new attempt may ask again; the refused attempt gets the same refusal.
      if (review.attempt !== job.attempt) return undefined
      return reply(
        'refused',
        review,
        input.action,
        review.status === 'expired' ? { comment: 'The review expired without a decision.' } : {},
      )
    default:
      return undefined
  }
}

/** Tier `session`: an active grant allows the action; otherwise all calls of the session wait for the same pending review. */
function inSession(ctx: CommandContext, asking: Asking): Reply | undefined {
  const { input, job, worker, session } = asking
  if (session === null) return undefined
  const grant = grantFor(ctx, worker, input.capability, session, job)
  if (grant !== undefined) {
    ctx.store.grants.save(recordGrantUse(grant))
    recordAllowed(ctx, asking, `, grant ${grant.grant_id}`)
    return allow(ctx, asking, { grant })
  }
  const open = ctx.store.reviews.asking(worker.worker_id, input.capability, session)
  const pending = open === undefined ? undefined : ctx.store.reviews.get(open.id)
  return pending === undefined ? undefined : reply('waiting', pending, input.action)
}

function authorize(ctx: CommandContext, input: Parsed<'claims.authorize'>): Result<Reply> {
  const attempt = attemptAsking(ctx, input.job_id)
  if (!attempt.ok) return attempt
  const { job, worker } = attempt.value
  signOfLife(ctx, job, worker)
  const item = declared(worker.capabilities, input.capability)
  if (item === undefined) return fail('capability-not-declared', `${worker.name} does not declare the capability ${input.capability}.`)
  const tier = item.risk_tier
  if (tier === 'auto') return ok(reply('allowed', null, input.action))
  const digest = digestOf(ctx, { capability: input.capability, payload: input.action, artifacts: [] })
  const call: Call = { input, job, worker, tier, digest }
  const before = allowedBefore(ctx, call)
  if (before !== undefined) return ok(before)
  if (tier === 'audit') {
    const seq = recordAllowed(ctx, call, '')
    const about = { job_id: job.id, worker_id: worker.worker_id, capability: input.capability, digest }
    ctx.store.grants.flag({ seq, at: ctx.at, action: 'action.allow', ...about, summary: input.title ?? `attempt ${job.attempt}` })
    return ok(allow(ctx, call, {}))
  }
  const session = tier === 'session' ? sessionOf(job.thread_id, worker) : null
  const asking: Asking = { ...call, tier, policy: policyFor(ctx, item), session }
  const known = answered(ctx, asking) ?? inSession(ctx, asking)
  if (known !== undefined) return ok(known)
  const rate = { most: limits.questions_per_minute, per_ms: 60_000 }
  const wait = ctx.live.rates.wait(`questions/${worker.worker_id}`, ctx.at, rate)
  if (wait > 0) return fail('rate-limited', `Rate limit: ${rate.most} authorizations per minute and worker.`, { retry_after_ms: wait })
  ctx.onCommit(() => ctx.live.rates.note(`questions/${worker.worker_id}`, ctx.at, rate))
  return ok(ask(ctx, asking))
}

export const authorizeCommands = { 'claims.authorize': authorize }
