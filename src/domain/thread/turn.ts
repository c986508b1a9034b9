/** Responsible for showing a job as a turn of its thread, whether the tenant object or the archive has the job. */
import type { Job, Turn } from '@modelreins/contract'
import { isTerminal } from '../job/job-machine.ts'

/** One prompt and its answer; for a fan-out, with all workers that were asked. */
export function turnOf(job: Job): Turn {
  const children = job.children ?? []
  return {
    job_id: job.id,
    kind: job.kind ?? 'job',
    prompt: job.prompt,
    context: job.context,
    status: job.status,
    answer: job.result ?? (isTerminal(job.status) && job.output !== '' ? job.output : null),
    truncated: job.result_truncated || (job.result === null && job.output_truncated),
    workers: children.length > 0 ? children.map((child) => child.worker) : job.assigned_to === null ? [] : [job.assigned_to],
    job_ids: [job.id, ...children.map((child) => child.job_id)],
    usage: job.usage,
    created_by: job.created_by ?? null,
    created_at: job.created_at,
    ended_at: job.ended_at,
  }
}
