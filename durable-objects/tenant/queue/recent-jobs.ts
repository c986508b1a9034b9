/**
 * Responsible for remembering the jobs that were written or read last, so that offer, start and completion of one job need one read, or none.
 * Records are never changed in place, so handing one out twice is safe.
 */
import type { JobRecord } from '../../../src/domain/job/job-machine.ts'

const most = 8_000
/** Characters of them in all, as stored: one job may have millions, and the object has 128 MB (platform limit). */
const mostCharacters = 4_000_000

interface Recent {
  readonly job: JobRecord
  /** Characters of what it asks for, as stored. */
  readonly spec: number
  /** Characters in all. */
  readonly characters: number
}

export class RecentJobs {
  readonly #jobs = new Map<number, Recent>()
  #characters = 0

  get(id: number): JobRecord | undefined {
    return this.#jobs.get(id)?.job
  }

  find(id: number): Recent | undefined {
    return this.#jobs.get(id)
  }

  /** Keeps a job, the oldest ones giving way. One that a human was asked about is not kept: what was approved is compared with what is stored. */
  keep(job: JobRecord, characters: number, spec = characters): JobRecord {
    this.drop(job.id)
    if (job.review_id !== null) return job
    this.#jobs.set(job.id, { job, spec, characters })
    this.#characters += characters
    for (const oldest of this.#jobs.keys()) {
      if (this.#jobs.size <= most && this.#characters <= mostCharacters) break
      this.drop(oldest)
    }
    return job
  }

  drop(id: number): void {
    const kept = this.#jobs.get(id)
    if (kept === undefined) return
    this.#jobs.delete(id)
    this.#characters -= kept.characters
  }

  clear(): void {
    this.#jobs.clear()
    this.#characters = 0
  }
}
