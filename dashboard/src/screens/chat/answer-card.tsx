/** Responsible for one job as a card in a conversation: its stream while it runs, and its result. */
import type { Job } from '@modelreins/contract'
import { Link } from '@tanstack/react-router'
import { useState, type ReactNode } from 'react'
import { client } from '../../api/client.ts'
import { refresh } from '../../api/queries.ts'
import { useMay } from '../../api/session.ts'
import { useJobOutput } from '../../output/job-output.ts'
import { Markdown } from '../../output/markdown.tsx'
import { prose } from '../../output/terminal-lines.ts'
import { JobBadge } from '../../parts/badge.tsx'
import { Button, LinkButton } from '../../parts/button.tsx'
import { CopyButton } from '../../parts/copy.tsx'
import { oneLine } from '../../parts/safe-text.ts'
import { numberWords, Span } from '../../parts/time.tsx'
import { complain, say } from '../../parts/toasts.tsx'

export function Streaming({ job }: { readonly job: Job }) {
  const output = useJobOutput(job.id, true)
  if (output.text === '') return <p className="text-soft">{job.status === 'running' ? 'It works; nothing is written yet.' : ''}</p>
  return <Markdown text={prose(output.text)} />
}

function Waiting({ job }: { readonly job: Job }) {
  const why =
    job.hold === 'review'
      ? 'It waits for a reviewer.'
      : job.hold === 'schedule'
        ? 'It is scheduled.'
        : job.status === 'retry'
          ? 'The last attempt failed; the next one is due soon.'
          : 'It waits for its worker.'
  return (
    <p className="flex flex-wrap items-center gap-x-3 gap-y-1 text-soft">
      {why}
      {job.hold === 'review' && job.review_id !== null ? (
        <Link className="text-accent underline" to="/reviews/$reviewId" params={{ reviewId: String(job.review_id) }}>
          Open the review
        </Link>
      ) : (
        <Link className="text-accent underline" to="/jobs/$jobId" params={{ jobId: String(job.id) }}>
          Why?
        </Link>
      )}
    </p>
  )
}

function Body({ job }: { readonly job: Job }) {
  if (job.status === 'running') return <Streaming job={job} />
  if (job.status === 'pending' || job.status === 'retry') return <Waiting job={job} />
  const text = prose(job.result ?? job.output)
  return (
    <>
      {job.error === null ? null : (
        <p className={job.error.type === 'aborted' ? 'text-soft' : 'text-bad'}>
          <strong>{job.error.type === 'aborted' ? 'Aborted. ' : `Failed (${job.error.type}). `}</strong>
          {oneLine(job.error.message, 400)}
        </p>
      )}
      {text === '' ? job.error === null ? <p className="text-soft">It ended without an answer.</p> : null : <Markdown text={text} />}
      {job.result_truncated ? (
        <p className="mt-2">
          <Link className="text-accent underline" to="/jobs/$jobId" params={{ jobId: String(job.id) }}>
            The whole answer
          </Link>
        </p>
      ) : null}
    </>
  )
}

/** The usage that the worker reported; unreported values are shown as unknown. */
function UsageLine({ job, all }: { readonly job: Job; readonly all: boolean }) {
  if (job.started_at === null) return null
  const { usage } = job
  const model = usage?.model ?? job.model
  const parts = [
    ...(model == null ? [] : [oneLine(model, 60)]),
    ...(usage?.tokens_in === undefined && usage?.tokens_out === undefined
      ? []
      : [`${numberWords(usage.tokens_in ?? 0)} tokens in, ${numberWords(usage.tokens_out ?? 0)} out`]),
    usage?.cost_usd === undefined ? (all && job.ended_at !== null ? 'cost not reported' : '') : `${usage.cost_usd.toFixed(4)} USD`,
  ].filter((part) => part !== '')
  return parts.length === 0 ? null : <span className="w-full text-sm text-soft foreign">{parts.join(', ')}</span>
}

/** Id of the card that a citation links to. */
export const cardId = (job: Pick<Job, 'id'>): string => `answer-${job.id}`

interface Props {
  readonly job: Job
  /** The letter by which a merged answer cites this one. */
  readonly mark?: string
  readonly badge?: ReactNode
  readonly actions?: ReactNode
}

export function AnswerCard({ job, mark, badge, actions }: Props) {
  const mayAbort = useMay('jobs.abort')
  const [busy, setBusy] = useState(false)
  const live = job.status === 'running' || job.status === 'pending' || job.status === 'retry'
  const stop = async (): Promise<void> => {
    setBusy(true)
    try {
      await client.call('jobs.abort', { job_id: job.id, reason: 'stopped in Chat' })
      say(`Job ${job.id} is aborted.`)
      await refresh('jobs')
    } catch (error) {
      complain(error)
    } finally {
      setBusy(false)
    }
  }
  return (
    <article
      id={cardId(job)}
      tabIndex={-1}
      aria-label={`Answer of ${job.assigned_to ?? 'unassigned'} to job ${job.id}`}
      className="card flex min-w-0 scroll-mt-18 flex-col focus:outline-2 focus:outline-accent"
    >
      <header className="flex flex-wrap items-center gap-x-3 gap-y-1 border-b border-line px-4 py-2">
        {mark === undefined ? null : <span className="font-mono text-sm text-soft">[{mark}]</span>}
        <strong className="max-w-48 truncate foreign">{job.assigned_to ?? job.target ?? 'No worker yet'}</strong>
        <JobBadge job={job} />
        {badge}
        <span className="ml-auto text-sm text-soft">
          <Span from={job.started_at} to={job.ended_at} />
        </span>
        <UsageLine job={job} all={mark !== undefined} />
      </header>
      <div className="min-w-0 flex-1 px-4 py-3">
        <Body job={job} />
      </div>
      <footer className="flex flex-wrap items-center gap-x-1 gap-y-1 px-2 pb-3">
        <LinkButton look="quiet" className="min-h-8 text-sm" to="/jobs/$jobId" params={{ jobId: String(job.id) }}>
          Job {job.id}
        </LinkButton>
        {job.result === null ? null : <CopyButton text={job.result} label="Copy answer" />}
        {actions}
        {live && mayAbort ? (
          <Button
            className="ml-auto min-h-8 text-sm"
            busy={busy}
            aria-label={`Stop ${job.assigned_to ?? `job ${job.id}`}`}
            onClick={() => void stop()}
          >
            Stop
          </Button>
        ) : null}
      </footer>
    </article>
  )
}
