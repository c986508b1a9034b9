/** Responsible for the final answer of a fan-out, merged or picked, with links to the answers that it is made of. */
import type { Job } from '@modelreins/contract'
import { Link } from '@tanstack/react-router'
import type { MouseEvent, ReactNode } from 'react'
import { Markdown, type Cite } from '../../output/markdown.tsx'
import { prose } from '../../output/terminal-lines.ts'
import { Badge, JobBadge } from '../../parts/badge.tsx'
import { LinkButton } from '../../parts/button.tsx'
import { CopyButton } from '../../parts/copy.tsx'
import { oneLine } from '../../parts/safe-text.ts'
import { plural, Span, Time } from '../../parts/time.tsx'
import { cardId, Streaming } from './answer-card.tsx'
import { merges } from './merges.ts'
import { costWords, madeOf } from './meter.ts'

export interface MarkedChild {
  readonly job: Job
  readonly mark: string
}

const nameOf = (job: Job): string => job.assigned_to ?? job.target ?? `job ${job.id}`

/** Scrolls to the card of an answer and gives it the focus. */
function toCard(event: MouseEvent, job: Job): void {
  const card = document.getElementById(cardId(job))
  if (card === null) return
  event.preventDefault()
  card.scrollIntoView({ block: 'nearest', inline: 'center' })
  card.focus({ preventScroll: true })
}

function Chip({ child, children }: { readonly child: MarkedChild; readonly children?: ReactNode }) {
  return (
    <a
      href={`#${cardId(child.job)}`}
      title={`The answer of ${nameOf(child.job)}`}
      onClick={(event) => toCard(event, child.job)}
      className="inline-flex min-h-6 min-w-6 items-center justify-center gap-1 rounded-sm bg-accent-wash px-1 align-baseline text-sm font-medium text-accent hover:underline"
    >
      <span className="font-mono">[{child.mark}]</span>
      {children ?? <span className="sr-only">the answer of {nameOf(child.job)}</span>}
    </a>
  )
}

/** Links to the answers that it was made of, and what is missing from it. */
function Attribution({
  job,
  children,
  writer,
}: {
  readonly job: Job
  readonly children: readonly MarkedChild[]
  readonly writer: string | null
}) {
  const { merge } = job
  if (merge === undefined) return null
  const good = madeOf(merge, children)
  const cost = costWords(children.map((child) => child.job))
  const words = [
    ...(merge.by === 'worker' && !merge.degraded && writer !== null && merge.picked === undefined ? [`, written by ${writer}`] : []),
    ...(merge.failed === 0 ? [] : [`; ${plural(merge.failed, 'worker')} failed`]),
    ...(merge.missing === 0 ? [] : [`; ${plural(merge.missing, 'answer')} missing`]),
    ...(cost === undefined ? [] : [`; ${cost}`]),
  ].join('')
  return (
    <div className="flex min-w-0 flex-1 basis-60 flex-wrap items-center gap-x-2 gap-y-1">
      <span className="foreign">
        {merge.answered} of {children.length} answered: from{' '}
        {good.length === 0 ? 'no answer yet' : good.map((child) => nameOf(child.job)).join(', ')}
        {words}
      </span>
      <span role="group" aria-label="Answers that it is made of" className="flex flex-wrap gap-1">
        {good.map((child) => (
          <Chip key={child.job.id} child={child}>
            <span className="max-w-32 truncate foreign">{nameOf(child.job)}</span>
          </Chip>
        ))}
      </span>
    </div>
  )
}

function Counts({ merge }: { readonly merge: NonNullable<Job['merge']> }) {
  if (merge.counts === undefined || merge.picked !== undefined) return null
  return (
    <ul className="mt-3 divide-y divide-line border-t border-line">
      {merge.counts.map((one) => (
        <li key={one.answer} className="flex flex-wrap gap-x-3 py-1.5">
          <span className="w-16 font-medium">{plural(one.count, 'vote')}</span>
          <span className="min-w-0 flex-1 basis-40 truncate foreign">{oneLine(one.answer, 120)}</span>
          <span className="text-soft foreign">{one.workers.join(', ')}</span>
        </li>
      ))}
    </ul>
  )
}

function Body({ job, writing, cite }: { readonly job: Job; readonly writing: Job | undefined; readonly cite: Cite }) {
  if (job.ended_at === null) {
    if (writing?.status === 'running') return <Streaming job={writing} />
    return (
      <p className="text-soft">
        {writing === undefined ? 'It is made when the answers have arrived.' : 'The answers wait for the worker that merges them.'}
      </p>
    )
  }
  const text = prose(job.result ?? '')
  return (
    <>
      {job.error === null ? null : <p className="text-bad">{oneLine(job.error.message, 400)}</p>}
      {text === '' ? null : <Markdown text={text} cite={cite} />}
      {job.result_truncated ? (
        <Link className="text-accent underline" to="/jobs/$jobId" params={{ jobId: String(job.id) }}>
          The whole answer
        </Link>
      ) : null}
    </>
  )
}

interface Props {
  readonly job: Job
  readonly children: readonly MarkedChild[]
  /** The merge job. */
  readonly writing: Job | undefined
}

export function Merged({ job, children, writing }: Props) {
  const { merge } = job
  if (merge === undefined || (merge.by === 'none' && merge.picked === undefined)) return null
  const { picked } = merge
  const cite: Cite = (mark) => {
    const child = picked === undefined ? children.find((one) => one.mark === mark) : undefined
    return child === undefined ? undefined : <Chip child={child} />
  }
  const title = picked === undefined ? 'Merged answer' : 'Picked answer'
  return (
    <article aria-label={`${title} of job ${job.id}`} className="card border-accent/50">
      <header className="flex flex-wrap items-center gap-x-3 gap-y-1 border-b border-line px-4 py-2">
        <strong>{title}</strong>
        <JobBadge job={job} />
        {merge.degraded ? <Badge tone="warn">degraded</Badge> : null}
        <span className="text-sm text-soft foreign">
          {picked === undefined ? (
            merges.find((one) => one.value === merge.by)?.name
          ) : (
            <>
              of {picked.worker}, picked by {picked.by} <Time at={picked.at} />
            </>
          )}
        </span>
        <span className="ml-auto text-sm text-soft">
          <Span from={job.started_at} to={job.ended_at} />
        </span>
      </header>
      <div className="px-4 py-3">
        {merge.degraded ? <p className="mb-2 text-soft">The merge failed: these are the answers one after the other.</p> : null}
        <Body job={job} writing={writing} cite={cite} />
        <Counts merge={merge} />
        {merge.note === undefined || picked !== undefined ? null : (
          <p className="mt-2 text-sm text-soft foreign">{oneLine(merge.note, 400)}</p>
        )}
      </div>
      <footer className="flex flex-wrap items-center gap-x-3 gap-y-2 border-t border-line px-4 py-2 text-sm text-soft">
        <Attribution job={job} children={children} writer={writing?.assigned_to ?? null} />
        <LinkButton look="quiet" className="min-h-8 text-sm" to="/jobs/$jobId" params={{ jobId: String(job.id) }}>
          Job {job.id}
        </LinkButton>
        {job.result === null ? null : <CopyButton text={job.result} label="Copy answer" />}
      </footer>
    </article>
  )
}
