/** Responsible for reporting a failure and choosing the exit code, which is the one of the problem table wherever the failure came from. */
import { issueInWords, problems, shownJson, type ProblemCode } from '@modelreins/contract'
import { ModelReinsError, type ErrorCode } from '../../client/error.ts'
import { Cancelled } from '../prompter.ts'
import { programName } from '../arguments/command.ts'
import { manyLines } from './safe-text.ts'
import { styleFor } from './style.ts'
import type { System } from '../system.ts'
import { showDuration } from './time-words.ts'
import { UsageError } from '../arguments/usage-error.ts'

export interface FailureReport {
  readonly code: string
  readonly message: string
  readonly help: string | undefined
  readonly exitCode: number
  readonly requestId: string | undefined
}

const isProblemCode = (code: string): code is ProblemCode => Object.hasOwn(problems, code)

/** Advice that fits the command line better than the table's, which is written for readers of the problem document. */
const ownHelp: Partial<Record<ErrorCode, string | undefined>> = {
  network: `Check that the server is running and that its address is right: \`${programName} doctor\` checks both.`,
  unauthorized: `Check that the token is valid and belongs to this server: \`${programName} doctor\` shows its owner.`,
  'invalid-request': undefined,
  'wrong-state': undefined,
  'too-large': undefined,
  'capability-not-declared': `\`${programName} workers\` shows who declared what.`,
  internal: 'This is a fault of the server. Look for the request id in its log.',
  'rate-limited': undefined,
  unavailable: 'Try again in a moment.',
  // What is gone, and what to do about it, depends on the command: `hint` provides the advice.
  gone: undefined,
  'name-taken': 'Choose another name, or revoke the one that has it.',
  killswitch: `A member clears it with \`${programName} kill --clear\`.`,
  'no-eligible-worker': `\`${programName} workers\` lists them; \`${programName} workers register\` adds one.`,
  'no-live-worker': 'Start a worker.',
}

function helpOf(error: ModelReinsError): string | undefined {
  const later = error.retryAfterMs === undefined ? undefined : `Try again in ${showDuration(error.retryAfterMs)}.`
  if (later !== undefined) return later
  if (Object.hasOwn(ownHelp, error.code)) return error.status === 0 && error.code !== 'network' ? undefined : ownHelp[error.code]
  // The message of an error that the client found already says what to do.
  return error.status === 0 || !isProblemCode(error.code) ? undefined : problems[error.code].help
}

export function failureReport(error: unknown, hint?: string): FailureReport {
  if (error instanceof UsageError) {
    return { code: error.code, message: error.message, help: error.hint, exitCode: error.exitCode, requestId: undefined }
  }
  if (error instanceof ModelReinsError) {
    const named = error.issues.filter(({ message }) => !error.message.includes(message)).map(issueInWords)
    // The server's general message mentions headers; here the cause is the token.
    const message = error.code === 'unauthorized' && error.status === 401 ? 'The server refuses this token' : error.message
    return {
      code: error.code,
      message: [message, ...named].join('\n  '),
      help: hint ?? helpOf(error),
      exitCode: error.exitCode,
      requestId: error.requestId,
    }
  }
  if (error instanceof Cancelled)
    return { code: 'cancelled', message: error.message, help: undefined, exitCode: error.exitCode, requestId: undefined }
  const message = error instanceof Error ? error.message : String(error)
  // Errors of the operating system (no such file, no permission, no space) are not bugs of this program.
  const fromSystem = error instanceof Error && 'syscall' in error
  return {
    code: fromSystem ? 'system' : 'internal',
    message,
    help: undefined,
    exitCode: fromSystem ? 74 : problems.internal.exit,
    requestId: undefined,
  }
}

/** Prints the failure and answers the exit code. */
export function reportFailure(
  error: unknown,
  system: System,
  options: { readonly json: boolean; readonly hint?: string | undefined },
): number {
  const told = failureReport(error, options.hint)
  if (options.json) {
    system.stderr.write(
      `${shownJson({ error: { code: told.code, message: told.message, help: told.help, request_id: told.requestId, exit_code: told.exitCode } })}\n`,
    )
    return told.exitCode
  }
  const style = styleFor(system.stderr.isTerminal, system.env)
  const lines = [
    `${style.red(`${programName}:`)} ${manyLines(told.message)}`,
    ...(told.help === undefined ? [] : [`  ${manyLines(told.help)}`]),
    ...(told.requestId === undefined || told.code !== 'internal' ? [] : [`  request ${told.requestId}`]),
  ]
  system.stderr.write(`${lines.join('\n')}\n`)
  if (told.code === 'internal' && error instanceof Error && !(error instanceof ModelReinsError) && system.env['DEBUG'] !== undefined) {
    system.stderr.write(`${manyLines(error.stack ?? '')}\n`)
  }
  return told.exitCode
}
