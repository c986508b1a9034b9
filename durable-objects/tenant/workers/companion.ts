/** Responsible for companions: workers without a token of their own, registered by their first presence under a member's key. */
import { limits } from '@modelreins/contract'
import { fail, ok } from '../../../src/domain/result.ts'
import type { Result } from '../../../src/domain/result.ts'
import type { CommandContext } from '../kernel/context.ts'
import { asWorkerName } from '../queue/workforce/acting-worker.ts'
import { emptyProfile } from '../queue/workforce/worker-store.ts'
import type { WorkerRecord } from '../queue/workforce/worker-store.ts'

/** Returns the companion with this label, and registers it at its first presence. Errors: `forbidden`, `name-taken`, `conflict` (too many). */
export function companionFor(ctx: CommandContext, label: string): Result<WorkerRecord> {
  if (ctx.caller.kind !== 'member') return fail('forbidden', 'Only a member may have companions.')
  const name = asWorkerName(label)
  const known = ctx.store.workers.named(name)
  if (known !== undefined) {
    return known.companion_of === ctx.caller.member.member_id
      ? ok(known)
      : fail('name-taken', `A worker named ${name} exists already and is not a companion under this key.`)
  }
  const { member_id } = ctx.caller.member
  const companions = [...ctx.store.workers.active()].filter((one) => one.companion_of === member_id).length
  if (companions >= limits.companions)
    return fail('conflict', `You have ${limits.companions} companions, the maximum. Revoke one: DELETE /api/v1/workers/WORKER_ID.`)
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
    member_id: null,
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
