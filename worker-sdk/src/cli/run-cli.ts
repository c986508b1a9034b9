/** Responsible for one call of the program, from its arguments to its exit code. */
import { version } from '../version.ts'
import { nameOf, programName } from './arguments/command.ts'
import { handlers } from './commands/index.ts'
import { refusalHint } from './setup/connection.ts'
import { CommandContext, isProblem } from './context.ts'
import { reportFailure } from './output/failure.ts'
import { helpPage } from './arguments/help.ts'
import { parseCommandLine, type Parsed } from './arguments/parse.ts'
import { styleFor } from './output/style.ts'
import type { System } from './system.ts'
import { findCommand } from './table/index.ts'

export async function runCli(system: System): Promise<number> {
  const json = system.argv.includes('--json')
  let parsed: Parsed
  try {
    parsed = parseCommandLine(system.argv)
    if (parsed.kind === 'help') {
      const page = { columns: system.stdout.columns, style: styleFor(system.stdout.isTerminal, system.env) }
      system.stdout.write(`${helpPage(parsed.words, page)}\n`)
      return 0
    }
  } catch (error) {
    return reportFailure(error, system, { json })
  }
  if (parsed.kind === 'version') {
    system.stdout.write(`${version}\n`)
    return 0
  }
  const context = new CommandContext(parsed.invocation, system)
  const handler = handlers[nameOf(parsed.invocation.command)]
  if (handler === undefined) throw new Error(`no handler for ${nameOf(parsed.invocation.command)}`)
  try {
    return await handler(context)
  } catch (error) {
    return reportFailure(error, system, { json: context.show.json, hint: hintFor(error, context) })
  }
}

function hintFor(error: unknown, context: CommandContext): string | undefined {
  if (isProblem(error, 'not-found')) return listHint(context)
  const takes = (flag: string): boolean => context.invocation.command.flags.some((one) => one.name === flag)
  // The error that stopped the worker may already contain this advice.
  const told = error instanceof Error && error.message.includes('--takeover')
  if (isProblem(error, 'name-taken') && takes('takeover') && !told)
    return 'Choose another name, revoke the worker that has it, or take it over with --takeover.'
  if (isProblem(error, 'no-live-worker') && takes('queue')) return 'Start a worker, or give --queue.'
  if (!isProblem(error, 'forbidden')) return undefined
  try {
    return refusalHint(context)
  } catch {
    return undefined
  }
}

/** When a command of a group did not find its subject, suggests the group's list. */
function listHint({ invocation }: CommandContext): string | undefined {
  const [group = '', second] = invocation.command.words
  const list = second === undefined ? undefined : findCommand([group])
  return list === undefined || list.arguments !== undefined ? undefined : `\`${programName} ${group}\` lists what there is.`
}
