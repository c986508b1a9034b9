/**
 * Responsible for changes that loosen review requirements: of a worker's tiers and policies, and of the tenant's settings. They need an
 * owner; where the tenant has reviewers, they wait for a review.
 */
import type { Capability, ReviewPolicy } from '@modelreins/contract'
import { canonicalJson, capabilities as capabilityList, tenantSettingRows } from '@modelreins/contract'
import { roleMay } from '../../../../src/domain/access/access.ts'
import { loosenings, policyLoosenings } from '../../../../src/domain/review/loosening.ts'
import type { ReviewRecord } from '../../../../src/domain/review/review.ts'
import { policyOf } from '../../../../src/domain/review/risk.ts'
import { fail, ok } from '../../../../src/domain/result.ts'
import type { Result } from '../../../../src/domain/result.ts'
import type { CommandContext } from '../../kernel/context.ts'
import type { WorkerRecord } from '../../queue/workforce/worker-store.ts'
import { inForce } from '../policy.ts'
import { digestOf, openReview } from '../review-log.ts'

/** Review type of changes that loosen review requirements. */
export const looseningType = 'loosening'

type Policies = Readonly<Record<string, ReviewPolicy>>

/** The payload of the review: the reviewer reads it, and the approval applies it. */
type Change =
  | {
      readonly worker_id: string
      readonly name: string
      readonly before: readonly Capability[]
      readonly capabilities: readonly Capability[]
    }
  | { readonly setting: 'require_capability'; readonly value: boolean }
  | { readonly setting: 'review_policies'; readonly before: Policies; readonly value: Policies }

/**
 * Whether another member, a reviewer with a key, must approve the change. Tenants that have never set `require_capability` change tiers
 * without a review, as they did before the setting existed.
 */
function isDecidedByOthers(ctx: CommandContext): boolean {
  if (ctx.store.settings.requireCapability() === undefined) return false
  return ctx.store.credentials.membersWithKey().some((member) => member.role === 'reviewer' && member.member_id !== ctx.caller.actor.id)
}

/** A repeated request for the same change returns the pending review. */
function ask(ctx: CommandContext, change: Change, title: string, words: readonly string[]): ReviewRecord {
  const digest = digestOf(ctx, { capability: null, payload: change, artifacts: [] })
  for (const known of ctx.store.reviews.list({ statuses: ['pending'] }, Number.MAX_SAFE_INTEGER)) {
    if (known.type === looseningType && known.digest === digest) return known
  }
  return openReview(ctx, {
    type: looseningType,
    title,
    content: words.join('\n'),
    preview: null,
    target: null,
    capability: null,
    payload: change,
    risk_tier: null,
    session: null,
    policy: policyOf(undefined),
    irreversible: false,
    job_id: null,
    worker_id: null,
    attempt: null,
    requested_by: [],
  })
}

const mayLoosen = (ctx: CommandContext): boolean => ctx.caller.kind === 'member' && roleMay(ctx.caller.member.role, 'members.manage')

/** The capabilities that apply at once: all of those requested, or the current ones while a review is pending. */
export function loosened(
  ctx: CommandContext,
  worker: WorkerRecord,
  capabilities: readonly Capability[],
): Result<{ readonly capabilities: readonly Capability[]; readonly review_id?: number; readonly words: readonly string[] }> {
  const whole = (items: readonly Capability[]): readonly Capability[] => items.map((item) => inForce(ctx, item))
  const words = loosenings(whole(worker.capabilities), whole(capabilities))
  if (words.length === 0) return ok({ capabilities, words })
  if (!mayLoosen(ctx)) return fail('forbidden', `This reduces the protection of ${worker.name}, which needs an owner: ${words.join('; ')}.`)
  if (!isDecidedByOthers(ctx)) return ok({ capabilities, words })
  const change = { worker_id: worker.worker_id, name: worker.name, before: worker.capabilities, capabilities }
  const review = ask(ctx, change, `Loosen what ${worker.name} asks a human for`, words)
  return ok({ capabilities: worker.capabilities, review_id: review.id, words })
}

function setRequireCapability(ctx: CommandContext, value: boolean): void {
  ctx.store.settings.setRequireCapability(value)
  ctx.store.settings.countChange()
  ctx.record({ action: 'settings.update', subject: `tenant:${ctx.tenant}`, summary: `require_capability ${value ? 'on' : 'off'}` })
  for (const worker of ctx.store.workers.active()) ctx.after({ kind: 'feed', worker_id: worker.worker_id })
}

/** Applies the setting at once, except that turning it off where reviewers exist opens a review, which is returned. */
export function changeRequireCapability(ctx: CommandContext, value: boolean): ReviewRecord | undefined {
  const before = ctx.store.settings.requireCapability()
  if (value === before) return undefined
  if (before !== true || !isDecidedByOthers(ctx)) {
    setRequireCapability(ctx, value)
    return undefined
  }
  const words = ['Jobs that name no capability may go to workers whose capabilities ask a human']
  return ask(ctx, { setting: 'require_capability', value }, 'Turn require_capability off', words)
}

function setReviewPolicies(ctx: CommandContext, value: Policies): void {
  ctx.store.settings.change({ review_policies: Object.keys(value).length === 0 ? null : value })
  ctx.store.settings.countChange()
  const names = Object.keys(value).sort().join(', ') || 'none'
  ctx.record({ action: 'settings.update', subject: `tenant:${ctx.tenant}`, summary: `review_policies: ${names}` })
}

/** Applies the policies at once, except that loosening them where reviewers exist opens a review, which is returned. */
export function changeReviewPolicies(ctx: CommandContext, value: Policies): ReviewRecord | undefined {
  const before = ctx.store.settings.get('review_policies')
  if (canonicalJson(value) === canonicalJson(before)) return undefined
  const words = policyLoosenings(before, value)
  if (words.length > 0 && isDecidedByOthers(ctx))
    return ask(ctx, { setting: 'review_policies', before, value }, 'Loosen the review policies of the tenant', words)
  setReviewPolicies(ctx, value)
  return undefined
}

const changeOf = (review: ReviewRecord): Change => review.payload as Change

/** Whether the review no longer matches the current setting or worker. */
export function isLooseningStale(ctx: CommandContext, review: ReviewRecord): boolean {
  const change = changeOf(review)
  if ('setting' in change && change.setting === 'review_policies')
    return canonicalJson(ctx.store.settings.get('review_policies')) !== canonicalJson(change.before)
  if ('setting' in change) return ctx.store.settings.requireCapability() === change.value
  const worker = ctx.store.workers.get(change.worker_id)
  if (worker === undefined || worker.revoked_at !== null) return true
  return canonicalJson(worker.capabilities) !== canonicalJson(change.before)
}

/** Applies the approved change exactly as the reviewer read it. */
export function applyLoosening(ctx: CommandContext, review: ReviewRecord): void {
  const change = changeOf(review)
  if ('setting' in change && change.setting === 'review_policies')
    return setReviewPolicies(ctx, tenantSettingRows.review_policies.schema.parse(change.value))
  if ('setting' in change) return setRequireCapability(ctx, change.value)
  const worker = ctx.store.workers.get(change.worker_id)
  if (worker === undefined) return
  // This service stored the value itself; it is parsed again because workers are held to the result.
  const capabilities = capabilityList.parse(change.capabilities)
  ctx.store.workers.save({ ...worker, capabilities })
  ctx.record({
    action: 'worker.update',
    subject: `worker:${worker.worker_id}`,
    worker_id: worker.worker_id,
    summary: `changed capabilities, by review ${review.id}: ${capabilities.map((item) => `${item.name}=${item.risk_tier}`).join(', ')}`,
  })
  ctx.after({ kind: 'feed', worker_id: worker.worker_id })
}
