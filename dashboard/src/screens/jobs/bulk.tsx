/** Responsible for aborting or retrying many jobs: the server counts them first, the button shows the count, and the calls go in portions. */
import { useEffect, useState } from 'react'
import { client } from '../../api/client.ts'
import { refresh } from '../../api/queries.ts'
import { Button } from '../../parts/button.tsx'
import { TextField } from '../../parts/choice.tsx'
import type { BriefJob } from '../../parts/job-line.tsx'
import { Choices, Modal } from '../../parts/modal.tsx'
import { ErrorNotice, Notice } from '../../parts/notices.tsx'
import { plural } from '../../parts/time.tsx'
import { complain, say } from '../../parts/toasts.tsx'
import type { JobFilter } from './filter.ts'

export type Verb = 'abort' | 'retry'
export type Chosen =
  | { readonly kind: 'ids'; readonly jobs: readonly Pick<BriefJob, 'id' | 'status'>[] }
  | { readonly kind: 'filter'; readonly filter: JobFilter }

/** States in which the server accepts each verb, so that no job is sent in vain. Jobs that change state meanwhile are reported afterwards. */
const takes: Readonly<Record<Verb, readonly BriefJob['status'][]>> = { abort: ['pending', 'running', 'retry'], retry: ['failed', 'retry'] }
const otherwise = 'aborted in the dashboard'

const one = (verb: Verb, id: number, reason: string): Promise<unknown> =>
  verb === 'abort' ? client.call('jobs.abort', { job_id: id, reason }) : client.call('jobs.retry', { job_id: id })

async function someOf(verb: Verb, ids: readonly number[], reason: string): Promise<{ readonly done: number; readonly refused: number }> {
  const queue = [...ids]
  let done = 0
  let refused = 0
  const take = async (): Promise<void> => {
    for (let id = queue.shift(); id !== undefined; id = queue.shift()) {
      try {
        await one(verb, id, reason)
        done += 1
      } catch {
        refused += 1
      }
    }
  }
  await Promise.all(Array.from({ length: 6 }, take))
  return { done, refused }
}

function many(verb: Verb, filter: JobFilter, dryRun: boolean, reason: string) {
  const bounded = Object.keys(filter).length > 0 ? filter : { all: true }
  const more = dryRun ? { dry_run: true } : {}
  return verb === 'abort'
    ? client.call('jobs.abort_many', { ...bounded, ...more, ...(dryRun ? {} : { reason }) })
    : client.call('jobs.retry_many', { ...bounded, ...more })
}

const word: Readonly<Record<Verb, string>> = { abort: 'Abort', retry: 'Retry' }
const past: Readonly<Record<Verb, string>> = { abort: 'aborted', retry: 'queued again' }

export function BulkDialog({
  verb,
  chosen,
  onClose,
}: {
  readonly verb: Verb
  readonly chosen: Chosen
  readonly onClose: (done: boolean) => void
}) {
  const ids = chosen.kind === 'ids' ? chosen.jobs.filter((job) => takes[verb].includes(job.status)).map((job) => job.id) : []
  const left = chosen.kind === 'ids' ? chosen.jobs.length - ids.length : 0
  const [counted, setCounted] = useState<number | undefined>(undefined)
  const count = chosen.kind === 'ids' ? ids.length : counted
  const [reason, setReason] = useState('')
  const said = reason.trim() === '' ? otherwise : reason.trim()
  const [error, setError] = useState<unknown>(undefined)
  const [progress, setProgress] = useState<number | undefined>(undefined)
  useEffect(() => {
    if (chosen.kind === 'filter') many(verb, chosen.filter, true, otherwise).then((found) => setCounted(found.count), setError)
  }, [verb, chosen])
  const act = async (): Promise<void> => {
    setProgress(0)
    try {
      if (chosen.kind === 'ids') {
        const { done, refused } = await someOf(verb, ids, said)
        say(`${plural(done, 'job')} ${past[verb]}${refused > 0 ? `; ${refused} had moved on and were left as they are` : ''}.`)
      } else {
        let done = 0
        for (;;) {
          const step = await many(verb, chosen.filter, false, said)
          done += step.count
          setProgress(done)
          if (step.remaining === 0 || step.count === 0) break
        }
        say(`${plural(done, 'job')} ${past[verb]}.`)
      }
      onClose(true)
      await refresh('jobs')
    } catch (fault) {
      complain(fault)
      setProgress(undefined)
    }
  }
  return (
    <Modal title={`${word[verb]} jobs`} onClose={() => onClose(false)}>
      {error === undefined ? (
        <>
          <p>
            {chosen.kind === 'ids'
              ? 'The jobs that you selected. '
              : 'Every job that the filter matches, also those that are not on screen. '}
            {verb === 'abort'
              ? 'Queued jobs fail at once. For running jobs, the worker ends their processes. Jobs that have ended stay as they are.'
              : 'Each failed job gets a new attempt.'}
          </p>
          {left === 0 || count === 0 ? null : (
            <p className="mt-2 text-soft">
              {left} of the {chosen.kind === 'ids' ? chosen.jobs.length : 0} cannot be {verb === 'abort' ? 'aborted' : 'retried'} in their
              present state, and {left === 1 ? 'is' : 'are'} left alone.
            </p>
          )}
          {verb === 'abort' && count !== 0 ? (
            <TextField
              className="mt-3"
              label={
                <>
                  Reason <span className="font-normal text-soft">(the worker and the audit trail get it)</span>
                </>
              }
              maxLength={500}
              value={reason}
              onChange={setReason}
            />
          ) : null}
          {count === 0 ? <Notice>None of them can be {verb === 'abort' ? 'aborted' : 'retried'} any more.</Notice> : null}
          <Choices leave="Leave them" onLeave={() => onClose(false)}>
            <Button
              look={verb === 'abort' ? 'danger' : 'primary'}
              disabled={count === undefined || count === 0}
              busy={progress !== undefined}
              onClick={() => void act()}
            >
              {count === undefined
                ? 'Counting'
                : progress === undefined || progress === 0
                  ? `${word[verb]} ${plural(count, 'job')}`
                  : `${progress} of ${count}`}
            </Button>
          </Choices>
        </>
      ) : (
        <ErrorNotice error={error} what="The count" />
      )}
    </Modal>
  )
}
