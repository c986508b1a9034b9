/** Responsible for the question before something that cannot be taken back. It does nothing itself. */
import type { CommandContext } from './context.ts'
import { UsageError } from './arguments/usage-error.ts'

/** Asks where somebody can answer; elsewhere `--yes` must have said so. */
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
