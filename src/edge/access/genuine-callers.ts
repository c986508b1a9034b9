/**
 * Responsible for caching which tokens have a genuine MAC, in the memory of this isolate: programs use one token repeatedly, and computing its
 * MAC and hash takes longer than all other work of the edge. Revocation is not cached: the tenant object checks it with each call.
 */
import type { TokenKey } from '../../domain/access/token.ts'
import { type Caller, callerOf } from './authenticate.ts'

/** Entries in the cache, about one megabyte. */
const mostCallers = 2_000

export class GenuineCallers {
  readonly #callers = new Map<string, Caller>()
  readonly #most: number
  /** The signing keys for which the cached results are valid. */
  #keys: readonly TokenKey[] | undefined

  constructor(most: number = mostCallers) {
    this.#most = most
  }

  /** As `callerOf`, with a cache that evicts the oldest entry first. */
  of(token: string, keys: readonly TokenKey[], masterToken: string | undefined): Caller | undefined {
    if (keys !== this.#keys) this.#callers.clear()
    this.#keys = keys
    const known = this.#callers.get(token)
    if (known !== undefined) return known
    const caller = callerOf(token, keys, masterToken)
    // Do not cache the master token: it has no MAC, and is compared with the secret of the current deployment.
    if (caller === undefined || caller.kind === 'master') return caller
    if (this.#callers.size >= this.#most) {
      const oldest = this.#callers.keys().next()
      if (oldest.done !== true) this.#callers.delete(oldest.value)
    }
    this.#callers.set(token, caller)
    return caller
  }
}
