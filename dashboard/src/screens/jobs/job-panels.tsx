/** Responsible for what a job has produced: its output by attempt, its result, its files. */
import type { Job as JobShape } from '@modelreins/contract'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { client } from '../../api/client.ts'
import { useJobOutput } from '../../output/job-output.ts'
import { Markdown } from '../../output/markdown.tsx'
import { prose } from '../../output/terminal-lines.ts'
import { Terminal } from '../../output/terminal.tsx'
import { Button } from '../../parts/button.tsx'
import { CopyButton } from '../../parts/copy.tsx'
import { Panel } from '../../parts/facts.tsx'
import { LongText } from '../../parts/long-text.tsx'
import { ErrorNotice, Skeleton } from '../../parts/notices.tsx'
import { oneLine } from '../../parts/safe-text.ts'
import { bytesWords } from '../../parts/time.tsx'
import { complain } from '../../parts/toasts.tsx'

export function OutputPanel({ job }: { readonly job: JobShape }) {
  const output = useJobOutput(job.id, job.status === 'running')
  const search = useSearch({ from: '/jobs/$jobId' })
  const navigate = useNavigate({ from: '/jobs/$jobId' })
  const attempts = [...output.attempts.keys()].sort((one, other) => one - other)
  const newest = attempts.at(-1)
  const wanted = Number(search.attempt ?? newest)
  const shown = output.attempts.get(wanted) ?? (newest === undefined ? undefined : output.attempts.get(newest))
  const live = job.status === 'running' && wanted === job.attempt
  return (
    <Panel
      title="Output"
      actions={
        attempts.length < 2 ? undefined : (
          <nav aria-label="Attempts" className="flex gap-1">
            {attempts.map((attempt) => (
              <Button
                key={attempt}
                look={attempt === wanted ? 'plain' : 'quiet'}
                className="min-h-8 text-sm"
                aria-pressed={attempt === wanted}
                onClick={() =>
                  void navigate({
                    search: (before: Readonly<Record<string, string | undefined>>) => ({ ...before, attempt: String(attempt) }),
                    replace: true,
                  })
                }
              >
                Attempt {attempt}
              </Button>
            ))}
          </nav>
        )
      }
    >
      {output.state === 'broken' ? <ErrorNotice error={output.error} what="The output" /> : null}
      {shown === undefined ? (
        output.state === 'opening' && job.started_at !== null && job.ended_at !== null ? (
          <Skeleton label="The output" rows={2} />
        ) : (
          <p className="text-soft">
            {job.started_at === null
              ? job.ended_at === null
                ? 'Nothing yet: it has not started.'
                : 'It never started.'
              : job.ended_at === null
                ? 'Nothing yet.'
                : 'It wrote nothing.'}
          </p>
        )
      ) : (
        <Terminal output={shown} version={shown.size + shown.lines.length} name={`job-${job.id}-attempt-${wanted}`} live={live} />
      )}
    </Panel>
  )
}

export function ResultPanel({ job }: { readonly job: JobShape }) {
  const [plain, setPlain] = useState(false)
  const [whole, setWhole] = useState<string | undefined>(undefined)
  const text = whole ?? job.result
  if (text === null || text === '') return null
  const load = (): void => void client.call('jobs.result', { job_id: job.id }).then(setWhole, complain)
  return (
    <Panel
      title="Result"
      actions={
        <span className="flex gap-2">
          <Button className="min-h-8 text-sm" aria-pressed={plain} onClick={() => setPlain(!plain)}>
            As text
          </Button>
          <CopyButton text={text} />
        </span>
      }
    >
      {plain ? <LongText text={text} mono /> : <Markdown text={prose(text)} />}
      {job.result_truncated && whole === undefined ? (
        <Button className="mt-3" onClick={load}>
          Load the whole result
        </Button>
      ) : null}
    </Panel>
  )
}

export function Files({ job }: { readonly job: JobShape }) {
  const files = job.artifacts ?? []
  if (files.length === 0) return null
  return (
    <Panel title="Files">
      <ul className="divide-y divide-line">
        {files.map((file) => (
          <li key={file.slug} className="flex flex-wrap items-center justify-between gap-3 py-2">
            <a className="min-w-0 font-medium text-accent underline foreign" href={`/s/${encodeURIComponent(file.slug)}`} download>
              {oneLine(file.filename)}
            </a>
            <span className="text-sm text-soft">
              {file.content_type}, {bytesWords(file.size_bytes)}
            </span>
          </li>
        ))}
      </ul>
    </Panel>
  )
}
