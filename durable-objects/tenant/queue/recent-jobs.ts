/**
 * Responsible for remembering jobs that will be asked for soon, so that offer, start and completion of one job need one read, or none: those
 * that are at work, and of those that wait the ones that have waited longest. Records are never changed in place, so handing one out twice is safe.
 */
import { isTerminal } from '../../../src/domain/job/job-machine.ts'
import type { JobRecord } from '../../../src/domain/job/job-machine.ts'
import type { JobState } from './job-row.ts'

const most = 8_000
/** Characters of them in all, as stored: one job may have millions, and the object has 128 MB (platform limit). */
const mostCharacters = 4_000_000

interface Recent {
  readonly job: JobRecord
  /** Its row without what it asks for, as stored; undefined when that is not known. */
  readonly state: JobState | undefined
  /** Characters of what it asks for, as stored. */
  readonly spec: number
  /** Characters in all. */
  readonly characters: number
}

export class RecentJobs {
  readonly #jobs = new Map<number, Recent>()
  /** Those of them that have ended: nobody but the copy to D1 asks for them. */
  readonly #ended = new Set<number>()
  /** Goes through those once, the oldest first: a set that begins anew each time passes all that has been taken out of it. */
  #oldestEnded = this.#ended.values()
  #characters = 0

  get(id: number): JobRecord | undefined {
    return this.#jobs.get(id)?.job
  }

  find(id: number): Recent | undefined {
    return this.#jobs.get(id)
  }

  /**
   * Keeps a job. Jobs that have ended give way first, then the oldest; a `fresh` one, which stands at the end of a queue, takes nobody's place. One
   * that a human was asked about is not kept: what was approved is compared with what is stored.
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
