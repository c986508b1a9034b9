/** Responsible for the last output of a job whose output went to its stream: the job itself knows only what came with its completion. */
import { type Job, limits } from '@modelreins/contract'
import { lastBytes } from '../../domain/job/last-bytes.ts'
import type { Exchange } from '../exchange.ts'
import { callObject, tenantOf } from '../tenant-call.ts'

/** Whether there may be output that only the stream has: a completion says so, and an attempt that ended otherwise said nothing at its end. */
const mayHaveStreamed = (job: Job): boolean => job.attempt > 0 && (job.status !== 'done' || job.output_truncated)

/** The job with `output` as it would read in one piece. One more call, only where it may tell more; without an answer the job stays as it is. */
export async function withRecentOutput(exchange: Exchange, job: Job): Promise<Job> {
  if (!mayHaveStreamed(job)) return job
  const { ports, env } = exchange
  const tenant = tenantOf(exchange) ?? ''
  const about = { object: 'job-stream', operation: exchange.id, idempotent: true } as const
  const request = { tenant, job_id: job.id, attempt: job.attempt, bytes: limits.tail_bytes }
  const recent = await callObject(exchange, about, () => ports.jobStream(env, tenant, job.id).recent(request))
  if ('failure' in recent || (recent.text === '' && !recent.closed)) return job
  // Until its end has come there, what the completion brought is not in the stream yet.
  const whole = recent.closed ? recent.text : recent.text + job.output
  const output = lastBytes(whole, limits.tail_bytes)
  return { ...job, output, output_truncated: recent.truncated || output.length < whole.length }
}
