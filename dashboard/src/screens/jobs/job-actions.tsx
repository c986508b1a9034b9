/** Responsible for the actions on one job: abort it with a reason, retry it, or dispatch it again with changes. */
import type { Input, Job } from '@modelreins/contract'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useId, useState } from 'react'
import { client } from '../../api/client.ts'
import { refresh } from '../../api/queries.ts'
import { useMay, useMe } from '../../api/session.ts'
import { Button } from '../../parts/button.tsx'
import { Choices, Modal } from '../../parts/modal.tsx'
import { write } from '../../parts/settings-store.ts'
import { complain, say } from '../../parts/toasts.tsx'
import { ContinueButton } from '../chat/continue.tsx'
import { draftKey } from '../chat/draft.ts'
import { limitWords, longerTimeout } from './timeout.ts'

function AbortDialog({ job, onClose }: { readonly job: Job; readonly onClose: () => void }) {
  const id = useId()
  const [reason, setReason] = useState('')
  const [busy, setBusy] = useState(false)
  const abort = async (): Promise<void> => {
    setBusy(true)
    try {
      await client.call('jobs.abort', { job_id: job.id, ...(reason.trim() === '' ? {} : { reason: reason.trim() }) })
      say(`Job ${job.id} is aborted.`)
      await refresh('jobs')
      onClose()
    } catch (error) {
      complain(error)
      setBusy(false)
    }
  }
  return (
    <Modal title={`Abort job ${job.id}`} onClose={onClose}>
      <p>
        {job.status === 'running'
          ? `${job.assigned_to ?? 'The worker'} ends its processes; what was written so far is kept.`
          : 'It is not offered to any worker any more.'}
      </p>
      <label htmlFor={id} className="mt-3 mb-1 block font-medium">
        Reason <span className="font-normal text-soft">(kept in the audit trail)</span>
      </label>
      <input id={id} className="field" maxLength={500} value={reason} onChange={(event) => setReason(event.target.value)} />
      <Choices leave="Let it go on" onLeave={onClose}>
        <Button look="danger" busy={busy} onClick={() => void abort()}>
          Abort job {job.id}
        </Button>
      </Choices>
    </Modal>
  )
}

export function JobActions({ job }: { readonly job: Job }) {
  const me = useMe()
  const navigate = useNavigate()
  const mayAbort = useMay('jobs.abort')
  const mayDispatch = useMay('jobs.dispatch')
  const { ask } = useSearch({ from: '/jobs/$jobId' })
  const setAsking = (open: boolean): void =>
    void navigate({
      to: '.',
      search: (before: Readonly<Record<string, string | undefined>>) => ({ ...before, ask: open ? 'abort' : undefined }),
      replace: true,
    })
  const [busy, setBusy] = useState(false)
  const ended = job.status === 'done' || job.status === 'failed'
  const longer = longerTimeout(job)
  const retry = async (more: Omit<Input<'jobs.retry'>, 'job_id'> = {}): Promise<void> => {
    setBusy(true)
    try {
      await client.call('jobs.retry', { job_id: job.id, ...more })
      say(`Job ${job.id} gets a new attempt.`)
      await refresh('jobs')
    } catch (error) {
      complain(error)
    } finally {
      setBusy(false)
    }
  }
  const again = (): void => {
    write(
      draftKey(me, ''),
      JSON.stringify({
        prompt: job.prompt,
        effort: job.effort,
        targets: job.children?.map((child) => child.worker) ?? (job.target === null ? [] : [job.target]),
        merge: job.merge?.by ?? 'worker',
        capability: job.capability ?? '',
      }),
    )
    void navigate({ to: '/chat' })
  }
  return (
    <>
      {job.kind === 'fan_out' ? null : <ContinueButton job={job} thread={job.thread_id} />}
      {ended && mayDispatch ? <Button onClick={again}>Edit and dispatch again</Button> : null}
      {job.status === 'failed' && job.error?.type === 'target_revoked' && mayDispatch ? (
        <Button busy={busy} onClick={() => void retry({ target: null })}>
          Retry with any worker
        </Button>
      ) : null}
      {job.status === 'failed' && longer !== undefined && mayDispatch ? (
        <Button busy={busy} onClick={() => void retry({ timeout: longer })}>
          Retry with a timeout of {limitWords(longer)}
        </Button>
      ) : null}
      {job.status === 'failed' && mayDispatch ? (
        <Button look="primary" busy={busy} onClick={() => void retry()}>
          Retry
        </Button>
      ) : null}
      {!ended && mayAbort ? (
        <Button look="danger" onClick={() => setAsking(true)}>
          Abort...
        </Button>
      ) : null}
      {ask === 'abort' && !ended && mayAbort ? <AbortDialog job={job} onClose={() => setAsking(false)} /> : null}
    </>
  )
}
