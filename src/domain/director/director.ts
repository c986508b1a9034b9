/**
 * Responsible for picking the worker: (job, workers, now) -> all workers ranked, with reasons. It is a pure function, so dispatch, re-assignment and
 * `GET /jobs/:id/why` give the same answer.
 */
import type { Effort } from '@modelreins/contract'
import { breakerInWords } from './breaker.ts'
import { traitsOf } from './catalogue.ts'
import { isLive, mayDo, obstacles } from './matching.ts'
import type { Requirements, WorkerView } from './matching.ts'

interface Weights {
  readonly cost: number
  readonly quality: number
  readonly speed: number
  /** Positive prefers local, negative prefers cloud. */
  readonly local: number
}

/**
 * The weights of each effort (docs/explanation/director.md). `standard` gives quality the highest weight because the catalogue's values for quality
 * differ less than those for cost: with equal weights the cheap class would always win.
 */
export const weightsByEffort: Readonly<Record<Effort, Weights>> = {
  trivial: { cost: 6, quality: 0.5, speed: 0.5, local: 2 },
  quick: { cost: 3, quality: 0.5, speed: 3, local: 0 },
  standard: { cost: 2.5, quality: 4, speed: 1, local: 0 },
  deep: { cost: 0.5, quality: 6, speed: 0.5, local: -1 },
  critical: { cost: 0, quality: 8, speed: 0.5, local: 0 },
}

/** Spreads jobs over workers of one class with a free slot. The weight is too small to change the class. */
const sharingWeight = 0.1
const failureWeight = 0.5
const threadWeight = 0.6
const deafWeight = 5
/** More than all traits together, but less than the penalty of a worker that cannot work now. */
const preferredWeight = 15
/** More than any other weight, so that workers that can work now come first. */
const trippedWeight = 20

export interface JobView {
  readonly wants: Requirements
  readonly effort: Effort
  readonly thread_id: string | null
  /** worker_ids of workers that are chosen before others. */
  readonly prefer?: readonly string[] | undefined
}

export interface Verdict {
  readonly worker: WorkerView
  readonly eligible: boolean
  readonly live: boolean
  /** Null for a worker that may not have the job. Higher is better; only the order matters. */
  readonly score: number | null
  readonly reasons: readonly string[]
}

const round = (value: number): number => Math.round(value * 100) / 100

/** Higher is better. Reasons are only put into words when asked for, because a dispatch may compare thousands of workers. */
function score(job: JobView, worker: WorkerView, now: number, reasons?: string[]): number {
  const traits = traitsOf(worker)
  const weights = weightsByEffort[job.effort]
  reasons?.push(`${traits.model_class}: cost ${traits.cost}, quality ${traits.quality}, speed ${traits.speed} (${job.effort})`)
  let total = weights.cost * traits.cost + weights.quality * traits.quality + weights.speed * traits.speed
  total += traits.locality === 'local' ? weights.local : -weights.local

  if (job.prefer?.includes(worker.worker_id) === true) {
    total += preferredWeight
    reasons?.push('is preferred')
  }
  // A worker that has started short jobs before there is a slot for them is as full as any full one.
  const load = Math.min(1, worker.running / Math.max(1, worker.slots))
  if (worker.running > 0) {
    // A full worker makes the job wait, so a full load weighs as much as the most important trait of this effort.
    total -= load * (load < 1 ? sharingWeight : Math.max(weights.cost, weights.quality, weights.speed))
    reasons?.push(`runs ${Math.min(worker.running, worker.slots)} of ${worker.slots}`)
  }
  if (worker.recent_failures > 0) {
    total -= worker.recent_failures * failureWeight
    reasons?.push(`failed its last ${worker.recent_failures === 1 ? 'attempt' : `${worker.recent_failures} attempts`}`)
  }
  if (job.thread_id !== null && worker.last_threads.includes(job.thread_id)) {
    total += threadWeight
    reasons?.push('has worked on this thread')
  }
  if (worker.mean_duration_ms !== null) {
    total -= Math.min(1, worker.mean_duration_ms / 600_000) * weights.speed * 0.5
    reasons?.push(`takes ${Math.round(worker.mean_duration_ms / 1000)} s on average`)
  }
  if (worker.state === 'deaf') {
    total -= deafWeight
    reasons?.push('did not answer its last offers')
  }
  if (worker.stopping === true) reasons?.push('is stopping: it finishes its running jobs and takes no new ones')
  if (worker.parked_until != null) {
    total -= trippedWeight
    reasons?.push(`is out of quota until ${new Date(worker.parked_until).toISOString()}`)
  }
  if (worker.breaker.state !== 'closed') {
    total -= trippedWeight
    reasons?.push(breakerInWords(worker.breaker, now) ?? '')
  }
  return round(total)
}

class Judged implements Verdict {
  readonly worker: WorkerView
  readonly eligible: boolean
  readonly live: boolean
  readonly score: number | null
  readonly #job: JobView
  readonly #now: number

  constructor(job: JobView, worker: WorkerView, now: number) {
    this.worker = worker
    this.eligible = mayDo(job.wants, worker)
    this.live = isLive(worker.state)
    this.score = this.eligible ? score(job, worker, now) : null
    this.#job = job
    this.#now = now
  }

  get reasons(): readonly string[] {
    if (!this.eligible) return obstacles(this.#job.wants, this.worker)
    const reasons: string[] = []
    score(this.#job, this.worker, this.#now, reasons)
    return this.live ? reasons : ['is offline', ...reasons]
  }
}

// Workers that cannot work now come before workers that are not live, and after all others: the job is queued in both cases.
const orderOf = ({ eligible, live, worker }: Verdict): number =>
  eligible ? (live ? (worker.breaker.state === 'open' || worker.parked_until != null || worker.stopping === true ? 1 : 0) : 2) : 3

/** Eligible and live workers first, then eligible ones, then the rest. Equal scores are ordered by name, so that the answer is stable. */
const compare = (left: Verdict, right: Verdict): number =>
  orderOf(left) - orderOf(right) || (right.score ?? 0) - (left.score ?? 0) || (left.worker.name < right.worker.name ? -1 : 1)

/** The verdict on one worker, independent of the others. */
export const verdictOf = (job: JobView, worker: WorkerView, now: number): Verdict => new Judged(job, worker, now)
export const compareVerdicts = compare

/** All workers, best first. */
export const rank = (job: JobView, workers: readonly WorkerView[], now: number): readonly Verdict[] =>
  workers.map((worker) => new Judged(job, worker, now)).sort(compare)

/** The first worker of `rank`, without sorting the others; undefined without workers. */
export function best(job: JobView, workers: Iterable<WorkerView>, now: number): Verdict | undefined {
  let found: Verdict | undefined
  for (const worker of workers) {
    const verdict = new Judged(job, worker, now)
    if (found === undefined || compare(verdict, found) < 0) found = verdict
  }
  return found
}

/** "anna is paused; bert lacks the tags gpu", for status 503 and for `why`. */
export function describe(verdicts: readonly Verdict[], most = 10): string {
  const told = verdicts.slice(0, most).map((verdict) => `${verdict.worker.name} ${verdict.reasons.join(' and ')}`)
  return told.join('; ') + (verdicts.length > most ? `; and ${verdicts.length - most} more` : '')
}
