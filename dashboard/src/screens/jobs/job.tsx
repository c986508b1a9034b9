/** Responsible for the page of one job: its request, why it waits, its output and result, and its audit rows. */
import type { Concurrency, Job as JobShape } from '@modelreins/contract'
import { Link, useParams } from '@tanstack/react-router'
import { useOperation } from '../../api/queries.ts'
import { useMay } from '../../api/session.ts'
import { Screen } from '../../frame/screen.tsx'
import { JobBadge } from '../../parts/badge.tsx'
import { CopyButton } from '../../parts/copy.tsx'
import { Facts, Panel } from '../../parts/facts.tsx'
import { Took } from '../../parts/job-line.tsx'
import { Json } from '../../parts/json.tsx'
import { LongText } from '../../parts/long-text.tsx'
import { ErrorNotice, Notice, Skeleton } from '../../parts/notices.tsx'
import { oneLine } from '../../parts/safe-text.ts'
import { numberWords, plural, spanWords, Time } from '../../parts/time.tsx'
import { FanOut } from '../chat/fan-out.tsx'
import { costWords } from '../chat/meter.ts'
import { ContextPanel } from './context-panel.tsx'
import { JobActions } from './job-actions.tsx'
import { Files, OutputPanel, ResultPanel } from './job-panels.tsx'
import { TimelinePanel } from './timeline-panel.tsx'
import { WhyPanel } from './why.tsx'

function Trail({ jobId }: { readonly jobId: number }) {
  const { data, error, isPending } = useOperation('audit.query', { job_id: jobId, order: 'asc', limit: 100 })
  return (
    <Panel title="Audit rows of this job">
      {isPending ? (
        <Skeleton label="Audit rows" rows={3} />
      ) : error !== null ? (
        <ErrorNotice error={error} what="Audit rows" />
      ) : data.items.length === 0 ? (
        <p className="text-soft">They arrive here seconds after they were written.</p>
      ) : (
        <ol className="divide-y divide-line">
          {data.items.map((row) => (
            <li key={row.seq} className="flex flex-wrap gap-x-3 py-1.5">
              <Link to="/audit" search={{ row: String(row.seq) }} className="w-12 text-accent underline">
                {row.seq}
              </Link>
              <span className="w-36 font-medium">{row.action}</span>
              <span className="text-soft foreign">
                {row.actor.kind} {row.actor.name}
              </span>
              <span className="min-w-0 flex-1 basis-40 truncate text-soft foreign">{oneLine(row.summary)}</span>
              <span className="text-sm text-soft">
                <Time at={row.at} />
              </span>
            </li>
          ))}
        </ol>
      )}
    </Panel>
  )
}

const conflicts: Readonly<Record<Concurrency['on_conflict'], string>> = {
  wait: 'others wait',
  replace: 'a new job replaces those that have not started',
  reject: 'others are refused',
}
const keyWords = ({ key, limit, on_conflict }: Concurrency): string =>
  `${key}: ${limit === 1 ? 'one job at a time' : `${limit} jobs at once`}, ${conflicts[on_conflict]}`

/** For example `step 1 of 2, after failed; then cleo after rate_limited`: the current step of its chain and the steps ahead. */
function fallbackWords({ step, after, steps }: NonNullable<JobShape['fallback']>): string {
  const ahead = steps
    .slice(step)
    .map((one) => `${[one.target, one.provider, one.model].filter((word) => word !== null).join(' ')} after ${one.after}`)
  const now = step === 0 ? 'as asked' : `step ${step} of ${steps.length}, after ${after ?? 'a failure'}`
  return oneLine([now, ...(ahead.length === 0 ? [] : [`then ${ahead.join(', then ')}`])].join('; '), 300)
}

/** Effort, attempt, time and cost in one line; unknown values are left out. */
function Summary({ job }: { readonly job: JobShape }) {
  const fanOut = job.kind === 'fan_out'
  const { data } = useOperation('jobs.children', { job_id: job.id }, { enabled: fanOut })
  const cost = costWords(fanOut ? (data?.items ?? []) : [job])
  return (
    <>
      {job.effort} effort
      {fanOut ? `, ${plural(job.children?.length ?? 0, 'worker')}` : `, attempt ${job.attempt} of ${job.max_attempts}`}
      {job.started_at === null || job.status === 'retry' ? null : (
        <>
          , <Took job={job} />
        </>
      )}
      {cost === undefined ? '' : `, ${cost}${job.ended_at === null ? ' so far' : ''}`}
    </>
  )
}

export function Job() {
  const { jobId } = useParams({ from: '/jobs/$jobId' })
  const id = Number(jobId)
  const { data: job, error, isPending, refetch } = useOperation('jobs.get', { job_id: id })
  const mayAudit = useMay('audit.read')
  if (isPending) {
    return (
      <Screen title={`Job ${jobId}`}>
        <Skeleton label="The job" rows={6} />
      </Screen>
    )
  }
  if (job === undefined) {
    return (
      <Screen title={`Job ${jobId}`}>
        <ErrorNotice error={error} what="This job" retry={() => void refetch()} />
      </Screen>
    )
  }
  const ended = job.status === 'done' || job.status === 'failed'
  const tokens =
    job.usage === null ? undefined : `${numberWords(job.usage.tokens_in ?? 0)} in, ${numberWords(job.usage.tokens_out ?? 0)} out`
  return (
    <Screen title={`Job ${job.id}`} badge={<JobBadge job={job} />} lead={<Summary job={job} />} actions={<JobActions job={job} />}>
      {job.error === null ? null : (
        <Notice
          tone={job.error.type === 'aborted' ? 'plain' : 'bad'}
          title={job.error.type === 'aborted' ? 'Aborted' : `${ended ? 'Failed' : `Attempt ${job.attempt} failed`}: ${job.error.type}`}
        >
          <LongText text={job.error.message} mono />
        </Notice>
      )}
      {ended ? null : <WhyPanel job={job} />}
      <div className="grid gap-4 lg:grid-cols-[minmax(0,1fr)_20rem] lg:items-start">
        <div className="flex min-w-0 flex-col gap-4">
          <Panel title="Prompt" actions={<CopyButton text={job.prompt} />}>
            <LongText text={job.prompt} />
            <div className="mt-3 flex flex-col gap-2">
              {job.input === null ? null : <Json value={job.input} label="Input" />}
              {job.metadata === null ? null : <Json value={job.metadata} label="Metadata" />}
            </div>
          </Panel>
          <ContextPanel job={job} />
          {job.kind === 'fan_out' ? (
            <section aria-label="Answers" className="flex flex-col gap-3">
              <FanOut job={job} />
            </section>
          ) : (
            <>
              <ResultPanel job={job} />
              <OutputPanel job={job} />
            </>
          )}
          <Files job={job} />
          <TimelinePanel job={job} />
          {mayAudit ? <Trail jobId={job.id} /> : null}
        </div>
        <Panel title="Facts">
          <Facts
            rows={[
              job.parent_id == null
                ? undefined
                : [
                    job.role === 'merge' ? 'Merges' : 'Part of',
                    <Link key="parent" to="/jobs/$jobId" params={{ jobId: String(job.parent_id) }} className="text-accent underline">
                      Job {job.parent_id}
                    </Link>,
                  ],
              [
                'Worker',
                job.worker_id === null ? (
                  job.kind === 'fan_out' ? (
                    plural(job.children?.length ?? 0, 'worker')
                  ) : (
                    'none yet'
                  )
                ) : (
                  <Link to="/workers/$workerId" params={{ workerId: job.worker_id }} className="text-accent underline">
                    {job.assigned_to}
                  </Link>
                ),
              ],
              job.kind === 'fan_out' ? undefined : ['Attempt', `${job.attempt} of ${job.max_attempts}`],
              ['Effort', job.effort],
              ['Priority', job.priority],
              job.fallback === undefined ? undefined : ['Fallback', fallbackWords(job.fallback)],
              job.capability === null ? undefined : ['Capability', job.capability],
              job.concurrency === undefined ? undefined : ['Key', keyWords(job.concurrency)],
              job.rate === undefined
                ? undefined
                : ['Rate', `${job.rate.key}: ${plural(job.rate.max, 'start')} in ${spanWords(job.rate.per_seconds * 1_000)}`],
              job.thread_id === null
                ? undefined
                : [
                    'Thread',
                    <Link key="thread" to="/threads/$threadId" params={{ threadId: job.thread_id }} className="text-accent underline">
                      {oneLine(job.thread_id, 60)}
                    </Link>,
                  ],
              job.review_id === null
                ? undefined
                : [
                    'Review',
                    <Link
                      key="review"
                      to="/reviews/$reviewId"
                      params={{ reviewId: String(job.review_id) }}
                      className="text-accent underline"
                    >
                      {job.review_id}
                    </Link>,
                  ],
              ['Dispatched', <Time key="created" at={job.created_at} />],
              ['Started', <Time key="started" at={job.started_at} none={ended ? 'never' : 'not yet'} />],
              ['Took', <Took key="took" job={job} />],
              job.retry_at === null ? undefined : ['Next attempt', <Time key="retry" at={job.retry_at} />],
              job.exit_code === null ? undefined : ['Exit code', job.exit_code],
              job.created_by == null ? undefined : ['By', job.created_by.replace(/^\w+:/, '')],
              job.usage?.model === undefined ? undefined : ['Model', oneLine(job.usage.model, 80)],
              tokens === undefined ? undefined : ['Tokens', tokens],
              job.kind === 'fan_out' || job.ended_at === null || job.started_at === null
                ? undefined
                : ['Cost', costWords([job]) ?? 'unknown: the worker reported none'],
              job.requires_secrets.length === 0 ? undefined : ['Secrets', job.requires_secrets.join(', ')],
            ]}
          />
        </Panel>
      </div>
    </Screen>
  )
}
