/**
 * Responsible for the commands about artifacts: reserve, keep, release, locate, list, update, delete. They change only rows: the edge puts
 * the bytes into R2, and `ArtifactEraser` deletes them.
 */
import { limits } from '@modelreins/contract'
import type { Artifact, AuditVerb, Parsed } from '@modelreins/contract'
import { countingCursor } from '../../../src/domain/cursor.ts'
import { erase, isReadable } from '../../../src/domain/artifact/artifact.ts'
import type { ArtifactRecord } from '../../../src/domain/artifact/artifact.ts'
import type { JobRecord } from '../../../src/domain/job/job-machine.ts'
import { fail, ok } from '../../../src/domain/result.ts'
import type { Result } from '../../../src/domain/result.ts'
import type { ArtifactPlace, KeptUpload } from './artifact-calls.ts'
import { isoTime, isoTimeOrNull } from '../kernel/context.ts'
import type { Caller, CommandContext } from '../kernel/context.ts'
import type { AttemptLease } from '../queue/commands/attempts.ts'
import { inHandOf } from '../queue/workforce/acting-worker.ts'
import { attachArtifact } from '../reviews/commands/reviews.ts'

const subject = (artifact: Pick<ArtifactRecord, 'slug'>): string => `artifact:${artifact.slug}`

export const showArtifact = (artifact: ArtifactRecord): Artifact => ({
  slug: artifact.slug,
  url: `/s/${artifact.slug}`,
  filename: artifact.filename,
  content_type: artifact.content_type,
  size_bytes: artifact.size_bytes,
  sha256: artifact.sha256,
  job_id: artifact.job_id,
  review_id: artifact.review_id,
  share: artifact.share,
  created_by: artifact.created_by,
  created_at: isoTime(artifact.created_at),
  expires_at: isoTimeOrNull(artifact.expires_at),
})

export const inPlace = (artifact: ArtifactRecord): string =>
  [
    ...(artifact.job_id === null ? [] : [`of job ${artifact.job_id}`]),
    ...(artifact.review_id === null ? [] : [`for review ${artifact.review_id}`]),
  ].join(', ')

export function recordArtifact(
  ctx: CommandContext,
  artifact: ArtifactRecord,
  action: AuditVerb<'artifact'>,
  summary: string,
  actor = ctx.caller.actor,
): void {
  ctx.record({
    action: `artifact.${action}`,
    subject: subject(artifact),
    job_id: artifact.job_id,
    worker_id: artifact.worker_id,
    digest: artifact.sha256 === '' ? null : artifact.sha256,
    summary: `${artifact.filename}, ${artifact.size_bytes} bytes${summary === '' ? '' : `, ${summary}`}`,
    actor,
  })
}

/** Id of the calling worker (by its token or a lease); undefined for a member. */
const workerOf = (caller: Caller): string | undefined =>
  caller.kind === 'worker' || caller.kind === 'lease' ? caller.worker.worker_id : undefined

/** Id of the worker as which the calling member holds the job; undefined when they do not hold it. */
function personOf(ctx: CommandContext, jobId: number | null): string | undefined {
  const job = jobId === null ? undefined : ctx.store.jobs.get(jobId)
  return job === undefined ? undefined : inHandOf(ctx, job)?.worker_id
}

const noJob = (id: number): Result<never> => fail('not-found', `There is no job ${id}.`)

/** True while the attempt of the lease runs. When it ends, for any reason, the lease is no longer valid. */
const isRunning = (ctx: Pick<CommandContext, 'at'>, job: JobRecord | undefined, lease: AttemptLease): boolean =>
  job?.status === 'running' &&
  job.attempt === lease.attempt &&
  job.nonce === lease.nonce &&
  job.worker_id === lease.worker_id &&
  lease.expires_at > ctx.at

/** The job for a new artifact: with a lease only its own job, with a worker token any job of the worker, for a member any job. */
function jobFor(ctx: CommandContext, asked: number | undefined): Result<number | null> {
  const { caller } = ctx
  if (caller.kind === 'lease') {
    const { lease } = caller
    const job = ctx.store.jobs.get(lease.job_id)
    if (asked !== undefined && asked !== lease.job_id) return fail('forbidden', `This lease token is for job ${lease.job_id}.`)
    if (job === undefined) return noJob(lease.job_id)
    if (!isRunning(ctx, job, lease)) return fail('lease-lost', `The lease of attempt ${lease.attempt} of job ${job.id} has ended.`)
    return ok(job.id)
  }
  if (asked === undefined) return ok(null)
  const job = ctx.store.jobs.get(asked)
  const foreign = caller.kind === 'worker' && job?.worker_id !== caller.worker.worker_id
  return job === undefined || foreign ? noJob(asked) : ok(job.id)
}

interface Place {
  readonly job_id: number | null
  readonly review_id: number | null
}

/** Refuses files for a job under review: the worker must get exactly the files that the human saw when deciding. */
function besideItsReview(ctx: CommandContext, job: JobRecord, reviewId: number | null): Result<never> | undefined {
  if (ctx.caller.kind !== 'member' || job.review_id === null || job.status === 'done') return undefined
  // A person who holds the job may add its results, as any worker may.
  if (inHandOf(ctx, job) !== undefined) return undefined
  const review = ctx.store.reviews.get(job.review_id)
  if (review?.type !== 'dispatch' || review.session !== null) return undefined
  if (review.status === 'pending') {
    const how = `say review_id ${review.id} as well, so that it is part of what is decided`
    return reviewId === review.id ? undefined : fail('wrong-state', `Job ${job.id} waits for review ${review.id}: ${how}.`)
  }
  return fail(
    'wrong-state',
    `Job ${job.id} was released by review ${review.id}: files can no longer be added. Dispatch another job with them.`,
  )
}

/** The job and review of an artifact, if the caller may add to them and they have space. `already`: where the artifact is counted already. */
function placeFor(ctx: CommandContext, asked: ArtifactPlace, already: Place = { job_id: null, review_id: null }): Result<Place> {
  const job = jobFor(ctx, asked.job_id)
  if (!job.ok) return job
  const job_id = job.value
  const review_id = asked.review_id ?? null
  const of = job_id === null ? undefined : ctx.store.jobs.get(job_id)
  // This check runs when the slug is reserved and again after the upload: a human may have decided in between.
  const beside = of === undefined ? undefined : besideItsReview(ctx, of, review_id)
  if (beside !== undefined) return beside
  const review = review_id === null ? undefined : ctx.store.reviews.get(review_id)
  const worker = workerOf(ctx.caller)
  if (review_id !== null && (review === undefined || (worker !== undefined && review.worker_id !== worker))) {
    return fail('not-found', `There is no review ${review_id}.`)
  }
  if (review !== undefined && review.status !== 'pending') {
    return fail('wrong-state', `Review ${review.id} is ${review.status} and accepts no more artifacts.`)
  }
  const most = limits.artifacts_per_job
  if (job_id !== null && job_id !== already.job_id && ctx.store.artifacts.count({ job_id }) >= most) {
    return fail('conflict', `Job ${job_id} has ${most} artifacts, the maximum.`)
  }
  if (review_id !== null && review_id !== already.review_id && ctx.store.artifacts.count({ review_id }) >= most) {
    return fail('conflict', `Review ${review_id} has ${most} artifacts, the maximum.`)
  }
  return ok({ job_id, review_id })
}

function save(ctx: CommandContext, artifact: ArtifactRecord): ArtifactRecord {
  ctx.store.artifacts.update(artifact)
  const { next_at } = artifact
  if (next_at !== null) ctx.onCommit(() => ctx.live.due.hint(next_at))
  return artifact
}

/** Makes the artifact unreadable at once, and starts erasing its bytes. */
export function giveUp(ctx: CommandContext, artifact: ArtifactRecord, why: ArtifactRecord['gone_why']): void {
  save(ctx, erase(artifact, why, ctx.at))
  ctx.after({ kind: 'erase', slugs: [artifact.slug] })
}

/** The caller's own reservation with this slug, while the upload is open. */
function reserved(ctx: CommandContext, slug: string): ArtifactRecord | undefined {
  const artifact = ctx.store.artifacts.get(slug)
  return artifact?.state === 'uploading' && artifact.actor_id === ctx.caller.actor.id ? artifact : undefined
}

export interface Reservation {
  readonly slug: string
  readonly place: ArtifactPlace
  readonly idempotency_key: string | null
}

export function reserveArtifact(ctx: CommandContext, request: Reservation): Result<{ readonly earlier: Artifact | null }> {
  const { actor } = ctx.caller
  // The slug is reserved already: the edge repeats a call when its answer was lost.
  if (reserved(ctx, request.slug) !== undefined) return ok({ earlier: null })
  const key = request.idempotency_key === null ? null : `${actor.id}/${request.idempotency_key}`
  const earlier = key === null ? undefined : ctx.store.artifacts.keyed(key)
  if (earlier?.state === 'kept') return ok({ earlier: showArtifact(earlier) })
  const place = placeFor(ctx, request.place)
  if (!place.ok) return place
  // A sender that repeats an upload has given up the earlier one.
  if (earlier !== undefined) giveUp(ctx, earlier, null)
  const next_at = ctx.at + limits.artifact_upload_ms
  ctx.store.artifacts.insert({
    slug: request.slug,
    state: 'uploading',
    filename: '',
    content_type: '',
    size_bytes: 0,
    sha256: '',
    ...place.value,
    worker_id: workerOf(ctx.caller) ?? personOf(ctx, place.value.job_id) ?? null,
    actor_id: actor.id,
    created_by: `${actor.kind}:${actor.name}`,
    share: false,
    created_at: ctx.at,
    expires_at: null,
    gone_at: null,
    gone_why: null,
    next_at,
    erasures: 0,
    idempotency_key: key,
  })
  ctx.onCommit(() => ctx.live.due.hint(next_at))
  return ok({ earlier: null })
}

const past = (at: number): Result<never> =>
  fail('invalid-request', `\`expires_at\` is in the past: ${isoTime(at)}.`, {
    issues: [{ path: 'expires_at', message: 'must be in the future' }],
  })

export function keepArtifact(ctx: CommandContext, slug: string, upload: KeptUpload): Result<Artifact> {
  const known = ctx.store.artifacts.get(slug)
  if (known?.state === 'kept' && known.actor_id === ctx.caller.actor.id) return ok(showArtifact(known))
  const open = reserved(ctx, slug)
  if (open === undefined) return fail('conflict', 'The upload timed out or was restarted. Send it again.')
  const { filename, content_type, size_bytes, sha256, share, expires_at } = upload
  if (expires_at !== null && expires_at <= ctx.at) return past(expires_at)
  const place = placeFor(ctx, upload, open)
  if (!place.ok) return place
  const kept: ArtifactRecord = {
    ...open,
    ...place.value,
    state: 'kept',
    filename,
    content_type,
    size_bytes,
    sha256,
    share,
    created_at: ctx.at,
    expires_at,
    next_at: expires_at,
  }
  if (kept.review_id !== null) {
    const attached = attachArtifact(ctx, kept.review_id, { slug, sha256 })
    if (!attached.ok) return attached
  }
  save(ctx, kept)
  recordArtifact(ctx, kept, 'upload', [content_type, inPlace(kept), ...(share ? ['shared'] : [])].filter((word) => word !== '').join(', '))
  return ok(showArtifact(kept))
}

export function releaseArtifact(ctx: CommandContext, slug: string): Result<null> {
  const open = reserved(ctx, slug)
  if (open !== undefined) giveUp(ctx, open, null)
  return ok(null)
}

const unauthorized = fail('unauthorized', 'The artifact is not shared.')
const noArtifact = fail('not-found', 'There is no such artifact.')

const gone = (artifact: ArtifactRecord): Result<never> =>
  artifact.gone_why === 'deleted'
    ? fail('gone', `It was deleted at ${isoTime(artifact.gone_at ?? 0)}.`)
    : fail('gone', `It expired at ${isoTime(artifact.expires_at ?? 0)}.`)

/** Returns the artifact if the caller may read it. Writes nothing. `suspended`: the tenant is suspended, so no artifact is public. */
export function locateArtifact(ctx: Pick<CommandContext, 'at' | 'caller' | 'store'>, slug: string, suspended: boolean): Result<Artifact> {
  const { caller } = ctx
  const artifact = ctx.store.artifacts.get(slug)
  const readable = artifact !== undefined && isReadable(artifact, ctx.at)
  if (caller.kind === 'none') return readable && artifact.share && !suspended ? ok(showArtifact(artifact)) : unauthorized
  // A lease reads the artifacts of its job while its attempt runs, and shared artifacts.
  const ofAttempt = (lease: AttemptLease): boolean =>
    artifact?.job_id === lease.job_id && isRunning(ctx, ctx.store.jobs.get(lease.job_id), lease)
  const foreign = caller.kind === 'lease' && artifact?.share !== true && !ofAttempt(caller.lease)
  if (artifact === undefined || artifact.state === 'uploading' || foreign) return noArtifact
  if (readable) return ok(showArtifact(artifact))
  // Without a digest the upload never completed, so there never was an artifact.
  return artifact.sha256 === '' ? noArtifact : gone(artifact)
}

/** Members list any artifacts; a worker lists those of a job or review that was given to it, otherwise only its own uploads. */
function list(ctx: CommandContext, input: Parsed<'artifacts.list'>): Result<{ items: Artifact[]; next_cursor: string | null }> {
  const before = countingCursor(input.cursor, Number.MAX_SAFE_INTEGER)
  if (!before.ok) return before
  const { job_id, review_id } = input
  const worker = workerOf(ctx.caller)
  const job = job_id === undefined ? undefined : ctx.store.jobs.get(job_id)
  const review = review_id === undefined ? undefined : ctx.store.reviews.get(review_id)
  // A job that is held for a review is not given to its worker yet.
  const given =
    (job?.worker_id === worker && job?.hold !== 'review') ||
    (review?.worker_id === worker && (review?.type !== 'dispatch' || review.status === 'consumed'))
  const own = worker === undefined || given ? {} : { worker_id: worker }
  const limit = input.limit ?? limits.list_default
  const found = ctx.store.artifacts.list({ job_id, review_id, ...own }, before.value, limit + 1)
  const items = found.slice(0, limit)
  // Leave out expired artifacts that the sweep has not erased yet.
  const shown = items.filter((one) => isReadable(one, ctx.at)).map(showArtifact)
  return ok({ items: shown, next_cursor: found.length > limit ? String(items.at(-1)?.id) : null })
}

/** The artifact, if the caller may change it: a worker only its own uploads, and with a lease only those of its job. */
function changeable(ctx: CommandContext, slug: string): Result<ArtifactRecord> {
  const artifact = ctx.store.artifacts.get(slug)
  const worker = workerOf(ctx.caller)
  if (artifact === undefined || (worker !== undefined && artifact.worker_id !== worker)) return noArtifact
  if (ctx.caller.kind === 'lease') {
    const lease = jobFor(ctx, undefined)
    if (!lease.ok) return lease
    if (artifact.job_id !== lease.value) return noArtifact
  }
  if (artifact.state === 'uploading' || artifact.sha256 === '') return noArtifact
  return ok(artifact)
}

function update(ctx: CommandContext, input: Parsed<'artifacts.update'>): Result<Artifact> {
  const found = changeable(ctx, input.slug)
  if (!found.ok) return found
  const artifact = found.value
  if (!isReadable(artifact, ctx.at)) return gone(artifact)
  const share = input.share ?? artifact.share
  const expires_at = input.expires_at === undefined ? artifact.expires_at : input.expires_at === null ? null : Date.parse(input.expires_at)
  if (expires_at !== null && expires_at <= ctx.at) return past(expires_at)
  if (share === artifact.share && expires_at === artifact.expires_at) return ok(showArtifact(artifact))
  const after = save(ctx, { ...artifact, share, expires_at, next_at: expires_at })
  const words = [
    ...(share === artifact.share ? [] : [share ? 'shared' : 'no longer shared']),
    ...(expires_at === artifact.expires_at ? [] : [expires_at === null ? 'kept for good' : `expires ${isoTime(expires_at)}`]),
  ]
  recordArtifact(ctx, after, share === artifact.share ? 'update' : share ? 'share' : 'unshare', words.join(', '))
  return ok(showArtifact(after))
}

/** Deletes an artifact. Idempotent: deleting it again succeeds. */
function remove(ctx: CommandContext, input: Parsed<'artifacts.delete'>): Result<{ ok: true }> {
  const found = changeable(ctx, input.slug)
  if (!found.ok) return found
  const artifact = found.value
  if (artifact.state !== 'kept') return ok({ ok: true })
  const review = artifact.review_id === null ? undefined : ctx.store.reviews.get(artifact.review_id)
  if (ctx.caller.kind !== 'member' && review?.status === 'pending') {
    return fail('conflict', `A worker cannot delete an artifact of the undecided review ${review.id}.`)
  }
  giveUp(ctx, artifact, 'deleted')
  recordArtifact(ctx, artifact, 'delete', inPlace(artifact))
  return ok({ ok: true })
}

export const artifactCommands = { 'artifacts.list': list, 'artifacts.update': update, 'artifacts.delete': remove }
