/** Responsible for reading an executor's ending: what it returned, what it threw, what a provider reported. Pure; it settles nothing. */
import { byteLength, limits } from '@modelreins/contract'
import { classifyError, type ClassifiedError } from '../errors.ts'
import { AttemptStopped, type ExecutorReturn } from './executor.ts'
import { lastBytes } from './output-buffer.ts'

export type AttemptOutcome =
  | { readonly ok: true; readonly exitCode: number; readonly result: string | null }
  | { readonly ok: false; readonly exitCode: number | null; readonly error: ClassifiedError }

/** A failed run of a provider: carries what `classifyError` wants to know. */
export class ProviderFailed extends Error {
  override readonly name = 'ProviderFailed'
  readonly exitCode: number
  readonly stderr: string

  constructor(exitCode: number, stderr: string, cause: Error | undefined) {
    super(cause?.message ?? `exit code ${exitCode}`, cause === undefined ? undefined : { cause })
    this.exitCode = exitCode
    this.stderr = stderr
  }
}

export function outcomeOfReturn(returned: ExecutorReturn): AttemptOutcome {
  if (typeof returned === 'string') {
    const bytes = byteLength(returned)
    if (bytes <= limits.result_bytes) return { ok: true, exitCode: 0, result: returned }
    const message = `The result has ${bytes} bytes; ${limits.result_bytes} are the limit: upload it as an artifact`
    return { ok: false, exitCode: 0, error: { type: 'unknown', message, retryable: false } }
  }
  const exitCode = typeof returned === 'number' ? returned : 0
  if (!Number.isSafeInteger(exitCode)) {
    const message = `The executor returned ${exitCode}, which is no exit code: an exit code is a whole number`
    return { ok: false, exitCode: null, error: { type: 'unknown', message, retryable: false } }
  }
  if (exitCode === 0) return { ok: true, exitCode, result: null }
  return { ok: false, exitCode, error: classifyError(undefined, exitCode, '') }
}

export function outcomeOfThrow(thrown: unknown, now: Date): AttemptOutcome {
  if (thrown instanceof ProviderFailed) {
    return { ok: false, exitCode: thrown.exitCode, error: classifyError(thrown.cause, thrown.exitCode, thrown.stderr, now) }
  }
  if (thrown instanceof AttemptStopped) return { ok: false, exitCode: null, error: outcomeOfStop(thrown) }
  return { ok: false, exitCode: null, error: classifyError(thrown, null, '', now) }
}

/** An attempt that was stopped from outside, whatever its handler made of it. */
export function outcomeOfStop(why: AttemptStopped): ClassifiedError {
  if (why.kind === 'timeout') return { type: 'timeout', message: why.message, retryable: true }
  // Handed back: another worker, or this one after its restart, may run it.
  return { type: 'unknown', message: why.message, retryable: why.kind === 'shutdown' }
}

/** The end of a long message says more than its beginning. */
export const boundedMessage = (message: string): string => lastBytes(message, limits.error_message_bytes)
