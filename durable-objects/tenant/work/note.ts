/** Responsible for letting a person's note into the stream of the job that they have in hand, and for the row that says who wrote it. */
import { ok } from '../../../src/domain/result.ts'
import type { Result } from '../../../src/domain/result.ts'
import type { CommandContext } from '../kernel/context.ts'
import { jobSubject } from '../queue/save-job.ts'
import { jobInHand } from './claim.ts'

/** What the stream object knows an attempt by. */
export interface NoteFence {
  readonly tenant: string
  readonly attempt: number
  readonly nonce: string
  /** Tells an attempt of this number from one before it. */
  readonly offered_at: number
}

export interface NoteRequest {
  readonly job_id: number
  readonly attempt: number
  readonly text: string
}

export function admitNote(ctx: CommandContext, request: NoteRequest): Result<NoteFence> {
  const found = jobInHand(ctx, request)
  if (!found.ok) return found
  const { job, worker, lease } = found.value
  if (!job.stream) ctx.store.jobs.markStreamed(job.id)
  ctx.record({
    action: 'job.note',
    subject: jobSubject(job),
    job_id: job.id,
    worker_id: worker.worker_id,
    capability: job.spec.capability,
    digest: ctx.sha256(request.text),
    summary: `attempt ${job.attempt}, a note of ${request.text.length} characters`,
  })
  return ok({ tenant: ctx.tenant, attempt: job.attempt, nonce: lease.nonce, offered_at: job.started_at ?? ctx.at })
}
