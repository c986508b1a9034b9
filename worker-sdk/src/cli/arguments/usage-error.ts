/** Responsible for the error about an invalid command line; its exit code is the one for invalid requests in the problem table. */
import { problems } from '@modelreins/contract'
import { programName } from './command.ts'

export class UsageError extends Error {
  override readonly name = 'UsageError'
  readonly code = 'invalid-request'
  readonly exitCode = problems['invalid-request'].exit
  /** Where the user finds more information. */
  readonly hint: string | undefined

  constructor(message: string, hint?: string) {
    super(message)
    this.hint = hint
  }
}

export const seeHelp = (words: readonly string[]): string => `${[programName, 'help', ...words].join(' ')} shows the usage`
