/**
 * Responsible for keeping the workers for one kind of job in order of preference while they change one by one, so that finding the best does not
 * compare them all. The order is that of `rank`, without the parts that depend on a single job (its thread, and the workers that it prefers or
 * avoids). Pure.
 */
import type { Effort } from '@modelreins/contract'
import { compareVerdicts, verdictOf } from './director.ts'
import type { JobView, Verdict } from './director.ts'
import type { Requirements, WorkerView } from './matching.ts'

/** The common properties of jobs of one kind. */
export interface JobKind {
  readonly wants: Requirements
  readonly effort: Effort
}

/** The kind of a job, without the requirements that name workers, which are checked per job. */
export const kindOf = ({ wants, effort }: Pick<JobView, 'wants' | 'effort'>): JobKind => {
  const { avoid: _, ...rest } = wants
  return { wants: { ...rest, pinned: null }, effort }
}

/** A key that differs for different kinds: the type demands every requirement that names no worker. */
export function keyOfKind({ wants, effort }: Pick<JobView, 'wants' | 'effort'>): string {
  const key: Record<Exclude<keyof Requirements, 'pinned' | 'avoid'> | 'effort', unknown> = {
    effort,
    capability: wants.capability,
    tags: wants.tags,
    networks: wants.networks,
    substrate: wants.substrate,
    provider: wants.provider,
    model: wants.model,
    mode: wants.mode,
  }
  return JSON.stringify(key)
}

export class Ranking {
  readonly #job: JobView
  #sorted: Verdict[]
  readonly #verdicts = new Map<string, Verdict>()
  /** Number of changes of the order. */
  #version = 0

  constructor(kind: JobKind, workers: Iterable<WorkerView>, now: number) {
    this.#job = { ...kind, thread_id: null }
    for (const worker of workers) {
      const verdict = verdictOf(this.#job, worker, now)
      if (verdict.eligible) this.#verdicts.set(worker.worker_id, verdict)
    }
    this.#sorted = [...this.#verdicts.values()].sort(compareVerdicts)
  }

  get version(): number {
    return this.#version
  }

  /** How many workers may do the job. */
  get size(): number {
    return this.#sorted.length
  }

  /** The best has index 0; undefined after the last. */
  at(index: number): Verdict | undefined {
    return this.#sorted[index]
  }

  /** Updates one worker. */
  set(worker: WorkerView, now: number): void {
    const before = this.#verdicts.get(worker.worker_id)
    if (before?.worker === worker) return
    const verdict = verdictOf(this.#job, worker, now)
    const place = before === undefined ? undefined : this.#placeOf(before)
    if (!verdict.eligible) {
      if (before !== undefined) this.delete(worker.worker_id)
      return
    }
    this.#verdicts.set(worker.worker_id, verdict)
    // Most changes leave a worker at its position.
    if (place !== undefined && this.#fitsAt(place, verdict)) {
      this.#sorted[place] = verdict
      return
    }
    if (place !== undefined) this.#sorted.splice(place, 1)
    this.#sorted.splice(this.#placeOf(verdict), 0, verdict)
    this.#version += 1
  }

  delete(workerId: string): void {
    const before = this.#verdicts.get(workerId)
    if (before === undefined) return
    this.#sorted.splice(this.#placeOf(before), 1)
    this.#verdicts.delete(workerId)
    this.#version += 1
  }

  /** Whether it may be at this position without a change of the order. */
  #fitsAt(place: number, verdict: Verdict): boolean {
    const [before, behind] = [this.#sorted[place - 1], this.#sorted[place + 1]]
    return (before === undefined || compareVerdicts(before, verdict) < 0) && (behind === undefined || compareVerdicts(verdict, behind) < 0)
  }

  /** Its position, or the one that it would get. Names differ, so no two are equal. */
  #placeOf(verdict: Verdict): number {
    let [low, high] = [0, this.#sorted.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      const other = this.#sorted[middle]
      if (other !== undefined && other !== verdict && compareVerdicts(other, verdict) < 0) low = middle + 1
      else high = middle
    }
    return low
  }
}
