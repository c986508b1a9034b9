/** Responsible for aborting or retrying many jobs: counted by the server first, named in the button, done in steps. */
import { useEffect, useState } from 'react'
import { client } from '../../api/client.ts'
import { refresh } from '../../api/queries.ts'
import { Button } from '../../parts/button.tsx'
import { Modal } from '../../parts/modal.tsx'
import { ErrorNotice, Notice } from '../../parts/notices.tsx'
import { plural } from '../../parts/time.tsx'
import { complain, say } from '../../parts/toasts.tsx'
import type { JobFilter } from './filter.ts'

export type Verb = 'abort' | 'retry'
export type Chosen = { readonly kind: 'ids'; readonly ids: readonly number[] } | { readonly kind: 'filter'; readonly filter: JobFilter }

const one = (verb: Verb, id: number): Promise<unknown> =>
  verb === 'abort'
    ? client.call('jobs.abort', { job_id: id, reason: 'aborted in the dashboard' })
    : client.call('jobs.retry', { job_id: id })

async function someOf(verb: Verb, ids: readonly number[]): Promise<{ readonly done: number; readonly refused: number }> {
  const queue = [...ids]
  let done = 0
  let refused = 0
  const take = async (): Promise<void> => {
    for (let id = queue.shift(); id !== undefined; id = queue.shift()) {
      try {
        await one(verb, id)
        done += 1
      } catch {
        refused += 1
      }
    }
  }
  await Promise.all(Array.from({ length: 6 }, take))
  return { done, refused }
}

function many(verb: Verb, filter: JobFilter, dryRun: boolean) {
  const bounded = Object.keys(filter).length > 0 ? filter : { all: true }
  const more = dryRun ? { dry_run: true } : {}
  return verb === 'abort'
    ? client.call('jobs.abort_many', { ...bounded, ...more, ...(dryRun ? {} : { reason: 'aborted in the dashboard' }) })
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
  const [count, setCount] = useState<number | undefined>(chosen.kind === 'ids' ? chosen.ids.length : undefined)
  const [error, setError] = useState<unknown>(undefined)
  const [progress, setProgress] = useState<number | undefined>(undefined)
  useEffect(() => {
    if (chosen.kind === 'filter') many(verb, chosen.filter, true).then((found) => setCount(found.count), setError)
  }, [verb, chosen])
  const act = async (): Promise<void> => {
    setProgress(0)
    try {
      if (chosen.kind === 'ids') {
        const { done, refused } = await someOf(verb, chosen.ids)
        say(`${plural(done, 'job')} ${past[verb]}${refused > 0 ? `; ${refused} had moved on and were left as they are` : ''}.`)
      } else {
        let done = 0
        for (;;) {
          const step = await many(verb, chosen.filter, false)
          done += step.count
          setProgress(done)
          if (step.remaining === 0 || step.count === 0) break
        }
        say(`${plural(done, 'job')} ${past[verb]}.`)
      }
      await refresh('jobs')
      onClose(true)
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
              ? 'Queued jobs fail at once; of running ones the worker ends its processes. Jobs that have ended stay as they are.'
              : 'Each failed job gets a new attempt.'}
          </p>
          {count === 0 ? <Notice>None of them can be {verb === 'abort' ? 'aborted' : 'retried'} any more.</Notice> : null}
          <div className="mt-4 flex justify-end gap-2">
            <Button onClick={() => onClose(false)}>Leave them</Button>
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
          </div>
        </>
      ) : (
        <ErrorNotice error={error} what="The count" />
      )}
    </Modal>
  )
}
