/** Responsible for the answer to "why does it wait": the server's sentence, the obstacle of each worker, and the action that would help. */
import type { Input, Job, Why as WhyAnswer } from '@modelreins/contract'
import { useState } from 'react'
import { client } from '../../api/client.ts'
import { refresh, useOperation } from '../../api/queries.ts'
import { useMay } from '../../api/session.ts'
import { Button, LinkButton } from '../../parts/button.tsx'
import { Panel } from '../../parts/facts.tsx'
import { ErrorNotice } from '../../parts/notices.tsx'
import { Time } from '../../parts/time.tsx'
import { complain, say } from '../../parts/toasts.tsx'
import { limitWords, longerTimeout } from './timeout.ts'

type Verdict = WhyAnswer['workers'][number]

function Remedy({ verdict, job }: { readonly verdict: Verdict; readonly job: Job }) {
  const mayManage = useMay('workers.manage')
  const [busy, setBusy] = useState(false)
  const has = (words: string): boolean => verdict.reasons.some((reason) => reason.startsWith(words))
  const held = has('is paused') ? 'Resume it' : has('has an open circuit breaker') ? 'Close its breaker' : undefined
  const lacks = job.capability !== null && has('does not declare the capability')
  if (!mayManage) return null
  const offer = async (operation: 'workers.resume' | 'workers.unpark'): Promise<void> => {
    setBusy(true)
    try {
      await client.call(operation, { worker_id: verdict.worker_id })
      say(`${verdict.name} is offered work again.`)
      await refresh('jobs', 'workers', 'presence')
    } catch (error) {
      complain(error)
    } finally {
      setBusy(false)
    }
  }
  return (
    <>
      {held === undefined ? null : (
        <Button className="min-h-8 text-sm" busy={busy} onClick={() => void offer('workers.resume')}>
          {held}
        </Button>
      )}
      {has('is out of quota') ? (
        <Button className="min-h-8 text-sm" busy={busy} onClick={() => void offer('workers.unpark')}>
          Offer it work now
        </Button>
      ) : null}
      {lacks ? (
        <LinkButton
          className="min-h-8 text-sm"
          to="/workers/$workerId"
          params={{ workerId: verdict.worker_id }}
          search={{ add: job.capability ?? '' }}
        >
          Add the capability
        </LinkButton>
      ) : null}
    </>
  )
}

const dayMs = 86_400_000

/** Changes a job that has not started, and confirms the change. */
function useChange(job: Job) {
  const [busy, setBusy] = useState(false)
  const change = async (part: Pick<Input<'jobs.update'>, 'target' | 'expires_at' | 'timeout'>, done: string): Promise<void> => {
    setBusy(true)
    try {
      await client.call('jobs.update', { job_id: job.id, ...part })
      say(done)
      await refresh('jobs')
    } catch (error) {
      complain(error)
    } finally {
      setBusy(false)
    }
  }
  return { busy, change }
}

const below = 'mt-3 flex flex-wrap items-center gap-x-3 gap-y-2 border-t border-line pt-3'

/** When the timeout will end the running attempt; for a job whose attempt it has ended, the proposal of a longer one. */
function Timeout({ job, at }: { readonly job: Job; readonly at: string | undefined }) {
  const mayDispatch = useMay('jobs.dispatch')
  const { busy, change } = useChange(job)
  const longer = longerTimeout(job)
  if (job.status === 'running' && at !== undefined)
    return (
      <p className={`${below} text-soft`}>
        <span>
          The timeout ends this attempt <Time at={at} /> if it is still running. A timeout cannot be changed while an attempt runs; it can
          be raised here for the next attempt.
        </span>
      </p>
    )
  if (job.status === 'running' || longer === undefined) return null
  return (
    <div className={below}>
      <span className="text-soft">An attempt may take {limitWords(job.timeout)}. The last one reached this limit.</span>
      {mayDispatch ? (
        <Button
          className="ml-auto min-h-8 text-sm"
          busy={busy}
          onClick={() => void change({ timeout: longer }, `An attempt of job ${job.id} may take ${limitWords(longer)}.`)}
        >
          Raise the timeout to {limitWords(longer)}
        </Button>
      ) : null}
    </div>
  )
}

/** What a member may change of a waiting job: which workers may take it, and how long it waits. */
function Waiting({ job }: { readonly job: Job }) {
  const mayDispatch = useMay('jobs.dispatch')
  const { busy, change } = useChange(job)
  if (job.status !== 'pending' || job.expires_at == null) return null
  const expires = Date.parse(job.expires_at)
  return (
    <div className={below}>
      <span className="text-soft">
        It expires <Time at={job.expires_at} /> if it has not started.
      </span>
      {mayDispatch ? (
        <span className="ml-auto flex flex-wrap gap-2">
          {job.target === null || job.role != null ? null : (
            <Button
              className="min-h-8 text-sm"
              busy={busy}
              onClick={() => void change({ target: null }, `Job ${job.id} may go to any worker that fits.`)}
            >
              Allow other workers than {job.target}
            </Button>
          )}
          <Button
            className="min-h-8 text-sm"
            busy={busy}
            onClick={() =>
              void change(
                { expires_at: new Date(Math.max(expires, Date.now()) + dayMs).toISOString() },
                `Job ${job.id} waits a day longer.`,
              )
            }
          >
            Let it wait a day longer
          </Button>
        </span>
      ) : null}
    </div>
  )
}

export function WhyPanel({ job }: { readonly job: Job }) {
  const { data, error, isPending, refetch } = useOperation('jobs.why', { job_id: job.id })
  const mayDispatch = useMay('jobs.dispatch')
  const title = job.status === 'running' ? 'Why here' : 'Why waiting'
  if (isPending) return null
  if (error !== null) return <ErrorNotice error={error} what="The reason" retry={() => void refetch()} />
  return (
    <Panel
      title={title}
      actions={
        <>
          {job.hold === 'review' && job.review_id !== null ? (
            <LinkButton look="primary" to="/reviews/$reviewId" params={{ reviewId: String(job.review_id) }}>
              Open the review
            </LinkButton>
          ) : null}
          {data.workers.length === 0 && mayDispatch ? <LinkButton to="/workers/register">Register a worker</LinkButton> : null}
        </>
      }
    >
      <p className="text-lg foreign">{data.answer}</p>
      {data.workers.length === 0 || job.kind === 'fan_out' ? null : (
        <ul className="mt-3 divide-y divide-line border-t border-line" aria-label="Workers, the best first">
          {data.workers.slice(0, 50).map((verdict) => (
            <li key={verdict.worker_id} className="flex flex-wrap items-center gap-x-3 gap-y-1 py-2">
              <LinkButton
                look="quiet"
                className="min-h-8 px-1! font-semibold"
                to="/workers/$workerId"
                params={{ workerId: verdict.worker_id }}
              >
                {verdict.name}
              </LinkButton>
              <span className={verdict.eligible ? 'text-good' : 'text-soft'}>{verdict.eligible ? 'may take it' : 'may not take it'}</span>
              <span className="min-w-0 flex-1 basis-60 text-soft foreign">{verdict.reasons.join('; ')}</span>
              <Remedy verdict={verdict} job={job} />
            </li>
          ))}
        </ul>
      )}
      <Timeout job={job} at={data.timeout_at} />
      <Waiting job={job} />
    </Panel>
  )
}
