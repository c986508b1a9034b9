/** Responsible for the commands about a tenant's workers: register, list, change, pause, resume, unpark, rotate, revoke. */
import { limits, tokenBegins } from '@modelreins/contract'
import type { Parsed, Presence, Worker } from '@modelreins/contract'
import { closedBreaker } from '../../../src/domain/director/breaker.ts'
import { fail, ok } from '../../../src/domain/result.ts'
import type { Result } from '../../../src/domain/result.ts'
import { isoTime } from '../kernel/context.ts'
import type { CommandContext } from '../kernel/context.ts'
import { closeCodes } from '@modelreins/contract'
import { emptyProfile } from '../queue/workforce/worker-store.ts'
import type { WorkerRecord } from '../queue/workforce/worker-store.ts'
import { showOneWorker, showPresence, showWorker } from '../queue/workforce/worker-view.ts'
import { endAttemptsOf, voidOffersTo } from '../queue/commands/attempts.ts'
import { revokeWorker } from '../queue/commands/revoke-worker.ts'
import { wakePoolsOf } from '../queue/wake.ts'
import { lookSoon } from '../queue/fallback-book.ts'
import { unparkWorker } from '../queue/parking.ts'
import { endGrantsOfChanged } from '../reviews/commands/grants.ts'
import { loosened } from '../reviews/commands/loosening.ts'
import { storeMinted } from '../members/store-minted.ts'

const subject = (worker: WorkerRecord): string => `worker:${worker.worker_id}`

const load = (ctx: CommandContext, id: string): Result<WorkerRecord> => {
  const worker = ctx.store.workers.get(id)
  return worker === undefined ? fail('not-found', `There is no worker ${id}.`) : ok(worker)
}

const inForce = (ctx: CommandContext, id: string, verb: string): Result<WorkerRecord> => {
  const worker = load(ctx, id)
  return worker.ok && worker.value.revoked_at !== null
    ? fail('wrong-state', `${worker.value.name} was revoked at ${isoTime(worker.value.revoked_at)} and cannot be ${verb}.`)
    : worker
}

function register(ctx: CommandContext, input: Parsed<'workers.register'>) {
  if (ctx.store.workers.named(input.name) !== undefined) {
    return fail('name-taken', `A worker named ${input.name} exists. Choose another name, or revoke that worker first.`)
  }
  const worker: WorkerRecord = {
    worker_id: `wk${ctx.randomText(16)}`,
    name: input.name,
    kind: input.kind ?? 'silicon',
    description: input.description ?? '',
    capabilities: input.capabilities ?? [],
    requires_secrets: input.requires_secrets ?? [],
    config: input.config ?? {},
    config_version: 1,
    may_raise_killswitch: input.may_raise_killswitch ?? false,
    paused: false,
    profile: emptyProfile,
    companion_of: null,
    member_id: null,
    created_at: ctx.at,
    last_seen_at: null,
    revoked_at: null,
  }
  ctx.store.workers.save(worker)
  const expires_at = storeMinted(ctx, 'worker', worker.worker_id)
  const tiers = worker.capabilities.map((item) => `${item.name}=${item.risk_tier}`).join(', ')
  ctx.record({
    action: 'worker.register',
    subject: subject(worker),
    worker_id: worker.worker_id,
    summary: `${worker.kind} ${worker.name}${tiers === '' ? '' : `: ${tiers}`}`,
  })
  return ok({
    worker_id: worker.worker_id,
    name: worker.name,
    kind: worker.kind,
    capabilities: [...worker.capabilities],
    expires_at: isoTime(expires_at),
  })
}

function list(ctx: CommandContext, input: Parsed<'workers.list'>): Result<{ items: Worker[]; next_cursor: string | null }> {
  const limit = input.limit ?? limits.list_default
  const found = ctx.store.workers.list({
    limit: limit + 1,
    includeRevoked: input.include_revoked ?? false,
    ...(input.cursor === undefined ? {} : { after: input.cursor }),
  })
  const items = found.slice(0, limit)
  return ok({
    items: items.map((worker) => showWorker(ctx, worker)),
    next_cursor: found.length > limit ? (items.at(-1)?.worker_id ?? null) : null,
  })
}

function update(ctx: CommandContext, input: Parsed<'workers.update'>): Result<Worker> {
  const found = inForce(ctx, input.worker_id, 'changed')
  if (!found.ok) return found
  const worker = found.value
  const allowed = loosened(ctx, worker, input.capabilities ?? worker.capabilities)
  if (!allowed.ok) return allowed
  const { capabilities, review_id, words } = allowed.value
  const after: WorkerRecord = {
    ...worker,
    description: input.description ?? worker.description,
    capabilities,
    requires_secrets: input.requires_secrets ?? worker.requires_secrets,
    config: input.config ?? worker.config,
    config_version: input.config === undefined ? worker.config_version : worker.config_version + 1,
    may_raise_killswitch: input.may_raise_killswitch ?? worker.may_raise_killswitch,
  }
  endGrantsOfChanged(ctx, worker, after)
  ctx.store.workers.save(after)
  const { worker_id: _, ...changed } = input
  const tiers = input.capabilities?.map((item) => `${item.name}=${item.risk_tier}`).join(', ')
  ctx.record({
    action: 'worker.update',
    subject: subject(worker),
    worker_id: worker.worker_id,
    summary: `changed ${Object.keys(changed).sort().join(', ') || 'nothing'}${tiers === undefined ? '' : `: ${tiers}`}${
      review_id !== undefined ? `, held for review ${review_id}` : words.length === 0 ? '' : ', looser'
    }`,
  })
  if (input.config !== undefined) pushConfig(ctx, after)
  ctx.after({ kind: 'feed', worker_id: worker.worker_id })
  return ok({ ...showWorker(ctx, after), ...(review_id === undefined ? {} : { review_id }) })
}

function pushConfig(ctx: CommandContext, worker: WorkerRecord): void {
  ctx.after({
    kind: 'push',
    worker_id: worker.worker_id,
    frames: [{ type: 'config', config: worker.config, config_version: worker.config_version, paused: worker.paused }],
  })
}

function setPaused(ctx: CommandContext, id: string, paused: boolean): Result<Worker> {
  const found = inForce(ctx, id, paused ? 'paused' : 'resumed')
  if (!found.ok) return found
  const worker = found.value
  // A member who resumes a worker has dealt with its failures, so this closes the circuit breaker too.
  const tripped = !paused && ctx.live.presence.of(worker.worker_id).breaker.open_until !== null
  if (worker.paused === paused && !tripped) return ok(showWorker(ctx, worker))
  if (tripped) ctx.live.presence.change(worker.worker_id).breaker = closedBreaker
  const after = { ...worker, paused }
  ctx.store.workers.save(after)
  ctx.record({
    action: paused ? 'worker.pause' : 'worker.resume',
    subject: subject(worker),
    worker_id: worker.worker_id,
    summary: tripped ? `${worker.name}, its circuit breaker closed by hand` : worker.name,
  })
  if (paused) ctx.onCommit(() => ctx.live.leases.dropOffersTo(worker.worker_id))
  if (paused) lookSoon(ctx)
  if (paused) wakePoolsOf(ctx, worker.worker_id)
  pushConfig(ctx, after)
  ctx.after({ kind: 'feed', worker_id: worker.worker_id })
  return ok(showWorker(ctx, after))
}

/** Unparks the worker and the workers that share its provider account. */
function unpark(ctx: CommandContext, input: Parsed<'workers.unpark'>): Result<Worker> {
  const found = inForce(ctx, input.worker_id, 'unparked')
  if (!found.ok) return found
  unparkWorker(ctx, found.value, 'by hand')
  return ok(showWorker(ctx, found.value))
}

/** Keeps the row, ends the token at once, and gives the worker's running jobs to other workers (I14). */
function revoke(ctx: CommandContext, input: Parsed<'workers.revoke'>): Result<Worker> {
  const found = load(ctx, input.worker_id)
  if (!found.ok || found.value.revoked_at !== null) return found.ok ? ok(showWorker(ctx, found.value)) : found
  const worker = found.value
  ctx.store.credentials.revokeOf(worker.worker_id, ctx.at)
  return ok(showWorker(ctx, revokeWorker(ctx, worker)))
}

function rotate(ctx: CommandContext, input: Parsed<'workers.rotate'>): Result<{ expires_at: string }> {
  const found = inForce(ctx, input.worker_id, 'rotated')
  if (!found.ok) return found
  const worker = found.value
  if (worker.member_id !== null)
    return fail('wrong-state', `${worker.name} is a person: they work by the rights of their member, and have no token.`)
  const running = input.keep_running === true ? ctx.live.leases.running(worker.worker_id) : 0
  ctx.store.credentials.revokeOf(worker.worker_id, ctx.at)
  const expires_at = storeMinted(ctx, 'worker', worker.worker_id)
  ctx.record({
    action: 'worker.rotate',
    subject: subject(worker),
    worker_id: worker.worker_id,
    summary: `${worker.name}${running === 0 ? '' : `, ${running} running attempts go on`}`,
  })
  // End what was given to the old token too: a stolen copy of the token may hold leases.
  if (input.keep_running === true) voidOffersTo(ctx, worker)
  else endAttemptsOf(ctx, worker, { type: 'token_replaced', message: `The token of ${worker.name} was replaced`, retryable: true })
  ctx.after({
    kind: 'disconnect',
    worker_id: found.value.worker_id,
    code: closeCodes.revoked,
    reason: 'The token of this worker has been replaced.',
  })
  return ok({ expires_at: isoTime(expires_at) })
}

function tokenOf(ctx: CommandContext, { worker_id }: WorkerRecord): Worker['token'] {
  const found = ctx.store.credentials.inForceOf([worker_id]).get(worker_id)
  return found === undefined ? null : { begins: tokenBegins('worker', ctx.tenant, found.credential), created_at: isoTime(found.created_at) }
}

export const workerCommands = {
  'workers.register': register,
  'workers.list': list,
  'workers.get': (ctx: CommandContext, input: Parsed<'workers.get'>): Result<Worker> => {
    const worker = load(ctx, input.worker_id)
    return worker.ok ? ok({ ...showOneWorker(ctx, worker.value), token: tokenOf(ctx, worker.value) }) : worker
  },
  'workers.update': update,
  'workers.revoke': revoke,
  'workers.pause': (ctx: CommandContext, input: Parsed<'workers.pause'>): Result<Worker> => setPaused(ctx, input.worker_id, true),
  'workers.resume': (ctx: CommandContext, input: Parsed<'workers.resume'>): Result<Worker> => setPaused(ctx, input.worker_id, false),
  'workers.unpark': unpark,
  'workers.rotate': rotate,
  'presence.list': (ctx: CommandContext): Result<{ items: Presence[] }> =>
    ok({ items: [...ctx.store.workers.active()].map((worker) => showPresence(ctx, worker)) }),
}
