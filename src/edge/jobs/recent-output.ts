/** Responsible for showing the last output of a job that streamed: the job's row has only the output that came with its completion. */
import { type Job, limits } from '@modelreins/contract'
import { lastBytes } from '../../domain/job/last-bytes.ts'
import type { Exchange } from '../exchange.ts'
import { callObject, tenantOf } from '../tenant-call.ts'

/** True when the stream may have further output: a completion tells (`output_truncated`), and other ends of an attempt bring no output. */
const mayHaveStreamed = (job: Job): boolean => job.attempt > 0 && (job.status !== 'done' || job.output_truncated)

/** The job with its complete last output. Calls the stream object only when that may have more; without its answer the job is unchanged. */
export async function withRecentOutput(exchange: Exchange, job: Job): Promise<Job> {
  if (!mayHaveStreamed(job)) return job
  const { ports, env } = exchange
  const tenant = tenantOf(exchange) ?? ''
  const about = { object: 'job-stream', operation: exchange.id, idempotent: true } as const
  const request = { tenant, job_id: job.id, attempt: job.attempt, bytes: limits.tail_bytes }
  const recent = await callObject(exchange, about, () => ports.jobStream(env, tenant, job.id).recent(request))
  if ('failure' in recent || (recent.text === '' && !recent.closed)) return job
  // Before the stream is closed, it lacks the output that came with the completion.
  const whole = recent.closed ? recent.text : recent.text + job.output
  const output = lastBytes(whole, limits.tail_bytes)
  return { ...job, output, output_truncated: recent.truncated || output.length < whole.length }
}
