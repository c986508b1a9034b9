/** Responsible for the end of a worker: its row stays, and what it runs goes to other workers (I14). Its token is its members' to stop. */
import { closeCodes } from '@modelreins/contract'
import { places } from '../../../../src/domain/job/queue.ts'
import type { CommandContext } from '../../kernel/context.ts'
import type { WorkerRecord } from '../workforce/worker-store.ts'
import { lookSoon } from '../fallback-book.ts'
import { endAttemptsOf } from './attempts.ts'
import { abortJob } from './jobs.ts'

/** Nobody else may answer in this worker's name: its part of a fan-out has failed, instead of keeping the others' answers waiting for it. */
function endPartsOf(ctx: CommandContext, { worker_id, name }: WorkerRecord, why: string): void {
  for (const parent of ctx.store.jobs.due(places.parents, Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER))
    for (const part of ctx.store.jobs.ofParent(parent.id)) {
      // Read again: the end of one may have ended another.
      const now = part.spec.pinned === worker_id ? ctx.store.jobs.get(part.id) : undefined
      if (now !== undefined) abortJob(ctx, now, `${name} ${why}`)
    }
}

/** `why`: a phrase after its name. */
export function revokeWorker(ctx: CommandContext, worker: WorkerRecord, why = 'was revoked'): WorkerRecord {
  const after = { ...worker, revoked_at: ctx.at }
  ctx.store.workers.save(after)
  const summary = why === 'was revoked' ? worker.name : `${worker.name} ${why}`
  ctx.record({ action: 'worker.revoke', subject: `worker:${worker.worker_id}`, worker_id: worker.worker_id, summary })
  endAttemptsOf(ctx, worker, { type: 'worker_lost', message: `${worker.name} ${why}`, retryable: true })
  endPartsOf(ctx, worker, why)
  ctx.onCommit(() => ctx.live.presence.forget(worker.worker_id))
  lookSoon(ctx)
  ctx.after({ kind: 'disconnect', worker_id: worker.worker_id, code: closeCodes.revoked, reason: 'This worker has been revoked.' })
  return after
}
