/**
 * Responsible for which members have which job streams open, so that a stream is closed at once when the member's rights end. The book is
 * only in memory: for an entry that is lost, closing takes up to half a minute, because each stream checks its viewers that often.
 */

/** The most jobs in the book; beyond it, the entry added first is dropped. */
const jobsKept = 10_000

export class WatchBook {
  /** For each job: the id of each credential that watches it, and the id of its member. */
  readonly #jobs = new Map<number, Map<string, string>>()

  note(jobId: number, memberId: string, key: string): void {
    let keys = this.#jobs.get(jobId)
    if (keys === undefined) {
      const [oldest] = this.#jobs.size >= jobsKept ? this.#jobs.keys() : []
      if (oldest !== undefined) this.#jobs.delete(oldest)
      keys = new Map()
      this.#jobs.set(jobId, keys)
    }
    keys.set(key, memberId)
  }

  /** Jobs that this member watches; without a member, all watched jobs. */
  jobsOf(memberId: string | undefined): readonly number[] {
    return [...this.#jobs].filter(([, keys]) => memberId === undefined || [...keys.values()].includes(memberId)).map(([job]) => job)
  }

  keysOf(jobId: number, memberId: string): readonly string[] {
    return [...(this.#jobs.get(jobId) ?? [])].filter(([, member]) => member === memberId).map(([key]) => key)
  }

  forget(jobId: number): void {
    this.#jobs.delete(jobId)
  }
}
