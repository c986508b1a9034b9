/** Responsible for one prompt that several workers got: their answers side by side, then the one that was made of them, and of whose. */
import type { Job, MergeKind } from '@modelreins/contract'
import { Link } from '@tanstack/react-router'
import { useOperation } from '../../api/queries.ts'
import { Markdown } from '../../output/markdown.tsx'
import { prose } from '../../output/terminal-lines.ts'
import { Badge, JobBadge } from '../../parts/badge.tsx'
import { LinkButton } from '../../parts/button.tsx'
import { CopyButton } from '../../parts/copy.tsx'
import { ErrorNotice, Skeleton } from '../../parts/notices.tsx'
import { oneLine } from '../../parts/safe-text.ts'
import { plural, Span } from '../../parts/time.tsx'
import { AnswerCard, Streaming } from './answer-card.tsx'

/** How several answers can become one, in the order of the choice. */
export const merges: readonly { readonly value: MergeKind; readonly name: string; readonly says: string }[] = [
  { value: 'worker', name: 'One answer', says: 'a worker writes it from all' },
  { value: 'concat', name: 'One after the other', says: 'each under its name' },
  { value: 'vote', name: 'Vote', says: 'the most frequent answer' },
  { value: 'first', name: 'First', says: 'the first good answer, the others are aborted' },
  { value: 'none', name: 'None', says: 'no merged answer' },
]

export const sideBySide =
  'flex snap-x snap-mandatory gap-3 overflow-x-auto pb-2 *:w-[85%] *:shrink-0 *:snap-center md:grid md:grid-cols-[repeat(auto-fit,minmax(18rem,1fr))] md:overflow-visible md:*:w-auto'

type Merge = NonNullable<Job['merge']>

/** Whose answers the merged one was made of, and what is missing from it. */
function attribution(merge: Merge, children: readonly Job[], writer: string | null): string {
  const good = children.filter((child) => child.status === 'done').map((child) => child.assigned_to ?? `job ${child.id}`)
  const from = good.length === 0 ? 'from no answer yet' : `from ${good.join(', ')}`
  const by = merge.by === 'worker' && !merge.degraded && writer !== null ? `, written by ${writer}` : ''
  const failed = merge.failed === 0 ? '' : `; ${plural(merge.failed, 'worker')} failed`
  const missing = merge.missing === 0 ? '' : `; ${plural(merge.missing, 'answer')} missing`
  return `${merge.answered} of ${children.length} answered: ${from}${by}${failed}${missing}`
}

function Counts({ merge }: { readonly merge: Merge }) {
  if (merge.counts === undefined) return null
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

function MergedBody({ job, writing }: { readonly job: Job; readonly writing: Job | undefined }) {
  if (job.ended_at === null) {
    if (writing?.status === 'running') return <Streaming job={writing} />
    return (
      <p className="text-soft">{writing === undefined ? 'It is made when the answers are there.' : 'The answers wait for their writer.'}</p>
    )
  }
  const text = prose(job.result ?? '')
  return (
    <>
      {job.error === null ? null : <p className="text-bad">{oneLine(job.error.message, 400)}</p>}
      {text === '' ? null : <Markdown text={text} />}
      {job.result_truncated ? (
        <Link className="text-accent underline" to="/jobs/$jobId" params={{ jobId: String(job.id) }}>
          The whole answer
        </Link>
      ) : null}
    </>
  )
}

function Merged({ job, children, writing }: { readonly job: Job; readonly children: readonly Job[]; readonly writing: Job | undefined }) {
  const { merge } = job
  if (merge === undefined || merge.by === 'none') return null
  return (
    <article aria-label={`Merged answer of job ${job.id}`} className="card border-accent/50">
      <header className="flex flex-wrap items-center gap-x-3 gap-y-1 border-b border-line px-4 py-2">
        <strong>Merged answer</strong>
        <JobBadge job={job} />
        {merge.degraded ? <Badge tone="warn">degraded</Badge> : null}
        <span className="text-sm text-soft">{merges.find((one) => one.value === merge.by)?.name}</span>
        <span className="ml-auto text-sm text-soft">
          <Span from={job.started_at} to={job.ended_at} />
        </span>
      </header>
      <div className="px-4 py-3">
        {merge.degraded ? <p className="mb-2 text-soft">The merge could not be had: these are the answers one after the other.</p> : null}
        <MergedBody job={job} writing={writing} />
        <Counts merge={merge} />
        {merge.note === undefined ? null : <p className="mt-2 text-sm text-soft foreign">{oneLine(merge.note, 400)}</p>}
      </div>
      <footer className="flex flex-wrap items-center gap-x-3 gap-y-2 border-t border-line px-4 py-2 text-sm text-soft">
        <span className="min-w-0 flex-1 basis-60 foreign">{attribution(merge, children, writing?.assigned_to ?? null)}</span>
        <LinkButton look="quiet" className="min-h-8 text-sm" to="/jobs/$jobId" params={{ jobId: String(job.id) }}>
          Job {job.id}
        </LinkButton>
        {job.result === null ? null : <CopyButton text={job.result} label="Copy answer" />}
      </footer>
    </article>
  )
}

export function FanOut({ job }: { readonly job: Job }) {
  const { data, error, isPending, refetch } = useOperation('jobs.children', { job_id: job.id })
  if (isPending) return <Skeleton label="The answers" rows={3} />
  if (error !== null) return <ErrorNotice error={error} what="The answers" retry={() => void refetch()} />
  const children = data.items.filter((child) => child.role !== 'merge')
  return (
    <>
      <div className={sideBySide}>
        {children.map((child) => (
          <AnswerCard key={child.id} job={child} />
        ))}
      </div>
      <Merged job={job} children={children} writing={data.items.find((child) => child.role === 'merge')} />
    </>
  )
}
