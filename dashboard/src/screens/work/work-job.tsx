/** Responsible for one job as a person does it: its request and context, the start, and its outcome. */
import type { WorkJob as Shape } from '@modelreins/contract'
import { Link, useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { client, ModelReinsError, sentence } from '../../api/client.ts'
import { refresh, useOperation } from '../../api/queries.ts'
import { useMay, useMe } from '../../api/session.ts'
import { Screen } from '../../frame/screen.tsx'
import { Markdown } from '../../output/markdown.tsx'
import { JobBadge } from '../../parts/badge.tsx'
import { Button, LinkButton } from '../../parts/button.tsx'
import { CopyButton } from '../../parts/copy.tsx'
import { Facts, Panel } from '../../parts/facts.tsx'
import { Json } from '../../parts/json.tsx'
import { LongText } from '../../parts/long-text.tsx'
import { ErrorNotice, Notice, Skeleton } from '../../parts/notices.tsx'
import { oneLine } from '../../parts/safe-text.ts'
import { Time } from '../../parts/time.tsx'
import { complain } from '../../parts/toasts.tsx'
import { useResultDraft } from './draft.ts'
import { Files } from './files.tsx'
import { InHand } from './in-hand.tsx'

/** A job on offer can only be started. Another worker may have been faster, or the same person in another tab. */
function Offer({ work }: { readonly work: Shape }) {
  const [busy, setBusy] = useState(false)
  const [fault, setFault] = useState('')
  const start = async (): Promise<void> => {
    setBusy(true)
    setFault('')
    try {
      await client.call('work.start', { job_id: work.job.id })
    } catch (error) {
      // As a toast: when another tab was faster, the area beside the button disappears together with its message.
      if (error instanceof ModelReinsError && error.code === 'already-claimed') complain(error)
      else setFault(sentence(error))
    } finally {
      await refresh('work', 'jobs')
      setBusy(false)
    }
  }
  return (
    <section aria-label="Start" className="card flex flex-wrap items-center gap-3 p-4">
      {fault === '' ? null : (
        <div className="basis-full">
          <Notice tone="bad" live>
            {fault}
          </Notice>
        </div>
      )}
      <Button look="primary" className="min-h-11 px-8" busy={busy} onClick={() => void start()}>
        Start
      </Button>
      <p className="min-w-0 flex-1 basis-56 text-soft">
        Once started, it is yours until you end it or hand it back. If nobody starts it, it expires <Time at={work.item.expires_at} />.
      </p>
    </section>
  )
}

/** Shows a draft that is left over, so that text is never lost, whatever happened to the job. */
function LeftDraft({ jobId }: { readonly jobId: number }) {
  const [draft, setDraft] = useResultDraft(useMe(), jobId)
  if (draft === '') return null
  return (
    <Panel
      title="Your draft"
      actions={
        <span className="flex gap-2">
          <CopyButton text={draft} />
          <Button className="min-h-8 text-sm" onClick={() => setDraft('')}>
            Discard
          </Button>
        </span>
      }
    >
      <p className="mb-2 text-soft">You wrote this before the job left your hands. It is kept in this browser alone.</p>
      <LongText text={draft} />
    </Panel>
  )
}

function Ended({ work }: { readonly work: Shape }) {
  const { job } = work
  return (
    <>
      {job.error === null ? null : (
        <Notice
          tone={job.error.type === 'aborted' || job.error.type === 'handed_back' ? 'plain' : 'bad'}
          title={oneLine(job.error.message)}
        />
      )}
      {job.result === null || job.result === '' ? null : (
        <Panel title="Result" actions={<CopyButton text={job.result} />}>
          <Markdown text={job.result} />
        </Panel>
      )}
    </>
  )
}

function Body({ work }: { readonly work: Shape }) {
  const { job, item } = work
  const pending = job.status === 'pending' && job.hold === null
  return (
    <Screen title={`Job ${job.id}`} badge={<JobBadge job={job} />} actions={<LinkButton to="/work">My work</LinkButton>} narrow>
      {item.claim === null && !(pending && job.error?.type === 'handed_back') ? <Ended work={work} /> : null}
      {pending ? <Offer work={work} /> : null}
      <Panel title="What is asked" actions={<CopyButton text={job.prompt} />}>
        <Markdown text={job.prompt} />
        <div className="mt-3 flex flex-col gap-2 empty:hidden">
          {job.input === null ? null : <Json value={job.input} label="Input" />}
          {job.metadata === null ? null : <Json value={job.metadata} label="Metadata" />}
        </div>
      </Panel>
      {work.files.length === 0 || item.claim !== null ? null : (
        <Panel title="Files">
          <Files files={work.files} />
        </Panel>
      )}
      {work.context === '' ? null : (
        <Panel title="What was said before">
          <div tabIndex={0} role="region" aria-label="Context of the job" className="max-h-80 overflow-y-auto">
            <Markdown text={work.context} />
          </div>
        </Panel>
      )}
      {item.claim === null ? <LeftDraft jobId={job.id} /> : <InHand work={work} claim={item.claim} />}
      <Panel title="About it">
        <Facts
          rows={[
            ['Why you', item.why],
            ['Asked by', oneLine((item.created_by ?? '–').replace(/^\w+:/, ''))],
            ['Asked', <Time key="asked" at={item.created_at} />],
            job.capability === null ? undefined : ['Capability', job.capability],
            job.thread_id === null
              ? undefined
              : [
                  'Thread',
                  <Link key="thread" to="/chat" search={{ thread: job.thread_id }} className="text-accent underline">
                    {oneLine(job.thread_id)}
                  </Link>,
                ],
            [
              'All about it',
              <Link key="job" to="/jobs/$jobId" params={{ jobId: String(job.id) }} className="text-accent underline">
                Output, attempts and audit rows of job {job.id}
              </Link>,
            ],
          ]}
        />
      </Panel>
    </Screen>
  )
}

export function WorkJob() {
  const { jobId } = useParams({ from: '/work/$jobId' })
  const mayTake = useMay('jobs.take')
  const { data, error, isPending, refetch } = useOperation('work.get', { job_id: Number(jobId) }, { enabled: mayTake })
  if (data !== undefined) return <Body work={data} />
  const gone = error instanceof ModelReinsError && error.code === 'not-found'
  return (
    <Screen title={`Job ${jobId}`} actions={<LinkButton to="/work">My work</LinkButton>} narrow>
      {!mayTake ? (
        <Notice title="Your role can only read">Viewers take no jobs. The job itself is under Jobs.</Notice>
      ) : isPending ? (
        <Skeleton label="The job" rows={5} />
      ) : gone ? (
        <>
          <Notice title="This job is not in your work">
            Another person has started it, or it was not offered to you.{' '}
            <Link to="/jobs/$jobId" params={{ jobId }} className="text-accent underline">
              Look at the job itself
            </Link>
            .
          </Notice>
          <LeftDraft jobId={Number(jobId)} />
        </>
      ) : (
        <ErrorNotice error={error} what="This job" retry={() => void refetch()} />
      )}
    </Screen>
  )
}
