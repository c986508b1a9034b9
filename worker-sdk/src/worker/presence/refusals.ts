/** Responsible for the reasons why a worker does not start or stops: whether the reason is temporary, and its message. It stops nothing. */
import { limits } from '@modelreins/contract'
import type { Clock } from '../../client/clock.ts'
import { ModelReinsError } from '../../client/error.ts'

/** Permanent refusals by the server itself, not by something in between. */
export const isRefusal = (error: unknown): error is ModelReinsError =>
  error instanceof ModelReinsError && !error.foreign && ['unauthorized', 'forbidden', 'name-taken', 'not-found'].includes(error.code)

export const stoppedBeforeReady = (): ModelReinsError =>
  new ModelReinsError('The worker was stopped before it was ready', { code: 'conflict', status: 0 })

export const alreadyStarted = (): ModelReinsError =>
  new ModelReinsError('This worker has been stopped and cannot be started again: create a new Worker', { code: 'conflict', status: 0 })

/** Only the first sentence of the server's message, because its advice would repeat ours. */
const firstSentence = (error: ModelReinsError): string => error.message.split(/\.(?:\s|$)/, 1)[0] ?? ''

/** `held`: this worker had the name, and another process took it. Status 0: the message itself says what to do. */
export function nameTaken(error: ModelReinsError, held: boolean): ModelReinsError {
  const who = firstSentence(error) || 'Another process runs under this worker name'
  const message = held
    ? `Another process has taken over the name of this worker, which therefore stops: ${who}.`
    : `${who}. Stop that process, choose another name, or take the name over (--takeover; \`takeover: true\` in code).`
  return new ModelReinsError(message, { code: 'name-taken', status: 0, cause: error })
}

/** How long a process that died without a goodbye counts as live after its last heartbeat. */
const patienceMs = limits.presence_ms + limits.heartbeat_poll_ms

/** A name that is held over HTTP may belong to a dead process, which only its silence shows. A socket ends with its process. */
export class NameTakenRetry {
  readonly #clock: Clock
  #since: number | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** The message while waiting is useful; undefined when it is not any more. */
  wait(error: ModelReinsError): Error | undefined {
    if (error.code !== 'name-taken') return undefined
    this.#since ??= this.#clock.now()
    if (this.#clock.now() - this.#since >= patienceMs) return undefined
    const seconds = Math.round(patienceMs / 1_000)
    return new Error(`${firstSentence(error)}. It may have died: waiting up to ${seconds} s for it to fall silent`)
  }
}
