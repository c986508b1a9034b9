/** Responsible for a prompt that was sent to several workers: their progress, their answers side by side, and the actions on them. */
import { answerMark, type Job } from '@modelreins/contract'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { lazy, Suspense } from 'react'
import { useOperation } from '../../api/queries.ts'
import { prose } from '../../output/terminal-lines.ts'
import { Badge } from '../../parts/badge.tsx'
import { Button } from '../../parts/button.tsx'
import { ErrorNotice, Skeleton } from '../../parts/notices.tsx'
import { useNow } from '../../parts/time.tsx'
import { AnswerCard } from './answer-card.tsx'
import type { Comparable } from './compare.tsx'
import { ContinueButton } from './continue.tsx'
import { Merged, type MarkedChild } from './merged.tsx'
import { deadlineWords, meterOf } from './meter.ts'
import { PickButton } from './pick.tsx'

const Compare = lazy(() => import('./compare.tsx').then((module) => ({ default: module.Compare })))

export const sideBySide =
  'flex snap-x snap-mandatory gap-3 overflow-x-auto pb-2 *:w-[85%] *:shrink-0 *:snap-center md:grid md:grid-cols-[repeat(auto-fit,minmax(18rem,1fr))] md:overflow-visible md:*:w-auto'

function Countdown({ deadline }: { readonly deadline: number }) {
  const now = useNow(1_000)
  return <span>, {deadlineWords(deadline, now)}</span>
}

/** One segment for each worker that was asked; the colour repeats what the sentence says. */
function QuorumMeter({ job, children }: { readonly job: Job; readonly children: readonly Job[] }) {
  if (job.merge === undefined || job.ended_at !== null) return null
  const { answered, failed, open, wanted, says, deadline } = meterOf(job.merge, children)
  const parts = [
    ...Array.from({ length: answered }, () => 'bg-good'),
    ...Array.from({ length: failed }, () => 'bg-bad'),
    ...Array.from({ length: open }, () => 'bg-line'),
  ]
  return (
    <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
      <div
        role="meter"
        aria-label="Answers"
        aria-valuemin={0}
        aria-valuemax={Math.max(1, wanted)}
        aria-valuenow={Math.min(answered, wanted)}
        aria-valuetext={says}
        className="flex h-2.5 w-full max-w-60 gap-0.5 sm:w-40"
      >
        {parts.map((look, index) => (
          <span key={index} className={`min-w-0 flex-1 rounded-sm ${look}`} />
        ))}
      </div>
      <p className="text-soft">
        <span role="status">{says}</span>
        {deadline === undefined ? null : <Countdown deadline={deadline} />}
      </p>
    </div>
  )
}

/** The compared answers are in the address, so that a reload and a link show the same. */
function useCompared(answers: readonly Comparable[]) {
  const { compare } = useSearch({ strict: false })
  const navigate = useNavigate()
  const [left = '', right = ''] = compare?.split('-') ?? []
  const has = (id: string): boolean => answers.some((answer) => answer.id === id)
  const show = (pair: string | undefined): void =>
    void navigate({
      to: '.',
      search: (before: Readonly<Record<string, string | undefined>>) => ({ ...before, compare: pair }),
      replace: true,
      resetScroll: false,
    })
  return { left, right, shown: has(left) && has(right), show }
}

export function FanOut({ job }: { readonly job: Job }) {
  const { data, error, isPending, refetch } = useOperation('jobs.children', { job_id: job.id })
  const family = data?.items ?? []
  const children: readonly MarkedChild[] = family
    .filter((child) => child.role !== 'merge')
    .map((child, place) => ({ job: child, mark: answerMark(place) }))
  const written = children.flatMap(({ job: child, mark }): readonly Comparable[] =>
    child.result === null || child.result === ''
      ? []
      : [{ id: String(child.id), name: `[${mark}] ${child.assigned_to ?? `job ${child.id}`}`, text: prose(child.result) }],
  )
  const whole: readonly Comparable[] =
    job.result === null || job.merge?.picked !== undefined
      ? []
      : [{ id: String(job.id), name: 'the merged answer', text: prose(job.result) }]
  const answers = [...written, ...whole]
  const compared = useCompared(answers)
  if (isPending) return <Skeleton label="The answers" rows={3} />
  if (error !== null) return <ErrorNotice error={error} what="The answers" retry={() => void refetch()} />
  const [first, second] = answers
  return (
    <>
      <QuorumMeter job={job} children={children.map((child) => child.job)} />
      <div className={sideBySide}>
        {children.map(({ job: child, mark }) => (
          <AnswerCard
            key={child.id}
            job={child}
            mark={mark}
            badge={job.merge?.picked?.job_id === child.id ? <Badge tone="good">picked</Badge> : undefined}
            actions={
              <>
                <ContinueButton small job={child} thread={job.thread_id} />
                <PickButton parent={job} child={child} family={family} />
              </>
            }
          />
        ))}
      </div>
      {first === undefined || second === undefined ? null : (
        <Button className="min-h-8 self-start text-sm" onClick={() => compared.show(`${first.id}-${second.id}`)}>
          Compare two answers
        </Button>
      )}
      <Merged job={job} children={children} writing={family.find((child) => child.role === 'merge')} />
      {compared.shown ? (
        <Suspense>
          <Compare
            answers={answers}
            left={compared.left}
            right={compared.right}
            onChange={(left, right) => compared.show(`${left}-${right}`)}
            onClose={() => compared.show(undefined)}
          />
        </Suspense>
      ) : null}
    </>
  )
}
