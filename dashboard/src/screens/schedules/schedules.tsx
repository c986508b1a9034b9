/** Responsible for Schedules: jobs that are dispatched repeatedly, and single jobs that wait for their start time. */
import { useInfiniteQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useMemo } from 'react'
import { client } from '../../api/client.ts'
import { pages, useOperation } from '../../api/queries.ts'
import { useMay, useMe } from '../../api/session.ts'
import { Screen } from '../../frame/screen.tsx'
import { LinkButton } from '../../parts/button.tsx'
import { Panel } from '../../parts/facts.tsx'
import { brief, JobLine } from '../../parts/job-line.tsx'
import { MoreList } from '../../parts/more-list.tsx'
import { Empty, ErrorNotice, Notice } from '../../parts/notices.tsx'
import { draftKey } from '../chat/draft.ts'
import { readDraft } from '../chat/use-draft.ts'
import { repeatedOf } from '../chat/request.ts'
import { ScheduleCard } from './schedule-card.tsx'
import type { RepeatedJob } from './schedule-draft.ts'
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

/** The job that a new schedule starts from: the draft of Chat, when the person comes from there. */
function useGiven(): RepeatedJob | undefined {
  const me = useMe()
  const { chat } = useSearch({ from: '/schedules' })
  if (chat === undefined) return undefined
  const thread = chat === 'new' ? '' : chat
  return repeatedOf(readDraft(draftKey(me, thread)), thread)
}

function Editor({ id, onClose }: { readonly id: string; readonly onClose: () => void }) {
  const given = useGiven()
  const { data, error } = useOperation('schedules.get', { schedule_id: id }, { enabled: id !== 'new' })
  if (id === 'new') return <ScheduleForm schedule={undefined} job={given} onClose={onClose} />
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
      <MoreList
        label="Schedules"
        list={list}
        className="flex flex-col gap-4"
        row={(schedule) => <ScheduleCard key={schedule.schedule_id} schedule={schedule} />}
        empty={
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
        }
      />
      <Waiting />
      {edit === undefined ? null : mayDispatch ? (
        <Editor id={edit} onClose={() => void navigate({ search: {} })} />
      ) : (
        <Notice>Your role may read schedules. An operator or owner may change them.</Notice>
      )}
    </Screen>
  )
}
