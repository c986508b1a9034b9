/** Responsible for the server's preview of a dispatch before it is sent: the worker, holds, model class, time and cost. */
import type { Input, Preview as PreviewAnswer } from '@modelreins/contract'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { sentence } from '../../api/client.ts'
import { operation } from '../../api/queries.ts'
import { useMay } from '../../api/session.ts'
import { spelledOut } from '../../parts/safe-text.ts'
import { spanWords } from '../../parts/time.tsx'
import { refusalWords } from './refusal-words.ts'

/** The preview is requested again when a worker comes or goes; in between, a cached answer is used for this many milliseconds. */
const previewMs = 15_000

type Choice = PreviewAnswer['choices'][number]

function choiceWords({ worker, model_class, expected_seconds, cost, hold }: Choice): string {
  const gate = hold === 'review' ? ', asks a reviewer first' : hold === null ? '' : `, waits: ${hold}`
  const took = expected_seconds === null ? '' : `, takes ${spanWords(expected_seconds * 1_000)} on average`
  return `${worker}: ${model_class}${gate}${took}, cost ${cost.says}`
}

/** The request writes nothing. `nobody`: no worker is registered, so only that is explained. */
export function Preview({ request, nobody }: { readonly request: Input<'jobs.dispatch'>; readonly nobody: boolean }) {
  const mayManage = useMay('workers.manage')
  const { data, error } = useQuery({
    ...operation('jobs.preview', request),
    placeholderData: keepPreviousData,
    staleTime: previewMs,
  })
  const refused = data?.would === 'refuse'
  const text =
    data === undefined
      ? error === null
        ? 'Checking which worker would get it…'
        : `It is unknown which worker would get it: ${sentence(error)}`
      : refused
        ? `It would be refused: ${spelledOut(refusalWords(data.answer))}`
        : spelledOut(data.answer)
  const shown = data?.choices.slice(0, 6) ?? []
  const more = (data?.choices.length ?? 0) - shown.length
  return (
    <div className="min-w-0 flex-1 basis-72" aria-live="polite">
      {nobody ? (
        <p className="text-bad">
          It would be refused: there is no worker yet.{' '}
          {mayManage ? (
            <Link to="/workers/register" className="text-accent underline">
              Register worker
            </Link>
          ) : (
            'An owner or operator registers one under Workers.'
          )}
        </p>
      ) : (
        <p className={`foreign ${refused ? 'text-bad' : 'text-soft'}`}>{text}</p>
      )}
      {shown.length === 0 ? null : (
        <ul className="mt-0.5 text-sm text-soft">
          {shown.map((choice) => (
            <li key={choice.worker} className="foreign">
              {choiceWords(choice)}
            </li>
          ))}
          {more > 0 ? <li>and {more} more</li> : null}
        </ul>
      )}
    </div>
  )
}
