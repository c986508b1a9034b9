/** Responsible for reading an executor's ending: what it returned, what it threw, what a provider reported. Pure; it settles nothing. */
import { byteLength, limits } from '@modelreins/contract'
import { classifyError, explainError, type ClassifiedError, type ErrorType } from '../../errors.ts'
import { ActionRefused, AttemptStopped } from './executor.ts'
import { lastBytes } from '../delivery/output-buffer.ts'

/** `denied` is no class of failures: a human, or nobody in time, has said no, as the server says of a job that was denied before it began. */
export type AttemptErrorType = ErrorType | 'denied'

export interface AttemptError extends Omit<ClassifiedError, 'type'> {
  readonly type: AttemptErrorType
}

export type AttemptOutcome =
  | { readonly ok: true; readonly exitCode: number; readonly result: string | null }
  | { readonly ok: false; readonly exitCode: number | null; readonly error: AttemptError }

/** A failed run of a provider: carries what `classifyError` wants to know. */
export class ProviderFailed extends Error {
  override readonly name = 'ProviderFailed'
  readonly exitCode: number
  readonly stderr: string
  /** Not to be tried again, whatever class the failure is of. */
  readonly final: boolean

  constructor(exitCode: number, stderr: string, cause: Error | undefined, final = false) {
    super(cause?.message ?? `exit code ${exitCode}`, cause === undefined ? undefined : { cause })
    this.exitCode = exitCode
    this.stderr = stderr
    this.final = final
  }
}

/** Of whatever came back: not every executor is written in TypeScript. */
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

/** What JSON says whole. An Error, a Map or a Response would become `{}`. */
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
  // Never by its words: they are a reviewer's, who may say "too many", which is not to be tried again.
  const refusal = refusalIn(thrown)
  if (refusal !== undefined) return { ok: false, exitCode: null, error: { type: 'denied', message: refusal.message, retryable: false } }
  return { ok: false, exitCode: null, error: explainError(thrown, null, '', now) }
}

/** Itself, or as the cause of what a handler made of it. */
function refusalIn(thrown: unknown): ActionRefused | undefined {
  let link = thrown
  for (let depth = 0; link instanceof Error && depth < 8; depth += 1) {
    if (link instanceof ActionRefused) return link
    link = link.cause
  }
  return undefined
}

/** An attempt that was stopped from outside, whatever its handler made of it. */
export function outcomeOfStop(why: AttemptStopped): ClassifiedError {
  if (why.kind === 'timeout') return { type: 'timeout', message: why.message, retryable: true }
  // Handed back: another worker, or this one after its restart, may run it.
  return { type: 'unknown', message: why.message, retryable: why.kind === 'shutdown' }
}

/** The end of a long message says more than its beginning. */
export const boundedMessage = (message: string): string => lastBytes(message, limits.error_message_bytes)
