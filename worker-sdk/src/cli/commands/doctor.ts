/** Responsible for `doctor`: the order of the checks and their display; each check is in checks.ts. */
import { machineChecks, otherProviders, providerCheck, serverChecks, type Check } from '../setup/checks.ts'
import type { CommandContext } from '../context.ts'
import { oneLine } from '../output/safe-text.ts'

export async function doctor(context: CommandContext): Promise<number> {
  const { show } = context
  const checks: Check[] = []
  const add = (found: readonly Check[]): void => {
    checks.push(...found)
    if (!show.json) for (const check of found) tell(context, check)
  }
  add(machineChecks(context))
  add(await serverChecks(context))
  add(await providerCheck(context))
  add(await otherProviders(context))
  const failed = checks.find((check) => check.outcome === 'fail')
  if (show.json) show.value({ ok: failed === undefined, checks: checks.map(({ exitCode: _, ...check }) => check) })
  else if (show.human) {
    const count = (outcome: Check['outcome']): number => checks.filter((check) => check.outcome === outcome).length
    show.line()
    show.line(
      failed === undefined
        ? show.style.green('A worker can run here.')
        : show.style.red(`${count('fail')} of ${checks.length} checks failed.`),
    )
  }
  return failed?.exitCode ?? 0
}

const nameWidth = 10

function tell(context: CommandContext, check: Check): void {
  const { show } = context
  if (!show.human) {
    show.line([check.outcome, check.name, oneLine(check.detail), ...(check.help === undefined ? [] : [oneLine(check.help)])].join('\t'))
    return
  }
  const paint = check.outcome === 'ok' ? show.style.green : check.outcome === 'warn' ? show.style.yellow : show.style.red
  show.line(`${paint(check.outcome.padEnd(4))}  ${check.name.padEnd(nameWidth)}  ${oneLine(check.detail)}`)
  if (check.help !== undefined) show.line(`${' '.repeat(nameWidth + 8)}${show.style.dim(`-> ${oneLine(check.help)}`)}`)
}
