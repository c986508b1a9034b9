/**
 * Responsible for an attempt that ends by escalating its job to a human: the result is kept, and a review of it opens (`close` with
 * `escalated`).
 */
import type { Job, Parsed } from '@modelreins/contract'
import { emptyOutcome } from '../../../../src/domain/job/job-machine.ts'
import type { JobRecord } from '../../../../src/domain/job/job-machine.ts'
import { fail, ok } from '../../../../src/domain/result.ts'
import type { Result } from '../../../../src/domain/result.ts'
import { escalate } from '../../../../src/domain/review/review-job.ts'
import { declared } from '../../../../src/domain/review/risk.ts'
import type { CommandContext } from '../../kernel/context.ts'
import { closeById } from '../../queue/commands/claims.ts'
import { closeStream, jobSubject, saveJob } from '../../queue/save-job.ts'
import { openReview } from '../review-log.ts'
import type { WorkerRecord } from '../../queue/workforce/worker-store.ts'
import { policyFor } from '../policy.ts'

/** The payload that a human approves or denies: the result as stored with the job. */
export const escalatedPayload = (job: Pick<JobRecord, 'outcome'>): { readonly result: string | null } => ({
  result: job.outcome?.result ?? null,
})

/** Escalates the job of the worker that holds the attempt. A repeated call changes nothing. */
export function escalateAttempt(
  ctx: CommandContext,
  job: JobRecord,
  worker: WorkerRecord,
  result: string | null,
  /** Only for a person: their reason, and their member id, since they may not settle the review themselves. */
  person?: { readonly reason: string; readonly member_id: string },
): Result<JobRecord> {
  const open = job.review_id === null ? undefined : ctx.store.reviews.open(job.review_id)
  if (job.status === 'pending' && open?.type === 'escalation') return ok(job)
  if (job.status !== 'running') return fail('lease-lost', `Job ${job.id}, attempt ${job.attempt}: it is ${job.status}.`)
  const outcome = { ...emptyOutcome, result, stored: ctx.stored_result ?? null }
  const { capability } = job.spec
  const item = capability === null ? undefined : declared(worker.capabilities, capability)
  const review = openReview(ctx, {
    type: 'escalation',
    title: `Job ${job.id}: ${worker.name} asks ${person === undefined ? 'a human' : 'another member'} to settle it`,
    content: [...(person === undefined ? [] : [person.reason]), ...(result === null ? [] : [result])].join('\n\n').slice(0, 64_000),
    preview: null,
    target: null,
    capability,
    payload: escalatedPayload({ outcome }),
    risk_tier: null,
    session: null,
    policy: policyFor(ctx, item),
    irreversible: false,
    job_id: job.id,
    worker_id: worker.worker_id,
    attempt: job.attempt,
    requested_by: person === undefined ? [] : [person.member_id],
  })
  const after = escalate(job, outcome, review.id)
  saveJob(ctx, after)
  ctx.record({
    action: 'job.escalate',
    subject: jobSubject(job),
    job_id: job.id,
    worker_id: worker.worker_id,
    capability,
    digest: ctx.sha256(result ?? ''),
    summary: `attempt ${job.attempt} handed to a human, review ${review.id}`,
  })
  ctx.onCommit(() => {
    ctx.live.presence.ended(worker.worker_id, {
      job_id: job.id,
      error: null,
      at: ctx.at,
      duration_ms: ctx.at - (job.started_at ?? ctx.at),
      thread: job.thread_id,
      usage: null,
    })
  })
  ctx.after({ kind: 'feed', worker_id: worker.worker_id })
  if (job.stream) closeStream(ctx, after, '')
  return ok(after)
}

export const escalateCommands = {
  'claims.close': (ctx: CommandContext, input: Parsed<'claims.close'>): Result<Job> => closeById(ctx, input, escalateAttempt),
}
