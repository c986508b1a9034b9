/** Responsible for Home: what waits for the member, what runs, what failed since their last visit; on an empty tenant, the three first steps. */
import { Link } from '@tanstack/react-router'
import { useEffect, useState, type ReactNode } from 'react'
import { useOperation } from '../../api/queries.ts'
import { useMay, useMe } from '../../api/session.ts'
import { Screen } from '../../frame/screen.tsx'
import { useWaiting, waitingInput } from '../../frame/waiting.ts'
import { useOffers } from '../../frame/work.ts'
import { Badge, PresenceBadge } from '../../parts/badge.tsx'
import { buttonClass, LinkButton } from '../../parts/button.tsx'
import { brief, JobLine, type BriefJob } from '../../parts/job-line.tsx'
import { ErrorNotice, Skeleton } from '../../parts/notices.tsx'
import { oneLine } from '../../parts/safe-text.ts'
import { read, write } from '../../parts/settings-store.ts'
import { plural, Time } from '../../parts/time.tsx'
import { FirstSteps } from './first-steps.tsx'

function Section({ title, more, children }: { readonly title: string; readonly more?: ReactNode; readonly children: ReactNode }) {
  return (
    <section className="flex flex-col gap-2">
      <div className="flex items-baseline justify-between gap-3">
        <h2 className="text-lg font-semibold">{title}</h2>
        {more}
      </div>
      {children}
    </section>
  )
}

const Quiet = ({ children }: { readonly children: ReactNode }) => <p className="card px-4 py-3 text-soft">{children}</p>

/** Jobs for this member as a person; draws nothing while there are none. */
function OwnWork() {
  const { offered, reminded } = useOffers()
  if (offered + reminded === 0) return null
  const words = [
    ...(reminded === 0 ? [] : [`${plural(reminded, 'job')} in your hands ${reminded === 1 ? 'goes' : 'go'} back to the queue soon`]),
    ...(offered === 0 ? [] : [`${plural(offered, 'job')} ${offered === 1 ? 'is' : 'are'} on offer to you`]),
  ]
  return (
    <p className="card relative flex flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2.5 hover:bg-sunken">
      <Badge tone={reminded > 0 ? 'warn' : 'accent'}>My work</Badge>
      <Link to="/work" className="min-w-0 flex-1 basis-48 font-medium after:absolute after:inset-0">
        {words.join(', ')}
      </Link>
    </p>
  )
}

/** Connected workers that take no jobs: deaf, out of quota, or with an open circuit breaker. Draws nothing while there are none. */
function Troubled() {
  const { data } = useOperation('presence.list', {})
  const troubles = (data?.items ?? []).flatMap((one) => {
    const says =
      one.state === 'deaf'
        ? 'is connected, but does not answer offers'
        : one.breaker != null
          ? 'failed so often that its circuit breaker is open'
          : one.state === 'parked'
            ? 'is out of quota'
            : undefined
    return says === undefined ? [] : [{ ...one, says }]
  })
  if (troubles.length === 0) return null
  return (
    <Section title="Workers to look at">
      <ul className="card divide-y divide-line overflow-hidden">
        {troubles.slice(0, 6).map((one) => (
          <li key={one.worker_id} className="relative flex flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2.5 hover:bg-sunken">
            <PresenceBadge state={one.state} paused={false} revoked={false} />
            <Link
              to="/workers/$workerId"
              params={{ workerId: one.worker_id }}
              className="min-w-0 flex-1 basis-48 foreign after:absolute after:inset-0"
            >
              <strong>{one.name}</strong> {one.says}
            </Link>
            <span className="text-sm text-soft">
              heard of <Time at={one.last_seen} none="never" />
            </span>
          </li>
        ))}
      </ul>
      {troubles.length > 6 ? <p className="text-soft">and {troubles.length - 6} more under Workers</p> : null}
    </Section>
  )
}

function Waiting() {
  const { data, error, isPending, refetch } = useOperation('reviews.list', waitingInput)
  const mayDecide = useMay('reviews.decide')
  if (isPending) return <Skeleton label="Reviews" rows={2} />
  if (error !== null) return <ErrorNotice error={error} what="Reviews" retry={() => void refetch()} />
  if (data.items.length === 0) return <Quiet>Nothing waits for a decision.</Quiet>
  return (
    <ul className="card divide-y divide-line overflow-hidden">
      {data.items.slice(0, 6).map((review) => (
        <li key={review.id} className="relative flex flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2.5 hover:bg-sunken">
          <Badge tone="warn">{review.capability ?? review.type}</Badge>
          <Link
            to="/reviews/$reviewId"
            params={{ reviewId: String(review.id) }}
            className="min-w-0 flex-1 basis-48 truncate font-medium foreign after:absolute after:inset-0"
          >
            {oneLine(review.title)}
          </Link>
          <span className="text-sm text-soft">
            {mayDecide ? '' : 'a reviewer decides · '}
            <Time at={review.created_at} />
          </span>
        </li>
      ))}
    </ul>
  )
}

function JobList({ jobs, none }: { readonly jobs: readonly BriefJob[]; readonly none: string }) {
  if (jobs.length === 0) return <Quiet>{none}</Quiet>
  return (
    <ul className="card divide-y divide-line overflow-hidden">
      {jobs.map((job) => (
        <JobLine key={job.id} job={job} />
      ))}
    </ul>
  )
}

/** When this browser last showed Home to this member. The value does not change while Home is open. */
function useLastLook(): number {
  const me = useMe()
  const key = `looked.${me.tenant}.${me.id}`
  const [last] = useState(() => Number(read(key) ?? 0))
  useEffect(() => {
    const leave = (): void => write(key, String(Date.now()))
    addEventListener('pagehide', leave)
    return () => {
      removeEventListener('pagehide', leave)
      leave()
    }
  }, [key])
  return last
}

function Figures() {
  const mayDecide = useMay('reviews.decide')
  const reviews = useWaiting()
  const { offered, reminded } = useOffers()
  const work = offered + reminded
  const waiting = reviews + work
  const presence = useOperation('presence.list', {})
  const items = presence.data?.items ?? []
  const live = items.filter((one) => one.state !== 'offline')
  const running = live.reduce((sum, one) => sum + one.running, 0)
  const slots = live.reduce((sum, one) => sum + one.slots, 0)
  const deaf = items.filter((one) => one.state === 'deaf').length
  const figure = (label: string, value: string, note: string, to: '/reviews' | '/work' | '/jobs' | '/workers') => (
    <Link to={to} className="card px-4 py-3 hover:border-edge">
      <span className="block text-sm text-soft">{label}</span>
      <span className="block text-xl font-semibold">{value}</span>
      <span className="block text-sm text-soft">{note}</span>
    </Link>
  )
  return (
    <div className="grid gap-3 sm:grid-cols-3">
      {figure(
        mayDecide ? 'Waiting on you' : 'Waiting for a reviewer',
        waiting > 199 ? '199+' : String(waiting),
        work === 0 ? plural(reviews, 'decision') : `${plural(reviews, 'decision')}, ${plural(work, 'job')} for you`,
        work > 0 && reviews === 0 ? '/work' : '/reviews',
      )}
      {figure('Running now', String(running), slots === 0 ? 'no worker is connected' : `of ${plural(slots, 'slot')}`, '/jobs')}
      {figure('Workers there', String(live.length), deaf === 0 ? `of ${items.length}` : `of ${items.length}, ${deaf} deaf`, '/workers')}
    </div>
  )
}

export function Home() {
  const mayDecide = useMay('reviews.decide')
  const last = useLastLook()
  const mayDispatch = useMay('jobs.dispatch')
  const newest = useOperation('jobs.list', { limit: 1 })
  const running = useOperation('jobs.list', { status: ['running'], limit: 20 })
  const failed = useOperation('jobs.list', { status: ['failed'], limit: 20 })
  const workers = useOperation('workers.list', { limit: 1 })
  const empty = newest.data?.items.length === 0 || workers.data?.items.length === 0
  const failures = (failed.data?.items ?? [])
    .filter((job) => Date.parse(job.ended_at ?? job.created_at) > last && job.error?.type !== 'aborted')
    .map(brief)
  return (
    <Screen
      title="Home"
      actions={
        mayDispatch ? (
          <LinkButton look="primary" to="/chat">
            Dispatch a job
          </LinkButton>
        ) : undefined
      }
    >
      {empty && mayDispatch ? <FirstSteps /> : <Figures />}
      <Section title={mayDecide ? 'Waiting on you' : 'Waiting for a reviewer'}>
        <OwnWork />
        <Waiting />
      </Section>
      <Troubled />
      <Section
        title="Running now"
        more={
          <Link className="text-accent underline" to="/jobs" search={{ status: 'running' }}>
            All running jobs
          </Link>
        }
      >
        {running.isPending ? (
          <Skeleton label="Running jobs" rows={2} />
        ) : running.error === null ? (
          <JobList jobs={running.data.items.map(brief)} none="No job is running." />
        ) : (
          <ErrorNotice error={running.error} what="Running jobs" />
        )}
      </Section>
      <Section
        title={last === 0 ? 'Failed' : 'Failed since your last visit'}
        more={
          <Link className="text-accent underline" to="/jobs" search={{ status: 'failed' }}>
            All failed jobs
          </Link>
        }
      >
        {failed.isPending ? (
          <Skeleton label="Failed jobs" rows={2} />
        ) : failed.error === null ? (
          <JobList jobs={failures} none="Nothing has failed." />
        ) : (
          <ErrorNotice error={failed.error} what="Failed jobs" />
        )}
      </Section>
      {newest.data?.items.length === 0 && !mayDispatch ? (
        <p className="text-soft">
          No job has been dispatched yet. An operator does so under <span className={buttonClass('quiet', 'px-0!')}>Chat</span>.
        </p>
      ) : null}
    </Screen>
  )
}
