/**
 * Responsible for which worker a call acts as: the token's worker, or, with a member's key, the worker that the call names (the companion path of
 * seed 000).
 */
import type { JobRecord } from '../../../../src/domain/job/job-machine.ts'
import { fail, ok } from '../../../../src/domain/result.ts'
import type { Result } from '../../../../src/domain/result.ts'
import type { CommandContext } from '../../kernel/context.ts'
import type { WorkerRecord } from './worker-store.ts'

/** A companion's label as a valid worker name, so that people can type it as a target. */
export const asWorkerName = (label: string): string => {
  const name = label
    .replace(/[^A-Za-z0-9._@:-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, '')
    .slice(0, 120)
  return name === '' ? 'companion' : name
}

/** The worker through which the calling member, as a person, has this job in hand; undefined when they do not have it. */
export function inHandOf({ caller, store }: Pick<CommandContext, 'caller' | 'store'>, job: JobRecord): WorkerRecord | undefined {
  if (caller.kind !== 'member' || job.status !== 'running' || job.spec.person === undefined || job.worker_id === null) return undefined
  const worker = store.workers.get(job.worker_id)
  return worker?.member_id === caller.member.member_id && worker.revoked_at === null ? worker : undefined
}

/** The worker that this call acts for. `name` counts only with a member's key; with a worker token it is an instance label. */
export function actingWorker(ctx: CommandContext, name: string | undefined): Result<WorkerRecord> {
  if (ctx.caller.kind === 'worker' || ctx.caller.kind === 'lease') return ok(ctx.caller.worker)
  if (ctx.caller.kind !== 'member') return fail('forbidden', 'This operation needs a worker token.')
  if (name === undefined)
    return fail('invalid-request', 'With an API key, say which worker this is: `worker`.', {
      issues: [{ path: 'worker', message: 'required with an API key' }],
    })
  const worker = ctx.store.workers.named(asWorkerName(name))
  if (worker === undefined) return fail('not-found', `Unknown companion ${name}. Report its presence first: PUT /presence.`)
  if (worker.member_id !== null) return fail('forbidden', `${worker.name} is a person, who works in the dashboard or by /api/v1/work.`)
  return worker.companion_of === ctx.caller.member.member_id ? ok(worker) : fail('forbidden', `${worker.name} has a token of its own.`)
}
