/** Responsible for Schedules: the jobs that wait for their time, the next one first. */
import { useMemo } from 'react'
import { useOperation } from '../../api/queries.ts'
import { Screen } from '../../frame/screen.tsx'
import { LinkButton } from '../../parts/button.tsx'
import { brief, JobLine } from '../../parts/job-line.tsx'
import { Empty, ErrorNotice, Notice, Skeleton } from '../../parts/notices.tsx'

export function Schedules() {
  const { data, error, isPending, refetch } = useOperation('jobs.list', { status: ['pending'], limit: 200 })
  const jobs = useMemo(() => (data?.items ?? []).filter((job) => job.hold === 'schedule').map(brief), [data])
  return (
    <Screen title="Schedules" narrow lead="Jobs that are not offered before their time.">
      {isPending ? (
        <Skeleton label="Schedules" rows={4} />
      ) : error !== null ? (
        <ErrorNotice error={error} what="Schedules" retry={() => void refetch()} />
      ) : jobs.length === 0 ? (
        <Empty title="No job waits for its time" action={<LinkButton to="/jobs">All jobs</LinkButton>}>
          A job that is dispatched with <code className="font-mono">not_before</code> stands here until then.
        </Empty>
      ) : (
        <ul className="card divide-y divide-line overflow-hidden">
          {jobs.map((job) => (
            <JobLine key={job.id} job={job} />
          ))}
        </ul>
      )}
      <Notice title="Repeating jobs">
        Cron schedules are not part of this version: let a cron job on a machine of yours call the dispatch operation.
      </Notice>
    </Screen>
  )
}
