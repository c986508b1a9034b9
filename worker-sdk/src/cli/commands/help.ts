/** Responsible for `help` and `completions`, printed from the table. */
import { candidates } from '../arguments/complete.ts'
import { completionScript, isShell } from '../arguments/completion-scripts.ts'
import type { CommandContext } from '../context.ts'
import { helpPage } from '../arguments/help.ts'
import { UsageError } from '../arguments/usage-error.ts'

export async function help(context: CommandContext): Promise<number> {
  context.show.line(helpPage(context.invocation.arguments, { columns: context.system.stdout.columns, style: context.show.style }))
  return 0
}

export async function completions(context: CommandContext): Promise<number> {
  const shell = context.invocation.argument(0) ?? ''
  if (!isShell(shell)) throw new UsageError(`There is no completion script for "${shell}"`)
  context.show.write(completionScript(shell))
  return 0
}

/** Called by the shell at every Tab, so it must never fail or write to standard error. */
export async function complete(context: CommandContext): Promise<number> {
  for (const { text, about } of candidates(context.invocation.arguments)) context.show.line(about === '' ? text : `${text}\t${about}`)
  return 0
}
