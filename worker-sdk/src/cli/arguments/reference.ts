/** Responsible for the reference page of the command line, generated from the table. */
import { problemCodes, problems } from '@modelreins/contract'
import { localCodes } from '../../client/error.ts'
import { nameOf, programName, type Command, type Flag } from './command.ts'
import { configKeys } from '../setup/config-keys.ts'
import { exampleText, flagText, usageText } from './help.ts'
import { globalFlags } from '../table/flags.ts'
import { sections } from '../table/index.ts'

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ')
const code = (text: string): string => `\`${text}\``

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

const flagRow = (flag: Flag): readonly string[] => [
  code(flagText(flag)),
  `${flag.about}${flag.many === true && !flag.about.includes('repeated') ? '; may be repeated' : ''}`,
  (flag.env ?? []).map(code).join(', '),
  flag.config === undefined ? '' : code(flag.config),
]

function flagTable(flags: readonly Flag[]): string {
  const rows = flags.map(flagRow)
  const used = [0, 1, 2, 3].filter((index) => index < 2 || rows.some((row) => row[index] !== ''))
  const pick = (row: readonly string[]): readonly string[] => used.map((index) => row[index] ?? '')
  return table(pick(['flag', '', 'environment', 'config']), rows.map(pick))
}

function commandBlock(command: Command): string {
  const args = command.arguments ?? []
  const examples = command.examples.map((example) => `# ${example.about}\n${exampleText(example)}`)
  return [
    `### ${nameOf(command)}`,
    `${command.about}.`,
    `\`\`\`\n${usageText(command)}\n\`\`\``,
    ...(command.details ?? []),
    ...(args.length === 0
      ? []
      : [
          table(
            ['argument', ''],
            args.map((argument) => [code(argument.name), argument.about]),
          ),
        ]),
    ...(command.flags.length === 0 ? [] : [flagTable(command.flags)]),
    ...(examples.length === 0 ? [] : [`\`\`\`sh\n${examples.join('\n\n')}\n\`\`\``]),
  ].join('\n\n')
}

function exitCodes(): string {
  const byExit = new Map<number, string[]>()
  const add = (exit: number, what: string): void => void byExit.set(exit, [...(byExit.get(exit) ?? []), what])
  add(0, 'done')
  add(1, 'the job failed, or the answer is no')
  for (const name of problemCodes) add(problems[name].exit, `[\`${name}\`](problems.md#${name})`)
  for (const [name, { exit }] of Object.entries(localCodes)) add(exit, `\`${name}\``)
  add(74, 'a file or another program of this machine failed')
  add(130, 'left with Ctrl-C')
  return table(
    ['exit code', 'when'],
    [...byExit].sort(([one], [other]) => one - other).map(([exit, reasons]) => [String(exit), reasons.join(', ')]),
  )
}

function configTable(): string {
  return table(
    ['key', 'also', 'environment', ''],
    configKeys.map((key) => [
      code(key.name),
      key.aliases.map(code).join(', '),
      key.env.map(code).join(', '),
      `${key.about}${key.secret ? ' (secret)' : ''}`,
    ]),
  )
}

/** The content of `docs/reference/cli.md`. */
export function cliReference(): string {
  const shown = sections.map(({ title, commands }) => ({ title, commands: commands.filter((command) => command.hidden !== true) }))
  return `${[
    `# ${programName}`,
    '<!-- Made by `npm run generate` from the table of commands. Change the table, not this page. -->',
    'The command line of the npm package `modelreins-worker`: it runs a worker, and it operates the fleet. `modelreins-worker help COMMAND` shows the same as this page.',
    'Answers go to standard output, everything else to standard error. On a terminal they are formatted as tables; in a pipe lists are lines with tabs between the columns, and `--json` gives JSON. `NO_COLOR` turns colours off.',
    '## Every command',
    flagTable(globalFlags),
    ...shown.flatMap(({ title, commands }) => [`## ${title}`, ...commands.map(commandBlock)]),
    '## Exit codes',
    exitCodes(),
    '## Config file',
    'Its path (`modelreins-worker config path`): `MODELREINS_CONFIG`, else `modelreins/config.json` in `$XDG_CONFIG_HOME` or `~/.config`, `~/Library/Application Support` on macOS, `%APPDATA%` on Windows. It is JSON with these keys, readable by its owner alone. A flag wins over the environment, the environment over the file.',
    configTable(),
  ].join('\n\n')}\n`
}
