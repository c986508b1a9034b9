/** Responsible for drawing the timeline of a job: one line from its dispatch to its end, from which attempts, holds and the jobs of a fan-out branch off. */
import { answerMark, type Job } from '@modelreins/contract'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useOperation } from '../../api/queries.ts'
import { useMay } from '../../api/session.ts'
import { jobState, type Tone } from '../../parts/badge.tsx'
import { Panel } from '../../parts/facts.tsx'
import { ErrorNotice, Skeleton } from '../../parts/notices.tsx'
import { oneLine } from '../../parts/safe-text.ts'
import { Span, spanWords, Time, useNow } from '../../parts/time.tsx'
import { timeIn, timelineOf, type Moment, type State, type Stretch, type Timeline } from './timeline.ts'

const names: Readonly<Record<State, string>> = {
  queued: 'Queued',
  held: 'Held',
  running: 'Running',
  retry: 'Waited for the next attempt',
  lost: 'Its worker was not heard of',
}
const dots: Readonly<Record<Tone, string>> = { plain: 'bg-edge', accent: 'bg-accent', good: 'bg-good', warn: 'bg-warn', bad: 'bg-bad' }

function Item({ tone, branch = false, children }: { readonly tone: Tone; readonly branch?: boolean; readonly children: ReactNode }) {
  return (
    <li className={`group relative pb-3 ${branch ? 'pl-12' : 'pl-6'}`}>
      <span
        aria-hidden="true"
        className="absolute inset-y-0 left-1.5 w-px bg-edge group-first:top-2.5 group-last:bottom-auto group-last:h-2.5"
      />
      {branch ? <span aria-hidden="true" className="absolute top-2.5 left-1.5 h-px w-6 bg-edge" /> : null}
      <span
        aria-hidden="true"
        className={`absolute top-1.5 size-3 rounded-full border-2 border-card ${branch ? 'left-7' : 'left-0'} ${dots[tone]}`}
      />
      {children}
    </li>
  )
}

function Line({ moment }: { readonly moment: Moment }) {
  return (
    <li className="flex flex-wrap gap-x-2 text-sm">
      <span>{moment.words}</span>
      <span className="min-w-0 text-soft foreign">
        {moment.who === '' ? '' : `by ${moment.who}`}
        {moment.detail === '' ? '' : `${moment.who === '' ? '' : ', '}${oneLine(moment.detail, 160)}`}
      </span>
      <span className="ml-auto text-soft">
        <Time at={moment.at} />
      </span>
    </li>
  )
}

const Lines = ({ moments }: { readonly moments: readonly Moment[] }) =>
  moments.length === 0 ? null : (
    <ul className="mt-0.5 flex flex-col gap-0.5">
      {moments.map((moment) => (
        <Line key={moment.key} moment={moment} />
      ))}
    </ul>
  )

function Attempt({ stretch, most }: { readonly stretch: Stretch; readonly most: number }) {
  const tone: Tone = stretch.ending === null ? 'accent' : stretch.failed ? (stretch.ending === 'aborted' ? 'plain' : 'bad') : 'good'
  return (
    <Item tone={tone} branch>
      <p className="flex flex-wrap gap-x-2">
        <strong>
          Attempt {stretch.attempt} of {most}
        </strong>
        {stretch.worker === '' ? null : <span className="max-w-48 truncate foreign">on {stretch.worker}</span>}
        <span className="text-soft">
          {stretch.ending ?? 'running'}, <Span from={stretch.from} to={stretch.to} />
        </span>
      </p>
      <Lines moments={stretch.moments} />
    </Item>
  )
}

/** A shorter wait without an event, in milliseconds, is not shown. */
const shortMs = 50
const isTold = ({ from, to, moments }: Stretch): boolean =>
  to === null || moments.length > 0 || Date.parse(to) - Date.parse(from) >= shortMs

function Wait({ stretch }: { readonly stretch: Stretch }) {
  const held = stretch.state === 'held'
  return (
    <Item tone={stretch.to === null ? 'warn' : 'plain'} branch={held}>
      <p className="text-soft">
        {stretch.to === null && stretch.state === 'retry' ? 'Waits for the next attempt' : names[stretch.state]}{' '}
        <Span from={stretch.from} to={stretch.to} />
      </p>
      <Lines moments={stretch.moments} />
    </Item>
  )
}

/** The jobs of a fan-out: each answer, and the merge. */
function Family({ job }: { readonly job: Job }) {
  const { data } = useOperation('jobs.children', { job_id: job.id })
  return (data?.items ?? []).map((child, place) => {
    const { word, tone } = jobState(child)
    return (
      <Item key={child.id} tone={tone} branch>
        <p className="flex flex-wrap gap-x-2">
          {child.role === 'merge' ? <strong>Merge</strong> : <span className="font-mono text-soft">[{answerMark(place)}]</span>}
          <span className="max-w-48 truncate font-medium foreign">{child.assigned_to ?? child.target ?? 'no worker yet'}</span>
          <span className="text-soft">
            {word}, <Span from={child.started_at} to={child.ended_at} />
          </span>
          <Link to="/jobs/$jobId" params={{ jobId: String(child.id) }} className="text-accent underline">
            Job {child.id}
          </Link>
        </p>
      </Item>
    )
  })
}

function Sums({ timeline }: { readonly timeline: Timeline }) {
  const now = useNow(timeline.end === undefined ? 1_000 : 3_600_000)
  const { queued, held, running, retry, lost } = timeIn(timeline, now)
  const parts = [
    ['queued', queued],
    ['held', held],
    ['waited for another attempt', retry + lost],
    ['ran', running],
  ] as const
  return <>{parts.flatMap(([word, ms]) => (ms >= 50 ? [`${word} ${spanWords(ms)}`] : [])).join(', ')}</>
}

export function TimelinePanel({ job }: { readonly job: Job }) {
  const mayAudit = useMay('audit.read')
  const rows = useOperation('audit.query', { job_id: job.id, order: 'asc', limit: 200 }, { enabled: mayAudit })
  if (mayAudit && rows.isPending) return <Skeleton label="The timeline" rows={3} />
  const timeline = timelineOf(job, rows.data?.items ?? [])
  const { tone } = jobState(job)
  const fanOut = job.kind === 'fan_out'
  return (
    <Panel
      title="Timeline"
      actions={
        <span className="text-sm text-soft">
          <Sums timeline={timeline} />
        </span>
      }
    >
      {rows.error === null ? null : (
        <ErrorNotice error={rows.error} what="What the audit trail knows of it" retry={() => void rows.refetch()} />
      )}
      <ol>
        <Item tone="accent">
          <ul>
            <Line moment={timeline.begin} />
          </ul>
        </Item>
        {timeline.stretches.map((stretch, index) =>
          stretch.state !== 'running' ? (
            isTold(stretch) ? (
              <Wait key={index} stretch={stretch} />
            ) : null
          ) : fanOut ? (
            stretch.moments.length === 0 ? null : (
              <Item key={index} tone="plain">
                <Lines moments={stretch.moments} />
              </Item>
            )
          ) : (
            <Attempt key={index} stretch={stretch} most={job.max_attempts} />
          ),
        )}
        {fanOut ? <Family job={job} /> : null}
        {timeline.end === undefined ? null : (
          <Item tone={tone}>
            <ul>
              <Line moment={timeline.end} />
            </ul>
          </Item>
        )}
      </ol>
      {rows.data?.next_cursor == null ? null : (
        <p className="text-sm text-soft">These are the first 200 rows. The audit trail has them all.</p>
      )}
    </Panel>
  )
}
