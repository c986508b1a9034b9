/**
 * Responsible for remembering the last activity of each thread, so that sorting a list of threads reads no jobs: computed once, then
 * updated.
 */

export class ThreadActivity {
  /** Undefined until the first list, which computes earlier activity from the job rows. */
  #last: Map<string, number> | undefined

  /**
   * Milliseconds since 1970; undefined when no job of the thread is stored. `count` reads the last activity of all threads; it is called
   * once.
   */
  of(threadId: string, count: () => Iterable<readonly [string, number]>): number | undefined {
    this.#last ??= new Map(count())
    return this.#last.get(threadId)
  }

  /** Records activity at `at`, in milliseconds since 1970; earlier times than the stored one are ignored. */
  note(threadId: string, at: number): void {
    this.#last?.set(threadId, Math.max(at, this.#last.get(threadId) ?? 0))
  }

  forget(threadId: string): void {
    this.#last?.delete(threadId)
  }
}
