/** Responsible for Schedules: jobs that are dispatched again and again, and single jobs that wait for their time. */
import { useInfiniteQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useMemo } from 'react'
import { client } from '../../api/client.ts'
import { pages, useOperation } from '../../api/queries.ts'
import { useMay } from '../../api/session.ts'
import { Screen } from '../../frame/screen.tsx'
import { Button, LinkButton } from '../../parts/button.tsx'
import { Panel } from '../../parts/facts.tsx'
import { brief, JobLine } from '../../parts/job-line.tsx'
import { Empty, ErrorNotice, Notice, Skeleton } from '../../parts/notices.tsx'
import { ScheduleCard } from './schedule-card.tsx'
import { ScheduleForm } from './schedule-form.tsx'

/** Single jobs with `not_before`. */
function Waiting() {
  const { data, error, refetch } = useOperation('jobs.list', { status: ['pending'], limit: 200 })
  const jobs = useMemo(() => (data?.items ?? []).filter((job) => job.hold === 'schedule').map(brief), [data])
  if (error !== null) return <ErrorNotice error={error} what="Jobs that wait for their time" retry={() => void refetch()} />
  if (jobs.length === 0) return null
  return (
    <Panel title="Single jobs that wait for their time">
      <ul className="-mx-4 divide-y divide-line border-y border-line">
        {jobs.map((job) => (
          <JobLine key={job.id} job={job} />
        ))}
      </ul>
    </Panel>
  )
}

function Editor({ id, onClose }: { readonly id: string; readonly onClose: () => void }) {
  const { data, error } = useOperation('schedules.get', { schedule_id: id }, { enabled: id !== 'new' })
  if (id === 'new') return <ScheduleForm schedule={undefined} onClose={onClose} />
  if (error !== null) return <ErrorNotice error={error} what="The schedule" />
  return data === undefined ? null : <ScheduleForm key={data.schedule_id} schedule={data} onClose={onClose} />
}

export function Schedules() {
  const { edit } = useSearch({ from: '/schedules' })
  const navigate = useNavigate({ from: '/schedules' })
  const mayDispatch = useMay('jobs.dispatch')
  const list = useInfiniteQuery(
    pages(
      ['schedules.list', 'pages'],
      (cursor, signal) => client.call('schedules.list', { limit: 50, ...(cursor === undefined ? {} : { cursor }) }, { signal }),
      (schedule) => schedule,
    ),
  )
  const items = list.data?.pages.flatMap((page) => page.items) ?? []
  return (
    <Screen
      title="Schedules"
      narrow
      lead="Jobs that are dispatched again and again."
      actions={
        mayDispatch ? (
          <LinkButton look="primary" to="/schedules" search={{ edit: 'new' }}>
            New schedule
          </LinkButton>
        ) : undefined
      }
    >
      {list.isPending ? (
        <Skeleton label="Schedules" rows={4} />
      ) : list.error !== null && items.length === 0 ? (
        <ErrorNotice error={list.error} what="Schedules" retry={() => void list.refetch()} />
      ) : items.length === 0 ? (
        <Empty
          title="There is no schedule yet"
          action={
            mayDispatch ? (
              <LinkButton to="/schedules" search={{ edit: 'new' }}>
                Make the first one
              </LinkButton>
            ) : undefined
          }
        >
          A schedule dispatches a job by the clock, such as every night at three, or every so many minutes.
          {mayDispatch ? '' : ' An operator or owner makes one.'}
        </Empty>
      ) : (
        <>
          <ul aria-label="Schedules" className="flex flex-col gap-4">
            {items.map((schedule) => (
              <ScheduleCard key={schedule.schedule_id} schedule={schedule} />
            ))}
          </ul>
          {list.hasNextPage ? (
            <Button className="self-center" busy={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
              Show more
            </Button>
          ) : null}
        </>
      )}
      <Waiting />
      {edit === undefined ? null : mayDispatch ? (
        <Editor id={edit} onClose={() => void navigate({ search: {} })} />
      ) : (
        <Notice>Your role may read schedules. An operator or owner may change them.</Notice>
      )}
    </Screen>
  )
}
