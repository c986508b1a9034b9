/** Responsible for asking before an action that cannot be undone. It does nothing itself. */
import type { CommandContext } from './context.ts'
import { UsageError } from './arguments/usage-error.ts'

/** Asks when there is a terminal; otherwise `--yes` is required. */
export async function confirmed(context: CommandContext, question: string): Promise<boolean> {
  if (context.invocation.on('yes')) return true
  if (!context.system.stdinIsTerminal || !context.system.stderr.isTerminal) {
    throw new UsageError(`${question} There is no terminal to confirm on`, 'confirm with --yes')
  }
  const prompter = context.system.openPrompter()
  try {
    return await prompter.yes(question, false)
  } finally {
    prompter.close()
  }
}
