/** Responsible for describing a job as text: one line, one table row, all its facts. It fetches nothing. */
import type { ArtifactBrief, Job, JobStatus, Preview, Usage, Why } from '@modelreins/contract'
import type { Column, Presenter } from './presenter.ts'
import { oneLine } from './safe-text.ts'
import { type Paint, type Style } from './style.ts'
import { showAge, showDuration } from './time-words.ts'

export const statusPaint = (status: JobStatus, style: Style): Paint =>
  status === 'done' ? style.green : status === 'failed' ? style.red : status === 'running' ? style.cyan : style.yellow

const standing = (job: Job): string => (job.hold === null ? job.status : `${job.status} (${job.hold})`)

export const jobColumns = (now: number): readonly Column<Job>[] => [
  { title: 'ID', cell: (job) => String(job.id), right: true },
  { title: 'STATUS', cell: standing, paint: (job, style) => statusPaint(job.status, style) },
  { title: 'WORKER', cell: (job) => job.assigned_to ?? '', human: (job) => job.assigned_to ?? '-' },
  { title: 'EFFORT', cell: (job) => job.effort },
  { title: 'AGE', cell: (job) => job.created_at, human: (job) => showAge(job.created_at, now), right: true },
  { title: 'PROMPT', cell: (job) => job.prompt.slice(0, 500), wide: true },
]

const between = (from: string | null, to: string | null): string | undefined =>
  from === null || to === null ? undefined : showDuration(Date.parse(to) - Date.parse(from))

export const usageText = (usage: Usage | null): string | undefined => {
  if (usage === null) return undefined
  const parts = [
    usage.tokens_in === undefined && usage.tokens_out === undefined
      ? undefined
      : `${usage.tokens_in ?? 0} tokens in, ${usage.tokens_out ?? 0} out`,
    usage.cost_usd === undefined ? undefined : `$${usage.cost_usd.toFixed(usage.cost_usd < 1 ? 4 : 2)}`,
    usage.model,
  ]
  return parts.filter((part) => part !== undefined).join(', ')
}

/** `done by my-worker in 3.2s (attempt 1 of 3)` */
export function endText(job: Job): string {
  const by = job.assigned_to === null ? '' : ` by ${job.assigned_to}`
  const took = between(job.started_at, job.ended_at)
  const tries = job.attempt > 1 ? ` (attempt ${job.attempt} of ${job.max_attempts})` : ''
  const usage = usageText(job.usage)
  return `job ${job.id} ${job.status}${by}${took === undefined ? '' : ` in ${took}`}${tries}${usage === undefined || usage === '' ? '' : `, ${usage}`}`
}

export const errorText = (job: Job): string | undefined =>
  job.error === null ? undefined : `${job.error.type}: ${job.error.message}${job.error.retryable ? ' (retryable)' : ''}`

/** `ar5local3k7q  report.pdf (47 KiB)`: the slug is what `artifacts get` takes. */
const artifactText = ({ slug, filename, size_bytes }: ArtifactBrief): string => `${slug}  ${filename} (${showBytes(size_bytes)})`

/** `840 B`, `47 KiB`, `3.2 MiB` */
export function showBytes(bytes: number): string {
  const [size, unit] = bytes < 1024 ? [bytes, 'B'] : bytes < 1024 ** 2 ? [bytes / 1024, 'KiB'] : [bytes / 1024 ** 2, 'MiB']
  return `${size < 10 && unit !== 'B' ? size.toFixed(1) : Math.round(size)} ${unit}`
}

/** `step 1 of 2, after rate_limited` */
const fallbackText = ({ fallback }: Job): string | undefined =>
  fallback === undefined
    ? undefined
    : fallback.step === 0
      ? `as asked; ${fallback.steps.map((step) => `after ${step.after}: ${placeText(step)}`).join('; ')}`
      : `step ${fallback.step} of ${fallback.steps.length}, after ${fallback.after}; originally requested: ${placeText(fallback.asked) || 'any worker'}`

const placeText = ({
  target,
  provider,
  model,
}: {
  readonly target: string | null
  readonly provider: string | null
  readonly model: string | null
}): string => [target, provider, model].filter((part) => part !== null).join(' ')

/** The remaining steps of a fallback chain, and the worker that would get the job in each. */
export const outlookFacts = (steps: Why['fallback'] = []): readonly (readonly [string, string])[] =>
  steps.map((step) => [`after ${step.after}`, `${placeText(step)}: ${step.worker ?? 'no worker available'}`])

/** `anna done, bert failed` */
const childrenText = ({ children }: Job): string | undefined => children?.map(({ worker, status }) => `${worker} ${status}`).join(', ')

/** `vote: 2 answered, 1 failed, 0 missing` */
function mergeText({ merge }: Job): string | undefined {
  if (merge === undefined) return undefined
  const merged = merge.job_id === null ? merge.by : `${merge.by} (job ${merge.job_id})`
  const { picked } = merge
  const by = picked === undefined ? merged : `${merged}, then ${picked.worker} (job ${picked.job_id}) picked by ${picked.by}`
  return `${by}: ${merge.answered} answered, ${merge.failed} failed, ${merge.missing} missing${merge.degraded ? '; the merge failed, so the answers are listed one after the other' : ''}`
}

/** `2 yes (anna, bert), 1 no (cleo)` */
const votesText = ({ merge }: Job): string | undefined =>
  merge?.counts?.map(({ answer, count, workers }) => `${count} ${oneLine(answer).slice(0, 60)} (${workers.join(', ')})`).join(', ')

export function showJob(show: Presenter, job: Job, now: number): void {
  const list = (values: readonly string[]): string | undefined => (values.length === 0 ? undefined : values.join(', '))
  const when = (at: string | null): string | undefined => (at === null ? undefined : show.human ? `${at} (${showAge(at, now)})` : at)
  show.facts([
    ['id', String(job.id)],
    ['status', standing(job)],
    ['worker', job.assigned_to ?? undefined],
    ['fan-out of', job.parent_id === null ? undefined : `job ${job.parent_id}`],
    ['children', childrenText(job)],
    ['merge', mergeText(job)],
    ['votes', votesText(job)],
    ['note', job.merge?.note],
    ['attempt', job.kind === 'fan_out' ? undefined : `${job.attempt} of ${job.max_attempts}`],
    ['effort', job.effort],
    ['priority', job.priority === 0 ? undefined : String(job.priority)],
    ['capability', job.capability ?? undefined],
    ['target', job.target ?? undefined],
    ['thread', job.thread_id ?? undefined],
    ['tags', list(job.tags)],
    ['networks', list(job.networks)],
    ['provider', job.provider ?? undefined],
    ['model', job.model ?? undefined],
    ['fallback', fallbackText(job)],
    ['context', job.context === 'none' ? undefined : `${job.context}${job.context_from == null ? '' : `, from job ${job.context_from}`}`],
    ['review', job.review_id === null ? undefined : String(job.review_id)],
    ['created', when(job.created_at)],
    ['created by', job.created_by ?? undefined],
    ['not before', job.ended_at === null ? when(job.not_before ?? null) : undefined],
    ['expires', when(job.expires_at ?? null)],
    ['started', when(job.started_at)],
    ['ended', when(job.ended_at)],
    ['took', between(job.started_at, job.ended_at)],
    ['retry at', when(job.retry_at)],
    ['exit code', job.exit_code === null ? undefined : String(job.exit_code)],
    ['usage', usageText(job.usage)],
    ['error', errorText(job)],
    ...(job.artifacts ?? []).map((artifact) => ['artifact', artifactText(artifact)] as const),
    ['prompt', show.human ? oneLine(job.prompt.slice(0, 400)) : job.prompt],
  ])
}

/** How the Director ranks each worker. */
export const verdictColumns: readonly Column<Why['workers'][number]>[] = [
  { title: 'WORKER', cell: (row) => row.name },
  {
    title: 'FITS',
    cell: (row) => (row.eligible ? 'yes' : 'no'),
    paint: (row, style) => statusPaint(row.eligible ? 'done' : 'failed', style),
  },
  { title: 'THERE', cell: (row) => (row.live ? 'yes' : 'no') },
  { title: 'SCORE', cell: (row) => (row.score === null ? '' : row.score.toFixed(2)), right: true },
  { title: 'WHY', cell: (row) => row.reasons.join('; '), wide: true },
]

const choiceText = ({ model_class, expected_seconds, cost }: Preview['choices'][number]): string =>
  `${model_class}, ${expected_seconds === null ? 'duration unknown' : `about ${showDuration(expected_seconds * 1000)}`}, cost ${cost.says}`

/** Prints what a dispatch would do. The exit code is 1 when it would be refused. */
export function showPreview({ show }: { readonly show: Presenter }, preview: Preview): number {
  if (show.json) show.value(preview)
  else {
    show.facts([
      ['would', preview.would],
      ['answer', preview.answer],
      ...preview.choices.map((choice) => [choice.worker, choiceText(choice)] as const),
      ...outlookFacts(preview.fallback),
    ])
    if (show.human && preview.workers.length > 0) show.line()
    if (preview.workers.length > 0) show.table(verdictColumns, preview.workers)
  }
  return preview.would === 'refuse' ? 1 : 0
}
