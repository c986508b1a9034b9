/** Responsible for which worker a call acts as: its token says so, or, with a member's key, the name it gives (the companion path of seed 000). */
import { limits } from '@modelreins/contract'
import { fail, ok } from '../../../src/domain/result.ts'
import type { Result } from '../../../src/domain/result.ts'
import type { CommandContext } from '../kernel/context.ts'
import { emptyProfile } from './worker-store.ts'
import type { WorkerRecord } from './worker-store.ts'

/** Names that people may type as a target: what a companion calls itself becomes one. */
const asWorkerName = (label: string): string => {
  const name = label
    .replace(/[^A-Za-z0-9._@:-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, '')
    .slice(0, 120)
  return name === '' ? 'companion' : name
}

/** The worker that this call speaks for. `name` counts only with a member's key; for a worker token it is an instance label. */
export function actingWorker(ctx: CommandContext, name: string | undefined): Result<WorkerRecord> {
  if (ctx.caller.kind === 'worker' || ctx.caller.kind === 'lease') return ok(ctx.caller.worker)
  if (ctx.caller.kind !== 'member') return fail('forbidden', 'Only a worker may do this.')
  if (name === undefined)
    return fail('invalid-request', 'With an API key, say which worker this is: `worker`.', {
      issues: [{ path: 'worker', message: 'required with an API key' }],
    })
  const worker = ctx.store.workers.named(asWorkerName(name))
  if (worker === undefined) return fail('not-found', `No companion is called ${name}. Report its presence first: PUT /presence.`)
  return worker.companion_of === ctx.caller.member.member_id ? ok(worker) : fail('forbidden', `${worker.name} has a token of its own.`)
}

/** A companion is registered by its first presence, under the member whose key it has. */
export function companionFor(ctx: CommandContext, label: string): Result<WorkerRecord> {
  if (ctx.caller.kind !== 'member') return fail('forbidden', 'Only a member may have companions.')
  const name = asWorkerName(label)
  const known = ctx.store.workers.named(name)
  if (known !== undefined) {
    return known.companion_of === ctx.caller.member.member_id
      ? ok(known)
      : fail('name-taken', `A worker called ${name} exists already and is not a companion under this key.`)
  }
  const { member_id } = ctx.caller.member
  const companions = [...ctx.store.workers.inForce()].filter((one) => one.companion_of === member_id).length
  if (companions >= limits.companions)
    return fail('conflict', `You have ${limits.companions} companions, which is the limit. Revoke one: DELETE /api/v1/workers/WORKER_ID.`)
  const worker: WorkerRecord = {
    worker_id: `wk${ctx.randomText(16)}`,
    name,
    kind: 'companion',
    description: `Companion of ${ctx.caller.member.name}`,
    capabilities: [],
    requires_secrets: [],
    config: {},
    config_version: 1,
    may_raise_killswitch: false,
    paused: false,
    profile: emptyProfile,
    companion_of: ctx.caller.member.member_id,
    created_at: ctx.at,
    last_seen_at: ctx.at,
    revoked_at: null,
  }
  ctx.store.workers.save(worker)
  ctx.record({
    action: 'worker.register',
    subject: `worker:${worker.worker_id}`,
    worker_id: worker.worker_id,
    summary: `companion ${name}`,
  })
  return ok(worker)
}
