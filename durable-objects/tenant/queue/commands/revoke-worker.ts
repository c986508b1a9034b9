/**
 * Responsible for revoking a worker: its row stays, its running attempts go to other workers (I14), and jobs that only it could do continue along
 * their fallback chain or fail. Its token is revoked by members/.
 */
import { closeCodes } from '@modelreins/contract'
import type { CommandContext } from '../../kernel/context.ts'
import type { WorkerRecord } from '../workforce/worker-store.ts'
import { lookSoon } from '../fallback-book.ts'
import { leaveTarget } from '../target-gone.ts'
import { endAttemptsOf } from './attempts.ts'

/** `why`: a phrase that follows the worker's name in messages. */
export function revokeWorker(ctx: CommandContext, worker: WorkerRecord, why = 'was revoked'): WorkerRecord {
  const after = { ...worker, revoked_at: ctx.at }
  ctx.store.workers.save(after)
  const summary = why === 'was revoked' ? worker.name : `${worker.name} ${why}`
  ctx.record({ action: 'worker.revoke', subject: `worker:${worker.worker_id}`, worker_id: worker.worker_id, summary })
  endAttemptsOf(ctx, worker, { type: 'worker_lost', message: `${worker.name} ${why}`, retryable: true })
  leaveTarget(ctx, after, why)
  ctx.onCommit(() => ctx.live.presence.forget(worker.worker_id))
  lookSoon(ctx)
  ctx.after({ kind: 'disconnect', worker_id: worker.worker_id, code: closeCodes.revoked, reason: 'This worker has been revoked.' })
  return after
}
