/** Responsible for one schedule in the list: when it is due, the outcome of its last runs, and the actions on it. */
import type { Schedule, ScheduleRun } from '@modelreins/contract'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { client } from '../../api/client.ts'
import { refresh } from '../../api/queries.ts'
import { useMay } from '../../api/session.ts'
import { Badge, type Tone } from '../../parts/badge.tsx'
import { Button, LinkButton } from '../../parts/button.tsx'
import { Facts } from '../../parts/facts.tsx'
import { Choices, Modal } from '../../parts/modal.tsx'
import { oneLine } from '../../parts/safe-text.ts'
import { plural, Time } from '../../parts/time.tsx'
import { complain, say } from '../../parts/toasts.tsx'
import { cronWords, everyWords } from './cron-words.ts'
import { NextRuns } from './next-runs.tsx'
import { ScheduleApproval } from './schedule-approval.tsx'
import { catchUpWays, overlapWays } from './schedule-form.tsx'

const tones: Readonly<Record<ScheduleRun['outcome'], Tone>> = { dispatched: 'good', skipped: 'warn', refused: 'bad', missed: 'warn' }

const says = (ways: readonly { readonly value: string; readonly says: string }[], value: string): string =>
  ways.find((way) => way.value === value)?.says ?? value

function LastRuns({ runs }: { readonly runs: readonly ScheduleRun[] }) {
  if (runs.length === 0) return <p className="text-sm text-soft">It has not been due yet.</p>
  return (
    <ol aria-label="Last runs, the newest first" className="flex flex-col gap-1">
      {runs.map((run) => (
        <li key={run.run_id} className="flex flex-wrap items-center gap-x-2 text-sm">
          <Badge tone={tones[run.outcome]}>{run.outcome}</Badge>
          {run.job_id === null ? null : (
            <Link to="/jobs/$jobId" params={{ jobId: String(run.job_id) }} className="text-accent underline">
              Job {run.job_id}
            </Link>
          )}
          <span className="text-soft">{run.due_at === null ? 'by hand' : null}</span>
          <span className="text-soft">
            <Time at={run.due_at ?? run.at} />
          </span>
          {run.detail === null ? null : <span className="min-w-0 basis-full text-soft foreign">{oneLine(run.detail, 300)}</span>}
        </li>
      ))}
    </ol>
  )
}

export function ScheduleCard({ schedule }: { readonly schedule: Schedule }) {
  const mayDispatch = useMay('jobs.dispatch')
  const [busy, setBusy] = useState(false)
  const [deleting, setDeleting] = useState(false)
  const ref = { schedule_id: schedule.schedule_id }
  const act = async (work: () => Promise<string>): Promise<void> => {
    setBusy(true)
    try {
      say(await work())
      setDeleting(false)
      await refresh('schedules', 'jobs')
    } catch (error) {
      complain(error)
    } finally {
      setBusy(false)
    }
  }
  const { cron, every } = schedule
  const words = cron === null ? everyWords(every ?? 0) : cronWords(cron)
  const ended = !schedule.paused && schedule.next_runs.length === 0
  return (
    <li className="card flex flex-col gap-3 p-4">
      <div className="flex flex-wrap items-start justify-between gap-x-4 gap-y-2">
        <h2 className="flex flex-wrap items-center gap-2 text-lg font-semibold">
          <span className="foreign">{oneLine(schedule.name)}</span>
          {schedule.paused ? <Badge tone="warn">Paused</Badge> : ended ? <Badge>Ended</Badge> : null}
        </h2>
        {mayDispatch ? (
          <div className="flex flex-wrap gap-2">
            <Button
              busy={busy}
              aria-label={`Run now: ${schedule.name}`}
              onClick={() =>
                void act(async () => {
                  const { run } = await client.call('schedules.run', ref)
                  return `Job ${run.job_id ?? ''} is dispatched, in addition to its due times.`
                })
              }
            >
              Run now
            </Button>
            <Button
              busy={busy}
              aria-label={`${schedule.paused ? 'Resume' : 'Pause'} ${schedule.name}`}
              onClick={() =>
                void act(async () => {
                  await client.call('schedules.update', { ...ref, paused: !schedule.paused })
                  return schedule.paused ? `${schedule.name} is resumed.` : `${schedule.name} is paused until it is resumed.`
                })
              }
            >
              {schedule.paused ? 'Resume' : 'Pause'}
            </Button>
            <LinkButton to="/schedules" search={{ edit: schedule.schedule_id }} aria-label={`Edit ${schedule.name}`}>
              Edit
            </LinkButton>
            <Button aria-label={`Delete ${schedule.name}`} onClick={() => setDeleting(true)}>
              Delete...
            </Button>
          </div>
        ) : null}
      </div>
      <div className="min-w-0">
        <p>
          {words === undefined ? null : <span className="inline-block first-letter:uppercase">{words}</span>}{' '}
          {cron === null ? null : (
            <span className="text-soft">
              <code className="inline-block max-w-full font-mono">{cron}</code> {schedule.timezone}
            </span>
          )}
        </p>
        <p className="line-clamp-2 text-soft foreign">{oneLine(schedule.job.prompt, 300)}</p>
        {schedule.job.targets === undefined ? null : (
          <p className="text-sm text-soft foreign">It asks {schedule.job.targets.join(', ')}.</p>
        )}
      </div>
      <div className="grid gap-4 border-t border-line pt-3 sm:grid-cols-2">
        <div>
          <h3 className="text-sm text-soft">Next runs</h3>
          <NextRuns
            times={schedule.next_runs}
            timezone={cron === null ? undefined : schedule.timezone}
            none={schedule.paused ? 'None while it is paused.' : 'None: it has ended.'}
          />
        </div>
        <div>
          <h3 className="mb-1 text-sm text-soft">Last runs</h3>
          <LastRuns runs={schedule.last_runs} />
        </div>
      </div>
      <ScheduleApproval schedule={schedule} />
      <details>
        <summary className="cursor-pointer text-sm text-soft">Rules and owner</summary>
        <div className="mt-2">
          <Facts
            rows={[
              ['If the previous job still runs', says(overlapWays, schedule.overlap)],
              ['Missed times', says(catchUpWays, schedule.catch_up)],
              schedule.jitter === 0 ? undefined : ['Random delay', `up to ${schedule.jitter} s`],
              [
                'Dispatched so far',
                schedule.max_runs === null ? plural(schedule.runs, 'job') : `${schedule.runs} of ${plural(schedule.max_runs, 'job')}`,
              ],
              schedule.starts_at === null ? undefined : ['Begins', <Time key="starts" at={schedule.starts_at} />],
              schedule.ends_at === null ? undefined : ['Ends', <Time key="ends" at={schedule.ends_at} />],
              ['Owner', schedule.owner ?? 'a member who is gone: change and save it to become its owner'],
              schedule.job.target === undefined ? undefined : ['Target', schedule.job.target],
              schedule.job.capability === undefined ? undefined : ['Capability', schedule.job.capability],
            ]}
          />
        </div>
      </details>
      {deleting ? (
        <Modal title={`Delete ${schedule.name}`} onClose={() => setDeleting(false)}>
          <p>
            It dispatches no more jobs, and the list of its runs is deleted. The {plural(schedule.runs, 'job')} that it dispatched stay, and
            so do its audit rows.
          </p>
          <Choices leave="Keep it" onLeave={() => setDeleting(false)}>
            <Button
              look="danger"
              busy={busy}
              onClick={() =>
                void act(async () => {
                  await client.call('schedules.delete', ref)
                  return `${schedule.name} is deleted.`
                })
              }
            >
              Delete the schedule
            </Button>
          </Choices>
        </Modal>
      ) : null}
    </li>
  )
}
