/**
 * Responsible for remembering jobs that will be read soon, so that offer, start and completion of one job need at most one read: the running jobs,
 * and of the waiting jobs those that have waited longest. Records are immutable, so several callers may share one.
 */
import { isTerminal } from '../../../src/domain/job/job-machine.ts'
import type { JobRecord } from '../../../src/domain/job/job-machine.ts'
import type { JobState } from './job-row.ts'

const most = 8_000
/** Most characters of all jobs in memory, as stored: one job may have millions, and the object has 128 MB (platform limit). */
const mostCharacters = 4_000_000

interface Recent {
  readonly job: JobRecord
  /** Its row without `spec`, as stored; undefined when unknown. */
  readonly state: JobState | undefined
  /** Length of `spec` in characters, as stored. */
  readonly spec: number
  /** Characters in all. */
  readonly characters: number
}

export class RecentJobs {
  readonly #jobs = new Map<number, Recent>()
  /** Ids of the jobs in memory that have ended: only the copy to D1 still reads them. */
  readonly #ended = new Set<number>()
  /** One iterator over `#ended`, oldest first, that is kept: a new iterator would each time skip all deleted entries of the set again. */
  #oldestEnded = this.#ended.values()
  #characters = 0

  get(id: number): JobRecord | undefined {
    return this.#jobs.get(id)?.job
  }

  find(id: number): Recent | undefined {
    return this.#jobs.get(id)
  }

  /**
   * Keeps a job. When memory is full, ended jobs are dropped first, then the oldest. A `fresh` job, at the end of a queue, displaces no other. A job
   * that a human was asked about is not kept: what they approved must be compared with what is stored.
   */
  keep(
    job: JobRecord,
    characters: number,
    { spec = characters, state, fresh = false }: Partial<Pick<Recent, 'spec' | 'state'>> & { readonly fresh?: boolean } = {},
  ): JobRecord {
    this.drop(job.id)
    if (job.review_id !== null) return job
    this.#jobs.set(job.id, { job, state, spec, characters })
    this.#characters += characters
    if (isTerminal(job.status)) this.#ended.add(job.id)
    while (this.#jobs.size > most || this.#characters > mostCharacters) this.drop(this.#leastWanted(fresh ? job.id : undefined))
    return job
  }

  #leastWanted(fresh: number | undefined): number {
    if (this.#ended.size > 0) return this.#nextEnded()
    if (fresh !== undefined) return fresh
    for (const id of this.#jobs.keys()) return id
    throw new Error('Too much is kept, but nothing is')
  }

  #nextEnded(): number {
    const next = this.#oldestEnded.next()
    if (next.done !== true) return next.value
    this.#oldestEnded = this.#ended.values()
    return this.#nextEnded()
  }

  drop(id: number): void {
    const kept = this.#jobs.get(id)
    if (kept === undefined) return
    this.#jobs.delete(id)
    this.#ended.delete(id)
    this.#characters -= kept.characters
  }
}
