/** Responsible for one job in a short list: state, what, who, when. */
import type { Job } from '@modelreins/contract'
import { Link } from '@tanstack/react-router'
import { JobBadge } from './badge.tsx'
import { oneLine } from './safe-text.ts'
import { plural, Span, Time } from './time.tsx'

export type BriefJob = Pick<
  Job,
  | 'id'
  | 'status'
  | 'hold'
  | 'error'
  | 'assigned_to'
  | 'attempt'
  | 'max_attempts'
  | 'effort'
  | 'thread_id'
  | 'capability'
  | 'created_at'
  | 'started_at'
  | 'ended_at'
  | 'review_id'
  | 'retry_at'
> & { readonly line: string }

/** The duration of the newest attempt; a job that waits for another attempt shows none. */
export function Took({ job }: { readonly job: Pick<Job, 'status' | 'started_at' | 'ended_at'> }) {
  return <Span from={job.status === 'retry' ? null : job.started_at} to={job.ended_at} />
}

/** The part of a job that a list keeps: small enough for a hundred thousand of them. */
export const brief = (job: Job): BriefJob => ({
  id: job.id,
  status: job.status,
  hold: job.hold,
  error: job.error === null ? null : { ...job.error, message: oneLine(job.error.message, 200) },
  // A fan-out has no worker of its own.
  assigned_to: job.assigned_to ?? (job.children === undefined ? null : plural(job.children.length, 'worker')),
  attempt: job.attempt,
  max_attempts: job.max_attempts,
  effort: job.effort,
  thread_id: job.thread_id,
  capability: job.capability,
  created_at: job.created_at,
  started_at: job.started_at,
  ended_at: job.ended_at,
  review_id: job.review_id,
  retry_at: job.retry_at,
  line: oneLine(job.prompt, 200),
})

export function JobLine({ job }: { readonly job: BriefJob }) {
  return (
    <li className="relative flex flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2.5 hover:bg-sunken">
      <span className="w-12 text-soft">{job.id}</span>
      <JobBadge job={job} />
      <Link
        to="/jobs/$jobId"
        params={{ jobId: String(job.id) }}
        className="min-w-0 flex-1 basis-48 truncate font-medium foreign after:absolute after:inset-0"
      >
        {job.line}
      </Link>
      <span className="flex gap-3 text-sm text-soft">
        <span className="max-w-40 truncate foreign">{job.assigned_to ?? 'unassigned'}</span>
        {job.status === 'running' ? <Span from={job.started_at} to={null} /> : <Time at={job.ended_at ?? job.created_at} />}
      </span>
    </li>
  )
}
