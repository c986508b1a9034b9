/** Responsible for remembering which concurrency keys are held by a job that has not started, or waited for, and when somebody should look whether it can. */
import { limits } from '@modelreins/contract'

export class Contention {
  readonly #keys = new Set<string>()
  #lookAt = Number.POSITIVE_INFINITY

  /** A job waits for the key, or has it and has not started. */
  add(key: string, at: number): void {
    if (this.#keys.size === 0) this.#lookAt = at + limits.presence_ms
    this.#keys.add(key)
  }

  /** Milliseconds since 1970; undefined while there is nothing to look at. */
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

  /** Nobody waits for it, or what holds it runs. */
  forget(key: string): void {
    this.#keys.delete(key)
  }
}
