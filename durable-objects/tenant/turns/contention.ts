/**
 * Responsible for remembering the concurrency keys that have waiting jobs or a holder that has not started, and when to check next whether
 * the holder can start.
 */
import { limits } from '@modelreins/contract'

export class Contention {
  readonly #keys = new Set<string>()
  #lookAt = Number.POSITIVE_INFINITY

  /** A job waits for the key, or holds it and has not started. */
  add(key: string, at: number): void {
    if (this.#keys.size === 0) this.#lookAt = at + limits.presence_ms
    this.#keys.add(key)
  }

  /** Time of the next check in milliseconds since 1970; undefined when there is no key to check. */
  get lookAt(): number | undefined {
    return this.#keys.size === 0 ? undefined : this.#lookAt
  }

  /** Returns up to `most` keys, those checked least recently first, and sets the time of the next check. */
  take(at: number, most: number): readonly string[] {
    const taken = [...this.#keys].slice(0, most)
    for (const key of taken) {
      this.#keys.delete(key)
      this.#keys.add(key)
    }
    this.#lookAt = at + (this.#keys.size > most ? 1_000 : limits.presence_ms)
    return taken
  }

  /** No job waits for the key, or its holder runs. */
  forget(key: string): void {
    this.#keys.delete(key)
  }
}
