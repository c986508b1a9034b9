/**
 * Responsible for remembering whose tokens have a genuine MAC, in the memory of this isolate: programs call with one token again and again, and its
 * MAC and hash take longer than the rest of the edge does. Whether a token is still in force is not known here: the tenant object is asked each time.
 */
import type { TokenKey } from '../../domain/access/token.ts'
import { type Caller, callerOf } from './authenticate.ts'

/** About one megabyte. */
const mostCallers = 2_000

export class GenuineCallers {
  readonly #callers = new Map<string, Caller>()
  readonly #most: number
  /** A MAC is genuine under these. */
  #keys: readonly TokenKey[] | undefined

  constructor(most: number = mostCallers) {
    this.#most = most
  }

  /** As `callerOf`. The oldest is forgotten first. */
  of(token: string, keys: readonly TokenKey[], masterToken: string | undefined): Caller | undefined {
    if (keys !== this.#keys) this.#callers.clear()
    this.#keys = keys
    const known = this.#callers.get(token)
    if (known !== undefined) return known
    const caller = callerOf(token, keys, masterToken)
    // The master token has no MAC: it is compared with the secret of each deployment.
    if (caller === undefined || caller.kind === 'master') return caller
    if (this.#callers.size >= this.#most) {
      const oldest = this.#callers.keys().next()
      if (oldest.done !== true) this.#callers.delete(oldest.value)
    }
    this.#callers.set(token, caller)
    return caller
  }
}
