/** Responsible for the context that a job's worker receives in addition to the prompt: read only on request, since it may be long. */
import type { Job } from '@modelreins/contract'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useOperation } from '../../api/queries.ts'
import { Button } from '../../parts/button.tsx'
import { contextWords } from '../../parts/context-words.ts'
import { CopyButton } from '../../parts/copy.tsx'
import { Panel } from '../../parts/facts.tsx'
import { LongText } from '../../parts/long-text.tsx'
import { ErrorNotice, Skeleton } from '../../parts/notices.tsx'
import { plural } from '../../parts/time.tsx'

function Text({ jobId }: { readonly jobId: number }) {
  const { data, error, isPending, refetch } = useOperation('jobs.context', { job_id: jobId })
  if (isPending) return <Skeleton label="The context" rows={3} />
  if (error !== null) return <ErrorNotice error={error} what="The context" retry={() => void refetch()} />
  if (data.context === '') return <p className="text-soft">It is empty: there is no earlier turn.</p>
  return (
    <>
      <div className="mb-2 flex flex-wrap items-center gap-3 text-sm text-soft">
        {plural(data.size, 'character')}
        <CopyButton text={data.context} />
      </div>
      <div className="max-h-96 overflow-auto rounded-md border border-line bg-sunken p-3" tabIndex={0} role="region" aria-label="Context">
        <LongText text={data.context} />
      </div>
    </>
  )
}

export function ContextPanel({ job }: { readonly job: Job }) {
  const [shown, setShown] = useState(false)
  if (job.context === 'none' && job.context_from == null) return null
  return (
    <Panel
      title="Context used"
      actions={
        <Button className="min-h-8 text-sm" aria-expanded={shown} onClick={() => setShown(!shown)}>
          {shown ? 'Hide it' : 'Show it'}
        </Button>
      }
    >
      <p className="mb-2 text-soft">
        Its worker is given {contextWords(job.context)}.
        {job.context_from == null ? null : (
          <>
            {' '}
            It continues with the answer of{' '}
            <Link to="/jobs/$jobId" params={{ jobId: String(job.context_from) }} className="text-accent underline">
              job {job.context_from}
            </Link>
            .
          </>
        )}
      </p>
      {shown ? <Text jobId={job.id} /> : null}
    </Panel>
  )
}
