/**
 * Responsible for the commands about reviews: submit, list, read, decide (one or many), withdraw; and for artifacts that are attached to a
 * review.
 */
import { byteLength, limits } from '@modelreins/contract'
import type { Parsed, Review } from '@modelreins/contract'
import { countingCursor } from '../../../../src/domain/cursor.ts'
import { roleMay } from '../../../../src/domain/access/access.ts'
import { fail, ok } from '../../../../src/domain/result.ts'
import type { Result } from '../../../../src/domain/result.ts'
import { attach, isOpen } from '../../../../src/domain/review/review.ts'
import type { ReviewRecord } from '../../../../src/domain/review/review.ts'
import type { ReviewedArtifact } from '../../../../src/domain/review/review-payload.ts'
import { declared } from '../../../../src/domain/review/risk.ts'
import type { CommandContext } from '../../kernel/context.ts'
import { releaseJobsBehind } from '../behind.ts'
import { showReview } from '../review-view.ts'
import { digestOf, openReview, recordReview, withdrawReview } from '../review-log.ts'
import type { WorkerRecord } from '../../queue/workforce/worker-store.ts'
import { actingWorker } from '../../queue/workforce/acting-worker.ts'
import { looseningType } from './loosening.ts'
import { decideReview, failJob } from './decide.ts'
import { signingOptions } from './signing-options.ts'
import { endGrant } from './grants.ts'
import { policyFor } from '../policy.ts'

/** Types that only the service itself opens, because their decisions change jobs. */
const reserved = new Set(['dispatch', 'action', 'escalation', looseningType])

/**
 * Whether the worker opened this review itself. Reviews of jobs that wait for release are excluded: no worker may see anything of such a
 * job.
 */
const isOf = (review: ReviewRecord, worker: WorkerRecord): boolean => review.worker_id === worker.worker_id && review.type !== 'dispatch'

/** The review, if this caller may see it: a worker sees only its own, and any other looks to it like one that does not exist. */
function load(ctx: CommandContext, id: number): Result<ReviewRecord> {
  const review = ctx.store.reviews.get(id)
  const foreign = 'worker' in ctx.caller && review !== undefined && !isOf(review, ctx.caller.worker)
  return review === undefined || foreign ? fail('not-found', `There is no review ${id}.`) : ok(review)
}

/** The submitting worker: the one that calls or, when a member calls, their companion that `created_by` names (`worker:NAME`). */
function submitter(ctx: CommandContext, label: string | undefined): WorkerRecord | undefined {
  if (ctx.caller.kind === 'worker') return ctx.caller.worker
  const name = label?.startsWith('worker:') === true ? label.slice('worker:'.length) : undefined
  const worker = name === undefined || name === '' ? undefined : actingWorker(ctx, name)
  return worker?.ok === true ? worker.value : undefined
}

/**
 * A repeated idempotency key of this caller returns the review that it created. Jobs use the same table, so the key has the prefix
 * `review/`.
 */
function submit(ctx: CommandContext, input: Parsed<'reviews.submit'>): Result<Review> {
  const { idempotency_key, ...asked } = input
  if (idempotency_key === undefined) return submitNew(ctx, asked)
  const key = `review/${ctx.caller.actor.id}/${idempotency_key}`
  const digest = ctx.sha256(JSON.stringify(asked))
  const earlier = ctx.store.keys.get(key)
  if (earlier === undefined) {
    const made = submitNew(ctx, asked)
    if (made.ok) ctx.store.keys.remember(key, { digest, job_id: made.value.id }, ctx.at)
    return made
  }
  const review = ctx.store.reviews.get(earlier.job_id)
  if (earlier.digest !== digest || review === undefined) {
    return fail('idempotency-conflict', `The key ${idempotency_key} was used for another request, which created review ${earlier.job_id}.`)
  }
  ctx.replayed()
  return ok(showReview(ctx, review))
}

function submitNew(ctx: CommandContext, input: Omit<Parsed<'reviews.submit'>, 'idempotency_key'>): Result<Review> {
  const rate = { most: limits.reviews_per_minute, per_ms: 60_000 }
  const wait = ctx.live.rates.wait(`reviews/${ctx.caller.actor.id}`, ctx.at, rate)
  if (wait > 0) return fail('rate-limited', `Rate limit: ${rate.most} reviews per minute and caller.`, { retry_after_ms: wait })
  ctx.onCommit(() => ctx.live.rates.note(`reviews/${ctx.caller.actor.id}`, ctx.at, rate))
  const worker = submitter(ctx, input.created_by)
  const type = input.type ?? 'content'
  if (reserved.has(type)) {
    return fail('invalid-request', `Reviews of the type ${type} are opened by the service itself.`, {
      issues: [{ path: 'type', message: 'is reserved' }],
    })
  }
  const job = input.job_id === undefined ? undefined : ctx.store.jobs.get(input.job_id)
  if (input.job_id !== undefined && (job === undefined || (ctx.caller.kind === 'worker' && job.worker_id !== worker?.worker_id))) {
    return fail('not-found', `There is no job ${input.job_id}.`)
  }
  const item = input.capability === undefined || worker === undefined ? undefined : declared(worker.capabilities, input.capability)
  if (input.capability !== undefined && worker !== undefined && item === undefined) {
    return fail('capability-not-declared', `${worker.name} does not declare the capability ${input.capability}.`)
  }
  const policy = policyFor(ctx, item)
  const { title, content = '', preview = null, target = null } = input
  const review = openReview(ctx, {
    type,
    title,
    content,
    preview,
    target,
    capability: input.capability ?? null,
    // Without a payload, the approval covers the text that people read.
    payload: input.payload ?? { content, preview, target, title },
    risk_tier: item?.risk_tier ?? null,
    session: null,
    policy,
    irreversible: input.irreversible === true || policy.irreversible,
    job_id: job?.id ?? null,
    worker_id: worker?.worker_id ?? null,
    attempt: null,
    requested_by: ctx.caller.kind === 'member' && worker === undefined ? [ctx.caller.actor.id] : [],
    ...(worker === undefined ? {} : { created_by: `worker:${worker.name}` }),
  })
  return ok(showReview(ctx, review))
}

/** The cursor is the id of the last review on the page. A page ends early when it grows large: payloads are as large as prompts. */
function list(ctx: CommandContext, input: Parsed<'reviews.list'>): Result<{ items: Review[]; next_cursor: string | null }> {
  const before = countingCursor(input.cursor, Number.MAX_SAFE_INTEGER)
  if (!before.ok) return before
  const limit = input.limit ?? limits.list_default
  const items: Review[] = []
  let bytes = 0
  const found = ctx.store.reviews.list(
    {
      ...(input.status === undefined ? {} : { statuses: input.status }),
      ...(input.job_id === undefined ? {} : { job_id: input.job_id }),
      ...(input.capability === undefined ? {} : { capability: input.capability }),
      ...(input.type === undefined ? {} : { type: input.type }),
      ...(input.created_by === undefined ? {} : { created_by: input.created_by }),
      ...(ctx.caller.kind === 'worker' ? { worker_id: ctx.caller.worker.worker_id } : {}),
    },
    before.value,
  )
  for (const review of found) {
    if ('worker' in ctx.caller && !isOf(review, ctx.caller.worker)) continue
    const shown = showReview(ctx, review)
    bytes += byteLength(JSON.stringify(shown))
    if (items.length === limit || (items.length > 0 && bytes > limits.page_bytes)) {
      return ok({ items, next_cursor: String(items.at(-1)?.id) })
    }
    items.push(shown)
  }
  return ok({ items, next_cursor: null })
}

function get(ctx: CommandContext, input: Parsed<'reviews.get'>): Result<Review> {
  const review = load(ctx, input.review_id)
  return review.ok ? ok(showReview(ctx, review.value)) : review
}

function decide(ctx: CommandContext, input: Parsed<'reviews.decide'>): Result<Review> {
  const decided = decideReview(ctx, input)
  return decided.ok ? ok(showReview(ctx, decided.value)) : decided
}

/** Each review once. If it is listed both with and without a digest, the digest is used. */
function digestsRead(items: Parsed<'reviews.decide_many'>['review_ids']): ReadonlyMap<number, string | undefined> {
  const read = new Map<number, string | undefined>()
  for (const item of items) {
    const { review_id, digest } = typeof item === 'number' ? { review_id: item, digest: undefined } : item
    read.set(review_id, read.get(review_id) ?? digest)
  }
  return read
}

/** Decides each review independently: a refused one is returned in `left_out` and does not stop the others. */
function decideMany(
  ctx: CommandContext,
  input: Parsed<'reviews.decide_many'>,
): Result<{ decided: number[]; left_out: { review_id: number; reason: string }[] }> {
  const decided: number[] = []
  const left_out: { review_id: number; reason: string }[] = []
  for (const [review_id, digest] of digestsRead(input.review_ids)) {
    if (ctx.store.reviews.get(review_id)?.irreversible === true) {
      left_out.push({ review_id, reason: 'It is irreversible: decide it by itself.' })
      continue
    }
    const one = decideReview(ctx, { review_id, verdict: input.verdict, comment: input.comment, digest })
    if (one.ok) decided.push(review_id)
    else left_out.push({ review_id, reason: one.failure.detail })
  }
  return ok({ decided, left_out })
}

/**
 * Allowed for the worker that asked, for a member who dispatches and, once the review is approved, for a member who decides. The job that
 * waits for the review fails, since nothing else could start it.
 */
function withdraw(ctx: CommandContext, input: Parsed<'reviews.withdraw'>): Result<Review> {
  const found = load(ctx, input.review_id)
  if (!found.ok) return found
  const review = found.value
  if (review.status === 'withdrawn') return ok(showReview(ctx, review))
  const ofWorker = !reserved.has(review.type) || review.type === 'action'
  if (ctx.caller.kind === 'worker' && !ofWorker) return fail('forbidden', 'A worker may withdraw only reviews that it submitted.')
  if (!isOpen(review)) return fail('wrong-state', `Review ${review.id} is ${review.status} and cannot be withdrawn.`)
  // A member who may only decide can withdraw an approval, and must deny a pending review.
  if (ctx.caller.kind === 'member' && !roleMay(ctx.caller.member.role, 'reviews.submit') && review.status === 'pending')
    return fail('forbidden', `Review ${review.id} is not decided yet: deny it instead.`)
  const after = withdrawReview(ctx, review, input.comment === undefined ? 'taken back' : 'taken back, with a comment')
  const job = after.job_id === null ? undefined : ctx.store.jobs.get(after.job_id)
  if (job?.status === 'pending' && job.review_id === after.id) failJob(ctx, after, job, input.comment)
  for (const grant of after.worker_id === null ? [] : ctx.store.grants.inForce(after.worker_id, ctx.at))
    if (grant.review_id === after.id) endGrant(ctx, grant, 'its approval was taken back')
  if (after.session !== null) releaseJobsBehind(ctx, after.id)
  return ok(showReview(ctx, after))
}

/**
 * Adds an artifact uploaded with a `review_id` to the reviewed content. The digest changes, so earlier decisions no longer count. Refused
 * once the review is settled. The caller checks permissions.
 */
export function attachArtifact(ctx: CommandContext, reviewId: number, artifact: ReviewedArtifact): Result<ReviewRecord> {
  const found = load(ctx, reviewId)
  if (!found.ok) return found
  const { capability, payload, artifacts } = found.value
  if (artifacts.some((one) => one.slug === artifact.slug)) return found
  const attached = attach(found.value, artifact, digestOf(ctx, { capability, payload, artifacts: [...artifacts, artifact] }))
  if (!attached.ok) return attached
  ctx.store.reviews.update(attached.value)
  recordReview(ctx, attached.value, 'attach', `artifact ${artifact.slug}`)
  return attached
}

export const reviewCommands = {
  'reviews.submit': submit,
  'reviews.list': list,
  'reviews.get': get,
  'reviews.decide': decide,
  'reviews.decide_many': decideMany,
  'reviews.signing_options': signingOptions,
  'reviews.withdraw': withdraw,
}
