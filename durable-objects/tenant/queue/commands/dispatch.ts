/** Responsible for creating jobs: dispatch (the Director picks the worker), batch, and create (the first eligible worker takes it). */
import type { FallbackCause, Job, JobRequest, Parsed, RiskTier } from '@modelreins/contract'
import { canonicalJson, limits } from '@modelreins/contract'
import { describe, rank, verdictOf } from '../../../../src/domain/director/director.ts'
import type { Verdict } from '../../../../src/domain/director/director.ts'
import { atStep } from '../../../../src/domain/job/fallback.ts'
import { newJob, withRequester } from '../../../../src/domain/job/job-machine.ts'
import { specOf } from '../../../../src/domain/job/job-spec.ts'
import type { JobRecord } from '../../../../src/domain/job/job-machine.ts'
import { dispatchRefusal } from '../../../../src/domain/killswitch.ts'
import { requirementsOf } from '../../../../src/domain/director/matching.ts'
import { fail, ok } from '../../../../src/domain/result.ts'
import type { Result } from '../../../../src/domain/result.ts'
import { reviewedJob, reviewedText } from '../../../../src/domain/review/review-payload.ts'
import { declared } from '../../../../src/domain/review/risk.ts'
import { isoTime } from '../../kernel/context.ts'
import type { CommandContext } from '../../kernel/context.ts'
import { noteStep } from '../fallback.ts'
import { beforeQueue, dispatchRefused, withDefaults } from '../hold.ts'
import { showJob } from '../job-view.ts'
import type { DispatchKey, KnownKey } from '../key-store.ts'
import { insertJob, jobSubject } from '../save-job.ts'
import { notAnswered } from '../thread.ts'
import type { WorkerRecord } from '../workforce/worker-store.ts'
import { viewOf, workforce } from '../workforce/worker-view.ts'

export interface Assignment {
  readonly worker_id: string | null
  readonly risk_tier: RiskTier | null
  /** The step of the fallback chain that it was made at; absent: as it was asked for. */
  readonly step?: number
}

/** The worker that a target names, by name or by id. */
export const findWorker = (ctx: Pick<CommandContext, 'store'>, target: string): WorkerRecord | undefined => {
  const byId = ctx.store.workers.get(target)
  return byId !== undefined && byId.revoked_at === null ? byId : ctx.store.workers.named(target)
}

/** The failure for a target that no active worker has as name or id; the message says more when a revoked worker had it. */
export function noWorker(ctx: Pick<CommandContext, 'store'>, target: string): Result<never> {
  const gone = ctx.store.workers.get(target) ?? ctx.store.workers.lastNamed(target)
  const detail =
    gone?.revoked_at == null
      ? `There is no worker named ${target}: GET /api/v1/workers lists them.`
      : `${gone.name} was revoked at ${isoTime(gone.revoked_at)}.`
  return fail('no-eligible-worker', detail, { retryable: false })
}

/** The request with defaults filled in. Avoided and preferred workers are stored by id, so that a later rename does not affect them. */
export function completed(ctx: CommandContext, request: JobRequest): Result<JobRequest> {
  let named = withDefaults(ctx, request)
  const unanswered = request.context_from === undefined ? undefined : notAnswered(ctx.store, request.context_from)
  if (unanswered !== undefined) {
    const issues = [{ path: 'context_from', message: unanswered }]
    return fail('invalid-request', `context_from ${unanswered}.`, { issues })
  }
  for (const field of ['avoid', 'prefer'] as const) {
    const found = request[field]?.map((name) => findWorker(ctx, name)?.worker_id)
    const unknown = found?.indexOf(undefined) ?? -1
    if (unknown >= 0) {
      const message = `names no worker: ${request[field]?.[unknown]}`
      return fail('invalid-request', `${field}[${unknown}] ${message}.`, { issues: [{ path: `${field}.${unknown}`, message }] })
    }
    if (found !== undefined) named = { ...named, [field]: [...new Set(found)] }
  }
  return withChain(ctx, named, request.fallback === undefined)
}

/** Replaces the targets of the fallback chain by ids. In the tenant's default chain, steps to workers that no longer exist are left out. */
function withChain(ctx: CommandContext, request: JobRequest, isDefault: boolean): Result<JobRequest> {
  if (request.fallback === undefined) return ok(request)
  const steps: NonNullable<JobRequest['fallback']> = []
  for (const [index, step] of request.fallback.entries()) {
    const worker = step.target === undefined ? undefined : findWorker(ctx, step.target)
    if (step.target === undefined) steps.push(step)
    else if (worker !== undefined) steps.push({ ...step, target: worker.worker_id })
    else if (!isDefault) {
      const message = `names no worker: ${step.target}`
      const path = `fallback.${index}.target`
      return fail('invalid-request', `fallback[${index}].target ${message}.`, { issues: [{ path, message }] })
    }
  }
  return ok({ ...request, fallback: steps })
}

/** The failure when no worker declares the capability, or the target does not; it names the workers that do. */
function undeclared(ctx: CommandContext, capability: string, pinned: WorkerRecord | undefined): Result<never> | undefined {
  const declares = (worker: WorkerRecord): boolean => worker.capabilities.some((item) => item.name === capability)
  const [somebody] = ctx.store.workers.tiersOf(capability)
  if (pinned !== undefined ? declares(pinned) : somebody !== undefined || ctx.store.workers.count() === 0) return undefined
  const having = [...ctx.store.workers.active()].filter(declares).map((worker) => worker.name)
  const who = having.length === 0 ? 'No worker declares it.' : `Declared by: ${having.join(', ')}.`
  const whose = pinned === undefined ? '' : `${pinned.name} does not declare it. `
  return fail('capability-not-declared', `Capability ${capability}: ${whose}${who}`)
}

/** `everybody` computes all verdicts, only to explain why no worker may take the job. */
function choose(request: JobRequest, best: Verdict | undefined, everybody: () => readonly Verdict[]): Result<Verdict> {
  if (best === undefined) {
    return fail('no-eligible-worker', 'This tenant has no workers. Register one: POST /api/v1/workers/register.')
  }
  if (!best.eligible) return fail('no-eligible-worker', `No worker may take this job: ${describe(everybody())}.`)
  if (!best.live && request.when_offline !== 'queue') {
    const verdicts = everybody()
    const eligible = verdicts.filter((verdict) => verdict.eligible).map((verdict) => verdict.worker.name)
    const others = verdicts.filter((verdict) => !verdict.eligible)
    const rest = others.length === 0 ? '' : ` Not eligible: ${describe(others)}.`
    return fail('no-live-worker', `Eligible but offline: ${eligible.join(', ')}. Start one, or pass when_offline: "queue".${rest}`)
  }
  return ok(best)
}

/** Asks the Director for a worker: for a dispatch, or for a job that needs a new worker. */
export function assign(
  ctx: CommandContext,
  request: JobRequest,
): Result<Assignment & { readonly pinned: string | null; readonly live: boolean; readonly parked: boolean }> {
  const pinned = request.target === undefined ? undefined : findWorker(ctx, request.target)
  if (request.target !== undefined && pinned === undefined) return noWorker(ctx, request.target)
  if (request.capability !== undefined) {
    const refused = undeclared(ctx, request.capability, pinned)
    if (refused !== undefined) return refused
  }
  const held = dispatchRefused(ctx, request)
  if (held !== undefined) return held
  const spec = specOf(request, pinned?.worker_id ?? null)
  const job = {
    wants: requirementsOf(spec),
    effort: request.effort ?? 'standard',
    thread_id: request.thread_id ?? null,
    prefer: spec.prefer,
  }
  const everybody = (): readonly Verdict[] => rank(job, workforce(ctx), ctx.at)
  // A pinned job can go to no other worker. The others are evaluated only to be named in the failure.
  const first = pinned === undefined ? ctx.live.roster.best(ctx, job) : verdictOf(job, viewOf(ctx, pinned), ctx.at)
  const chosen = choose(request, first ?? everybody()[0], everybody)
  if (!chosen.ok) return chosen
  const worker = chosen.value.worker
  const tier = request.capability === undefined ? null : (declared(worker.capabilities, request.capability)?.risk_tier ?? null)
  return ok({
    worker_id: worker.worker_id,
    risk_tier: tier,
    pinned: pinned?.worker_id ?? null,
    live: chosen.value.live,
    parked: worker.parked_until != null,
  })
}

/** Why the job could not begin there, as a cause of a fallback chain. Faults of the request itself are not a cause. */
function hindrance(ctx: CommandContext, request: JobRequest, assigned: ReturnType<typeof assign>): FallbackCause | undefined {
  if (assigned.ok) return !assigned.value.live ? 'offline' : assigned.value.parked ? 'rate_limited' : undefined
  if (request.target !== undefined && findWorker(ctx, request.target) === undefined) return undefined
  const { code } = assigned.failure
  return code === 'no-live-worker' || code === 'no-eligible-worker' ? 'offline' : undefined
}

/**
 * Asks the Director for the requested placement, and when no worker there could begin the job, for the steps of its chain that match this cause.
 * `taken`: ids of workers that no step may choose.
 */
export function place(
  ctx: CommandContext,
  request: JobRequest,
  taken: readonly string[] = [],
): Result<Assignment & { readonly pinned: string | null }> {
  const first = assign(ctx, request)
  const chain = request.fallback ?? []
  const later = request.not_before !== undefined && Date.parse(request.not_before) > ctx.at
  const cause = chain.length === 0 || later ? undefined : hindrance(ctx, request, first)
  if (cause === undefined) return first
  const { target = undefined, provider: _provider, model: _model, ...asked } = request
  const rest: JobRequest = taken.length === 0 ? asked : { ...asked, avoid: [...(asked.avoid ?? []), ...taken] }
  const pinned = target === undefined ? null : (findWorker(ctx, target)?.worker_id ?? null)
  for (const [index, { after, ...step }] of chain.entries()) {
    const there = after === cause ? assign(ctx, { ...rest, ...step }) : first
    if (after === cause && there.ok && there.value.live && !there.value.parked) return ok({ ...there.value, pinned, step: index + 1 })
  }
  if (first.ok) return first
  return fail(first.failure.code, `${first.failure.detail} No worker is available for the steps of its fallback chain either.`)
}

/**
 * The assigned worker after a change of routing: the current one while it may still take the job, else null. Fails as a dispatch with the same
 * routing would.
 */
export function reassign(ctx: CommandContext, job: JobRecord): Result<string | null> {
  const { capability, pinned } = job.spec
  const refused = capability === null ? undefined : undeclared(ctx, capability, pinned === null ? undefined : ctx.store.workers.get(pinned))
  if (refused !== undefined) return refused
  const verdicts = rank(
    { wants: requirementsOf(job.spec), effort: job.effort, thread_id: job.thread_id, prefer: job.spec.prefer },
    workforce(ctx),
    ctx.at,
  )
  const eligible = verdicts.filter((verdict) => verdict.eligible).map(({ worker }) => worker.worker_id)
  if (eligible.length === 0) return fail('no-eligible-worker', `No worker may take this job: ${describe(verdicts)}.`)
  return ok(job.worker_id !== null && eligible.includes(job.worker_id) ? job.worker_id : null)
}

interface Earlier {
  /** The key by which a repeated dispatch is recognised. */
  readonly key: DispatchKey
  readonly job: JobRecord | undefined
}

/** Keys are scoped to the caller: a key that one member has used stays available to the others, and to other tables of keys. */
const keyOf = (ctx: CommandContext, key: string): string => `dispatch/${ctx.caller.actor.id}/${key}`

/** The job that this caller's key stands for. Older keys were scoped to the tenant: such a key still answers the member who dispatched with it. */
function knownKey(ctx: CommandContext, key: string): KnownKey | undefined {
  const named = keyOf(ctx, key)
  const own = ctx.store.keys.dispatchedWith(named, ctx.at - limits.idempotency_ms) ?? ctx.store.keys.get(named)
  if (own !== undefined) return own
  const older = ctx.store.keys.get(key)
  return older !== undefined && ctx.store.jobs.get(older.job_id)?.created_by === ctx.caller.actor.id ? older : undefined
}

/** The earlier dispatch that an idempotency key stands for. */
export function earlierDispatch(ctx: CommandContext, request: JobRequest): Result<Earlier | undefined> {
  const key = request.idempotency_key
  if (key === undefined) return ok(undefined)
  const { idempotency_key: _, ...body } = request
  const digest = ctx.sha256(canonicalJson(body))
  const known = knownKey(ctx, key)
  if (known === undefined) return ok({ key: { key: keyOf(ctx, key), digest }, job: undefined })
  if (known.digest !== digest) {
    return fail('idempotency-conflict', `The key ${key} was used for another request, which created job ${known.job_id}.`)
  }
  return ok({ key: { key: keyOf(ctx, key), digest }, job: ctx.store.jobs.get(known.job_id) })
}

const batchDigest = (ctx: CommandContext, { jobs }: Parsed<'jobs.dispatch_batch'>): string => ctx.sha256(canonicalJson({ jobs }))

/** The jobs that this batch already created: their ids are consecutive, except where a job had its own key and already existed. */
function earlierBatch(ctx: CommandContext, input: Parsed<'jobs.dispatch_batch'>): Result<readonly Job[] | undefined> {
  const { idempotency_key: key, jobs } = input
  if (key === undefined) return ok(undefined)
  const keyed = jobs.findIndex((job) => job.idempotency_key !== undefined)
  if (keyed >= 0) {
    const path = `jobs.${keyed}.idempotency_key`
    return fail('invalid-request', 'Set `idempotency_key` on the batch or on its jobs, not on both.', {
      issues: [{ path, message: 'the batch has a key already' }],
    })
  }
  const known = knownKey(ctx, key)
  if (known === undefined) return ok(undefined)
  if (known.digest !== batchDigest(ctx, input))
    return fail('idempotency-conflict', `The key ${key} was used for another request, which created job ${known.job_id}.`)
  const made = jobs.flatMap((_, index) => ctx.store.jobs.get(known.job_id + index) ?? [])
  return ok(made.map((job) => showJob(ctx, job)))
}

export interface Parent {
  readonly id: number
  readonly role: 'child' | 'merge'
  /** Who requested it. This may differ from the actor whose completion caused the job to be created. */
  readonly created_by: string
}

/** The schedule that dispatches a job. The digest of its text tells whether a human has approved it. */
export interface Origin {
  readonly schedule_id: string
  readonly digest: string
  /** Members, in addition to the owner, who asked for the schedule in its current form. */
  readonly wanted_by: readonly string[]
}

/** Stores the origin with the job, and the digest of the payload that the worker receives. */
function fromSchedule(ctx: CommandContext, job: JobRecord, { schedule_id, digest, wanted_by }: Origin): JobRecord {
  const wanted = wanted_by.reduce(withRequester, job)
  if (job.spec.capability === null) return wanted
  const payload = ctx.sha256(reviewedText(reviewedJob(job.spec, [])))
  return { ...wanted, spec: { ...wanted.spec, scheduled: { schedule_id, digest, payload } } }
}

export function makeJob(
  ctx: CommandContext,
  request: JobRequest,
  assignment: Assignment & { readonly pinned: string | null },
  action: 'job.dispatch' | 'job.create' | 'fan_out.merge',
  more: { readonly parent?: Parent; readonly key?: DispatchKey | undefined; readonly origin?: Origin | undefined } = {},
): JobRecord {
  const { parent, key, origin } = more
  const fresh = newJob(request, {
    id: ctx.store.jobs.nextId(),
    at: ctx.at,
    pinned: assignment.pinned,
    worker_id: assignment.worker_id,
    created_by: parent?.created_by ?? ctx.caller.actor.id,
    hold: null,
    ...(parent === undefined ? {} : { parent }),
  })
  const asked = origin === undefined ? fresh : fromSchedule(ctx, fresh, origin)
  const { step, worker_id } = assignment
  // Each child of a fan-out is meant for exactly one worker at every step.
  const made = step === undefined ? asked : { ...atStep(asked, step, parent?.role === 'child' ? worker_id : null), worker_id }
  // The server reads the hold's requirements from the chosen worker's own declaration; a required review opens in this transaction.
  const job = insertJob(ctx, beforeQueue(ctx, made, { kind: 'queued', was: null }), key)
  ctx.record({
    action,
    subject: jobSubject(job),
    job_id: job.id,
    worker_id: job.worker_id,
    capability: job.spec.capability,
    risk_tier: assignment.risk_tier,
    digest: ctx.sha256(job.spec.prompt),
    summary: `${job.effort}, ${job.hold === null ? 'queued' : `held for ${job.hold}${job.review_id === null ? '' : ` ${job.review_id}`}`}`,
  })
  noteStep(ctx, asked, job)
  return job
}

const severalAtOnce = (field: string): Result<never> =>
  fail('invalid-request', 'A fan-out is dispatched by itself: POST /api/v1/dispatch.', {
    issues: [{ path: field, message: 'is for POST /api/v1/dispatch' }],
  })

/** The failure when the target came from the thread's default and is gone: the message names the origin, which the caller did not send. */
function fromDefault(ctx: CommandContext, asked: JobRequest, { target, thread_id }: JobRequest): Result<never> | undefined {
  if (asked.target !== undefined || target === undefined || thread_id === undefined || findWorker(ctx, target) !== undefined)
    return undefined
  const refused = noWorker(ctx, target)
  if (refused.ok) return refused
  const instead = `PATCH /api/v1/threads/${encodeURIComponent(thread_id)} with other \`defaults\`, or name a \`target\`.`
  return fail(refused.failure.code, `${refused.failure.detail} It is the default target of the thread ${thread_id}: ${instead}`)
}

/** Creates one job. A fan-out creates several (`fan-out/dispatch.ts`). */
export function admit(
  ctx: CommandContext,
  request: JobRequest,
  action: 'job.dispatch' | 'job.create',
  more: { readonly batchKey?: DispatchKey | undefined; readonly origin?: Origin | undefined } = {},
): Result<Job> {
  if (request.targets !== undefined) return severalAtOnce('targets')
  if (request.fan_out !== undefined) return severalAtOnce('fan_out')
  const before = earlierDispatch(ctx, request)
  if (!before.ok) return before
  if (before.value?.job !== undefined) {
    ctx.replayed()
    return ok(showJob(ctx, before.value.job))
  }
  const refused = dispatchRefusal(ctx.store.killswitch.state())
  if (refused !== undefined) return refused
  const named = completed(ctx, request)
  if (!named.ok) return named
  const assigned = action === 'job.dispatch' ? place(ctx, named.value) : unassigned(ctx, named.value)
  if (!assigned.ok) return fromDefault(ctx, request, named.value) ?? assigned
  return ok(
    showJob(ctx, makeJob(ctx, named.value, assigned.value, action, { key: before.value?.key ?? more.batchKey, origin: more.origin })),
  )
}

/** `jobs.create` does not ask the Director. Any worker may take the job, so the strictest tier that a worker declares for the capability applies. */
function unassigned(ctx: CommandContext, request: JobRequest): Result<Assignment & { readonly pinned: string | null }> {
  const pinned = request.target === undefined ? undefined : findWorker(ctx, request.target)
  if (request.target !== undefined && pinned === undefined) return noWorker(ctx, request.target)
  const refused = request.capability === undefined || pinned === undefined ? undefined : undeclared(ctx, request.capability, pinned)
  const turnedAway = refused ?? dispatchRefused(ctx, request)
  if (turnedAway !== undefined) return turnedAway
  const own = pinned?.capabilities.filter((item) => item.name === request.capability).map((item) => item.risk_tier)
  const tiers = own ?? (request.capability === undefined ? [] : [...ctx.store.workers.tiersOf(request.capability)])
  const strictest = (['approve', 'session', 'audit', 'auto'] as const).find((tier) => tiers.includes(tier)) ?? null
  return ok({ worker_id: pinned?.worker_id ?? null, pinned: pinned?.worker_id ?? null, risk_tier: strictest })
}

export const dispatchCommands = {
  'jobs.create': (ctx: CommandContext, request: JobRequest): Result<Job> => admit(ctx, request, 'job.create'),
  'jobs.dispatch_batch': (ctx: CommandContext, input: Parsed<'jobs.dispatch_batch'>): Result<{ items: Job[] }> => {
    const before = earlierBatch(ctx, input)
    if (!before.ok) return before
    if (before.value !== undefined) {
      ctx.replayed()
      return ok({ items: [...before.value] })
    }
    const { idempotency_key } = input
    const key = idempotency_key === undefined ? undefined : { key: keyOf(ctx, idempotency_key), digest: batchDigest(ctx, input) }
    const items: Job[] = []
    for (const [index, request] of input.jobs.entries()) {
      const made = admit(ctx, request, 'job.dispatch', { batchKey: index === 0 ? key : undefined })
      // All or none: a failure rolls the transaction back.
      if (!made.ok) return fail(made.failure.code, `jobs[${index}]: ${made.failure.detail}`)
      items.push(made.value)
    }
    return ok({ items })
  },
}
