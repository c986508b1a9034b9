/** Responsible for remembering when something last happened in each thread, so that a list by it reads no jobs: counted once, then kept up. */

export class ThreadActivity {
  /** Undefined until the first list asks: what happened before is in the rows of jobs. */
  #last: Map<string, number> | undefined

  /** Milliseconds since 1970; undefined when no job of the thread is kept. */
  of(threadId: string, count: () => Iterable<readonly [string, number]>): number | undefined {
    this.#last ??= new Map(count())
    return this.#last.get(threadId)
  }

  note(threadId: string, at: number): void {
    this.#last?.set(threadId, Math.max(at, this.#last.get(threadId) ?? 0))
  }

  forget(threadId: string): void {
    this.#last?.delete(threadId)
  }
}
