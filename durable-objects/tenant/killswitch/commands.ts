/** Responsible for the killswitch commands: raise, clear, acknowledge, and showing which workers have stopped. */
import type { KillswitchState, Parsed } from '@modelreins/contract'
import { abortedKept, briefOf, stopsRunning } from '../../../src/domain/killswitch.ts'
import type { Killswitch } from '../../../src/domain/killswitch.ts'
import { fail, ok } from '../../../src/domain/result.ts'
import type { Result } from '../../../src/domain/result.ts'
import { isoTime, isoTimeOrNull } from '../kernel/context.ts'
import type { CommandContext } from '../kernel/context.ts'
import type { WorkerRecord } from '../queue/workforce/worker-store.ts'
import { hasLeft, lastSeen } from '../queue/workforce/worker-view.ts'
import { queueWebhookEvent } from '../webhooks/webhook-queue.ts'
import { actingWorker } from '../queue/workforce/acting-worker.ts'
import { abortJob } from '../queue/commands/jobs.ts'

/** Processes last heard of longer ago than this are not waited for: they ran nothing when the switch was raised. */
const owesWordMs = 24 * 60 * 60_000

/** Whether a process of this worker may still run that has not confirmed its stop. */
function owesWord(ctx: CommandContext, worker: WorkerRecord, state: Killswitch): boolean {
  // A person runs no process: the server itself has ended their jobs.
  if (worker.member_id !== null) return false
  const seen = lastSeen(ctx, worker)
  return seen !== null && !hasLeft(ctx, worker) && seen >= (state.raised_at ?? ctx.at) - owesWordMs
}

/** Ids of jobs that ran when the switch was raised and whose end is not confirmed, by worker_id. */
function unconfirmed(ctx: CommandContext, { aborted = [] }: Killswitch): ReadonlyMap<string, readonly number[]> {
  const byWorker = new Map<string, number[]>()
  for (const id of aborted) {
    const job = ctx.store.jobs.get(id)
    if (job?.outcome?.stop_owed !== true || job.worker_id === null) continue
    byWorker.set(job.worker_id, [...(byWorker.get(job.worker_id) ?? []), id])
  }
  return byWorker
}

function show(ctx: CommandContext, state: Killswitch): KillswitchState {
  const owed = unconfirmed(ctx, state)
  const acks = ctx.store.acknowledgements.of(state.generation)
  const acknowledged: KillswitchState['acknowledged'] = []
  const stragglers: KillswitchState['stragglers'] = []
  for (const worker of ctx.store.workers.active()) {
    // A worker must not learn about other workers here either.
    if ('worker' in ctx.caller && ctx.caller.worker.worker_id !== worker.worker_id) continue
    const witness = { worker_id: worker.worker_id, name: worker.name, last_seen: isoTimeOrNull(lastSeen(ctx, worker)) }
    const at = acks.get(worker.worker_id)
    if (at !== undefined) acknowledged.push({ ...witness, acknowledged_at: isoTime(at) })
    else if (state.level > 0 && owesWord(ctx, worker, state)) stragglers.push({ ...witness, jobs: [...(owed.get(worker.worker_id) ?? [])] })
  }
  return { ...briefOf(state), raised_by: state.raised_by, raised_at: isoTimeOrNull(state.raised_at), acknowledged, stragglers }
}

/** Pushes the state to every socket and answers every long poll, so that workers do not learn of it only at the next heartbeat. */
function tellEverybody(ctx: CommandContext, state: Killswitch): void {
  ctx.after({ kind: 'broadcast', frame: { type: 'killswitch', killswitch: briefOf(state) } })
  ctx.after({ kind: 'release_polls' })
}

function raise(ctx: CommandContext, input: Parsed<'killswitch.raise'>): Result<KillswitchState> {
  const before = ctx.store.killswitch.state()
  // Without a level, everything should stop, and a higher level that is in force must not be lowered.
  const level = input.level ?? Math.max(3, before.level)
  if (level < before.level && (ctx.caller.kind === 'worker' || input.lower !== true)) {
    const who =
      ctx.caller.kind === 'worker'
        ? 'A worker may raise it, not lower it.'
        : 'Pass lower: true to lower it, or clear it: DELETE /killswitch.'
    return fail('wrong-state', `The killswitch is at level ${before.level}, above ${level}. ${who}`)
  }
  // A worker raises the level that is in force already: reason, author and acknowledgements stay.
  if (ctx.caller.kind === 'worker' && level === before.level) return ok(show(ctx, before))
  const running = stopsRunning(level) ? ctx.store.jobs.due(0, Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER) : []
  const state: Killswitch = {
    level,
    reason: input.reason ?? null,
    generation: before.generation + 1,
    raised_by: ctx.caller.actor.name,
    raised_at: ctx.at,
    aborted: [...running.map((job) => job.id), ...(before.aborted ?? [])].slice(0, abortedKept),
  }
  ctx.store.killswitch.set(state)
  ctx.record({
    action: 'killswitch.raise',
    subject: 'killswitch',
    summary: `level ${level}${input.reason === undefined ? '' : `: ${input.reason}`}`,
  })
  queueWebhookEvent(ctx, 'killswitch.raised', `The killswitch is at level ${level}, raised by ${ctx.caller.actor.name}`, {
    level,
    active: stopsRunning(level),
    reason: state.reason,
    generation: state.generation,
    raised_by: state.raised_by,
  })
  if (level >= 2) ctx.onCommit(() => Array.from(ctx.live.leases.offers()).forEach((offer) => void ctx.live.leases.dropOffer(offer.job_id)))
  if (stopsRunning(level)) {
    const reason = `Killswitch level ${level} by ${ctx.caller.actor.name}${input.reason === undefined ? '' : `: ${input.reason}`}`
    for (const job of running) abortJob(ctx, job, reason)
  } else if (stopsRunning(before.level)) pauseOrResume(ctx, () => true)
  tellEverybody(ctx, state)
  return ok(show(ctx, state))
}

/** Pauses or resumes workers. Stopped workers continue only when a human says so, not when the level falls. */
function pauseOrResume(ctx: CommandContext, isPaused: (worker: WorkerRecord) => boolean): void {
  for (const worker of Array.from(ctx.store.workers.active())) {
    const paused = isPaused(worker)
    if (worker.paused !== paused) ctx.store.workers.save({ ...worker, paused })
    ctx.after({
      kind: 'push',
      worker_id: worker.worker_id,
      frames: [{ type: 'config', config: worker.config, config_version: worker.config_version, paused }],
    })
  }
}

function clear(ctx: CommandContext, input: Parsed<'killswitch.clear'>): Result<KillswitchState> {
  const before = ctx.store.killswitch.state()
  const resume = input.resume_all ?? false
  const state: Killswitch = { level: 0, reason: null, generation: before.generation + 1, raised_by: null, raised_at: null }
  ctx.store.killswitch.set(state)
  pauseOrResume(ctx, (worker) => !resume && (worker.paused || stopsRunning(before.level)))
  ctx.record({
    action: 'killswitch.clear',
    subject: 'killswitch',
    summary: `was level ${before.level}${resume ? ', all workers resumed' : ''}`,
  })
  tellEverybody(ctx, state)
  for (const pool of ctx.live.occupied) ctx.after({ kind: 'wake', pool })
  return ok(show(ctx, state))
}

function acknowledge(ctx: CommandContext, input: Parsed<'killswitch.ack'>): Result<{ ok: true }> {
  const worker = actingWorker(ctx, input.worker)
  if (!worker.ok) return worker
  noteAcknowledgement(ctx, worker.value.worker_id, worker.value.name, input.generation)
  return ok({ ok: true })
}

/** Records an acknowledgement of the current generation. A late one of an older generation is ignored. */
export function noteAcknowledgement(ctx: CommandContext, workerId: string, name: string, generation: number): void {
  const state = ctx.store.killswitch.state()
  if (generation !== state.generation || ctx.store.acknowledgements.of(generation).has(workerId)) return
  ctx.store.acknowledgements.add(workerId, generation, ctx.at)
  ctx.record({
    action: 'killswitch.acknowledge',
    subject: 'killswitch',
    worker_id: workerId,
    summary: `${name} stopped for generation ${generation}`,
  })
}

export const killswitchCommands = {
  'killswitch.get': (ctx: CommandContext): Result<KillswitchState> => ok(show(ctx, ctx.store.killswitch.state())),
  'killswitch.raise': raise,
  'killswitch.clear': clear,
  'killswitch.ack': acknowledge,
}
