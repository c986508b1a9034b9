/**
 * Responsible for attempts that a worker gives back before it has begun them: it starts short jobs ahead of its free slots, and gives back those for
 * which no slot becomes free. Nothing ran, so the worker's record does not change.
 */
import { limits } from '@modelreins/contract'
import { handBackUnbegun, resume } from '../../../../src/domain/job/job-machine.ts'
import type { JobRecord } from '../../../../src/domain/job/job-machine.ts'
import { fail, ok } from '../../../../src/domain/result.ts'
import type { Result } from '../../../../src/domain/result.ts'
import type { CommandContext } from '../../kernel/context.ts'
import type { WorkerRecord } from '../workforce/worker-store.ts'
import { beforeQueue } from '../hold.ts'
import { jobSubject, saveJob } from '../save-job.ts'
import { attemptOf } from './attempts.ts'
import type { AttemptLease } from './attempts.ts'

const rate = { most: limits.hand_backs_per_minute, per_ms: 60_000 }

/** Handing back costs the worker nothing, so the number per period is limited. */
function tooMany(ctx: CommandContext, { worker_id, name }: WorkerRecord): Result<never> | undefined {
  const spender = `hand-backs/${worker_id}`
  const retry_after_ms = ctx.live.rates.wait(spender, ctx.at, rate)
  if (retry_after_ms > 0) return fail('rate-limited', `${name} has given back ${rate.most} attempts within a minute.`, { retry_after_ms })
  ctx.onCommit(() => ctx.live.rates.note(spender, ctx.at, rate))
  return undefined
}

/**
 * Returns the job to its earlier place in the queue. A decision that the start has spent is not restored: it is requested again, as before any other
 * attempt. Repeating the call changes nothing. Errors: `lease-lost` when the attempt is not the running one, `wrong-state` when it has certainly
 * begun, `rate-limited`.
 */
export function handBackAttempt(ctx: CommandContext, worker: WorkerRecord, lease: AttemptLease): Result<JobRecord> {
  const found = attemptOf(ctx, lease)
  if (!found.ok) return found
  const was = found.value
  if (was.status === 'pending' && was.outcome === null) return ok(was)
  // A lost attempt that its worker may continue can be given back too. Otherwise the worker's next report, which may still name it, would continue it.
  const job = was.status === 'running' ? was : resume(was, { worker_id: worker.worker_id, attempt: lease.attempt })
  if (job === undefined || job.worker_id !== worker.worker_id)
    return fail('lease-lost', `Job ${was.id}, attempt ${was.attempt}: it is ${was.status}.`)
  if (job.stream || job.spec.person !== undefined)
    return fail('wrong-state', `Job ${job.id}, attempt ${job.attempt} has begun: it ends as done or failed.`)
  const refused = tooMany(ctx, worker)
  if (refused !== undefined) return refused
  const after = saveJob(ctx, beforeQueue(ctx, handBackUnbegun(job, ctx.at), { kind: 'queued', was }))
  ctx.record({
    action: 'job.hand_back',
    subject: jobSubject(job),
    job_id: job.id,
    worker_id: worker.worker_id,
    capability: job.spec.capability,
    summary: `attempt ${job.attempt}: ${worker.name} had not begun it, nothing ran`,
  })
  return ok(after)
}
