/**
 * Responsible for which members have a job's stream open, as far as memory knows: whose right ends is let go there at once. What was
 * forgotten costs half a minute, after which each stream asks by itself.
 */

/** Jobs remembered; beyond them the one that was opened first is forgotten. */
const jobsKept = 10_000

export class WatchBook {
  /** Of each job the keys by which it is watched, and whose they are. */
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

  /** Jobs that this member watches; without one, all that are watched. */
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
