/** Responsible for admitting a person's note to the output stream of their running job, and for the audit row that names its author. */
import { ok } from '../../../src/domain/result.ts'
import type { Result } from '../../../src/domain/result.ts'
import type { CommandContext } from '../kernel/context.ts'
import { jobSubject } from '../queue/save-job.ts'
import { jobInHand } from './claim.ts'

/** What identifies an attempt to the stream object. */
export interface NoteFence {
  readonly tenant: string
  readonly attempt: number
  readonly nonce: string
  /** Milliseconds since 1970; distinguishes this attempt from an earlier one with the same number. */
  readonly offered_at: number
}

export interface NoteRequest {
  readonly job_id: number
  readonly attempt: number
  readonly text: string
}

/** Records the note in the audit log, by digest only; the caller appends the text to the stream with the returned fence. */
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
