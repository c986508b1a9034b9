/** Responsible for the failure of a command line that is not understood; its exit code is the table's for invalid requests. */
import { problems } from '@modelreins/contract'
import { programName } from './command.ts'

export class UsageError extends Error {
  override readonly name = 'UsageError'
  readonly code = 'invalid-request'
  readonly exitCode = problems['invalid-request'].exit
  /** Where to read on. */
  readonly hint: string | undefined

  constructor(message: string, hint?: string) {
    super(message)
    this.hint = hint
  }
}

export const seeHelp = (words: readonly string[]): string => `${[programName, 'help', ...words].join(' ')} shows the usage`
