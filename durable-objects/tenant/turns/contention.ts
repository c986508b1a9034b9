/** Responsible for remembering which concurrency keys are waited for, and when somebody should look whether the jobs that hold them can start. */
import { limits } from '@modelreins/contract'

export class Contention {
  readonly #keys = new Set<string>()
  #lookAt = Number.POSITIVE_INFINITY

  /** A job waits for the key. */
  add(key: string, at: number): void {
    if (this.#keys.size === 0) this.#lookAt = at + limits.presence_ms
    this.#keys.add(key)
  }

  /** Milliseconds since 1970; undefined while nobody waits. */
  get lookAt(): number | undefined {
    return this.#keys.size === 0 ? undefined : this.#lookAt
  }

  /** Up to `most` keys, those that were not looked at for the longest; the next look is due when the answer says. */
  take(at: number, most: number): readonly string[] {
    const taken = [...this.#keys].slice(0, most)
    for (const key of taken) {
      this.#keys.delete(key)
      this.#keys.add(key)
    }
    this.#lookAt = at + (this.#keys.size > most ? 1_000 : limits.presence_ms)
    return taken
  }

  /** Nobody waits for it any more. */
  forget(key: string): void {
    this.#keys.delete(key)
  }
}
