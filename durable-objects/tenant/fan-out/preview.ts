/** Responsible for previewing a dispatch: it is executed, its outcome is read, and the transaction is rolled back. */
import type { Job, JobRequest, Parsed, Preview } from '@modelreins/contract'
import { traitsOf } from '../../../src/domain/director/catalogue.ts'
import { costOf } from '../../../src/domain/director/cost.ts'
import { rank } from '../../../src/domain/director/director.ts'
import { requirementsOf } from '../../../src/domain/director/matching.ts'
import type { WorkerView } from '../../../src/domain/director/matching.ts'
import { specOf } from '../../../src/domain/job/job-spec.ts'
import { stepInWords } from '../../../src/domain/job/fallback.ts'
import type { JobRecord } from '../../../src/domain/job/job-machine.ts'
import { ok } from '../../../src/domain/result.ts'
import type { Result } from '../../../src/domain/result.ts'
import type { CommandContext } from '../kernel/context.ts'
import { findWorker, completed } from '../queue/commands/dispatch.ts'
import { outlookOf } from '../queue/fallback.ts'
import { explain, showVerdict } from '../queue/commands/why.ts'
import { workforce } from '../queue/workforce/worker-view.ts'
import { dispatch } from './dispatch.ts'

type Choice = Preview['choices'][number]

const round = (ms: number): number => Math.round(ms / 100) / 10

function choiceOf(job: JobRecord, workers: readonly WorkerView[]): readonly Choice[] {
  const worker = workers.find((one) => one.worker_id === job.worker_id)
  if (worker === undefined) return []
  const { mean_duration_ms } = worker
  const expected_seconds = mean_duration_ms === null ? null : round(mean_duration_ms)
  return [{ worker: worker.name, hold: job.hold, model_class: traitsOf(worker).model_class, expected_seconds, cost: costOf(worker) }]
}

/** The hold in words, without the id of the review, which will not exist after the rollback. */
function heldInWords(ctx: CommandContext, job: JobRecord): string {
  if (job.hold === 'review') return 'A human would be asked first: a review must be approved before any worker is offered this job.'
  return explain(ctx, job).answer
}

function answerOf(ctx: CommandContext, jobs: readonly JobRecord[], choices: readonly Choice[]): string {
  const held = jobs.find((job) => job.hold !== null)
  const whom = choices.map((choice) => choice.worker).join(', ')
  const [job] = jobs
  const step = job?.spec.fallback?.step ?? 0
  const nameOf = (workerId: string): string => ctx.store.workers.get(workerId)?.name ?? workerId
  const at = job === undefined || step === 0 ? '' : ` It would begin at ${stepInWords(job.spec, nameOf)}.`
  if (held === undefined) return `It would be queued for ${whom}.${at}`
  return `${whom === '' ? '' : `It would be for ${whom}. `}${heldInWords(ctx, held)}`
}

/** The job itself, or the children of a fan-out. */
const runnable = (ctx: CommandContext, { id, kind }: Job): readonly JobRecord[] =>
  kind === 'fan_out' ? ctx.store.jobs.ofParent(id) : [ctx.store.jobs.get(id) ?? []].flat()

/** All workers as the Director ranks them for this request. */
function ranking(ctx: CommandContext, request: JobRequest, workers: readonly WorkerView[]): Preview['workers'] {
  const named = completed(ctx, request)
  const pinned = request.target === undefined ? undefined : findWorker(ctx, request.target)
  const spec = specOf(named.ok ? named.value : request, pinned?.worker_id ?? null)
  const job = {
    wants: requirementsOf(spec),
    effort: request.effort ?? 'standard',
    thread_id: request.thread_id ?? null,
    prefer: spec.prefer,
  }
  return rank(job, workers, ctx.at).map((verdict) => showVerdict(verdict))
}

/** Returns what a dispatch of this request would do now; a refusal is part of the answer, not an error. */
export function preview(ctx: CommandContext, request: Parsed<'jobs.preview'>): Result<Preview> {
  const workers = workforce(ctx)
  const ranked = ranking(ctx, request, workers)
  const made = dispatch(ctx, request)
  ctx.discard()
  if (!made.ok) {
    const { code, detail } = made.failure
    return ok({ would: 'refuse', answer: detail, code, hold: null, choices: [], workers: ranked })
  }
  const jobs = runnable(ctx, made.value)
  const choices = jobs.flatMap((job) => choiceOf(job, workers))
  const hold = jobs.find((job) => job.hold !== null)?.hold ?? null
  const [job] = jobs
  const fallback = job?.spec.fallback === undefined ? {} : { fallback: outlookOf(ctx, job, workers) }
  const continues = request.context_from === undefined ? '' : ` It continues with the answer of job ${request.context_from}.`
  const answer = `${answerOf(ctx, jobs, choices)}${continues}`
  return ok({ would: hold === null ? 'queue' : 'hold', answer, code: null, hold, choices, workers: ranked, ...fallback })
}
