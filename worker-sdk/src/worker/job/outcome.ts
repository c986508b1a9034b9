/** Responsible for interpreting how an executor ended: its return value, its error, or a provider's report. Pure; it settles nothing. */
import { byteLength, limits } from '@modelreins/contract'
import { classifyError, explainError, type ClassifiedError, type ErrorType } from '../../errors.ts'
import { ActionRefused, AttemptStopped } from './executor.ts'
import { lastBytes } from '../delivery/output-buffer.ts'

/**
 * `denied` is not an error class: a human refused the action, or nobody decided in time. The server uses the same type for a job that was denied
 * before it began.
 */
export type AttemptErrorType = ErrorType | 'denied'

export interface AttemptError extends Omit<ClassifiedError, 'type'> {
  readonly type: AttemptErrorType
}

export type AttemptOutcome =
  | { readonly ok: true; readonly exitCode: number; readonly result: string | null }
  | { readonly ok: false; readonly exitCode: number | null; readonly error: AttemptError }

/** A failed run of a provider, with the data that `classifyError` needs. */
export class ProviderFailed extends Error {
  override readonly name = 'ProviderFailed'
  readonly exitCode: number
  readonly stderr: string
  /** The job must not be retried, whatever the class of the failure. */
  readonly final: boolean

  constructor(exitCode: number, stderr: string, cause: Error | undefined, final = false) {
    super(cause?.message ?? `exit code ${exitCode}`, cause === undefined ? undefined : { cause })
    this.exitCode = exitCode
    this.stderr = stderr
    this.final = final
  }
}

/** The return value can be anything, because not every executor is written in TypeScript. */
export function outcomeOfReturn(returned: unknown): AttemptOutcome {
  if (returned === undefined || returned === null) return { ok: true, exitCode: 0, result: null }
  if (typeof returned === 'string') return outcomeOfText(returned)
  if (typeof returned === 'number' && Number.isSafeInteger(returned)) {
    return returned === 0
      ? { ok: true, exitCode: 0, result: null }
      : { ok: false, exitCode: returned, error: classifyError(undefined, returned, '') }
  }
  if (!isPlain(returned)) return unusable(`The executor returned ${shown(returned)}: it ${mayReturn}`)
  try {
    return outcomeOfText(JSON.stringify(returned))
  } catch (error) {
    return unusable(
      `The executor returned an object that is not JSON (${error instanceof Error ? error.message : String(error)}): it ${mayReturn}`,
    )
  }
}

const mayReturn = 'may return a text, a plain object or list, a whole number (the exit code), or nothing'

const unusable = (message: string): AttemptOutcome => ({ ok: false, exitCode: null, error: { type: 'unknown', message, retryable: false } })

function outcomeOfText(result: string): AttemptOutcome {
  const bytes = byteLength(result)
  if (bytes <= limits.result_bytes) return { ok: true, exitCode: 0, result }
  const message = `The result has ${bytes} bytes; ${limits.result_bytes} are the limit: upload it as an artifact`
  return { ok: false, exitCode: 0, error: { type: 'unknown', message, retryable: false } }
}

/** Whether JSON represents the value completely. An Error, a Map or a Response would become `{}`. */
function isPlain(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  const parent: unknown = Object.getPrototypeOf(value)
  return Array.isArray(value) || parent === null || Object.getPrototypeOf(parent) === null
}

const shown = (value: unknown): string =>
  typeof value === 'object'
    ? `an object (${value?.constructor.name ?? 'none'})`
    : typeof value === 'function'
      ? 'a function'
      : String(value)

export function outcomeOfThrow(thrown: unknown, now: Date): AttemptOutcome {
  if (thrown instanceof ProviderFailed) {
    const { retry_at, ...error } = explainError(thrown.cause, thrown.exitCode, thrown.stderr, now)
    const again = thrown.final ? { retryable: false } : retry_at === undefined ? {} : { retry_at }
    return { ok: false, exitCode: thrown.exitCode, error: { ...error, ...again } }
  }
  if (thrown instanceof AttemptStopped) return { ok: false, exitCode: null, error: outcomeOfStop(thrown) }
  // A refusal is never classified by its words, because they are a reviewer's: "too many" must not cause a retry.
  const refusal = refusalIn(thrown)
  if (refusal !== undefined) return { ok: false, exitCode: null, error: { type: 'denied', message: refusal.message, retryable: false } }
  return { ok: false, exitCode: null, error: explainError(thrown, null, '', now) }
}

/** The refusal itself, or as the cause of an error that a handler threw. */
function refusalIn(thrown: unknown): ActionRefused | undefined {
  let link = thrown
  for (let depth = 0; link instanceof Error && depth < 8; depth += 1) {
    if (link instanceof ActionRefused) return link
    link = link.cause
  }
  return undefined
}

/** The outcome of an attempt that was stopped from outside, whatever its handler returned or threw. */
export function outcomeOfStop(why: AttemptStopped): ClassifiedError {
  if (why.kind === 'timeout') return { type: 'timeout', message: why.message, retryable: true }
  // A job that was handed back may run again, on another worker or on this one after a restart.
  return { type: 'unknown', message: why.message, retryable: why.kind === 'shutdown' }
}

/** A long message is cut at its beginning, because its end is more informative. */
export const boundedMessage = (message: string): string => lastBytes(message, limits.error_message_bytes)
