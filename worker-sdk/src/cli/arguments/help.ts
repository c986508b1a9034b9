/** Responsible for help on a terminal, made from the table. */
import { nameOf, programName, type Argument, type Command, type Example, type Flag } from './command.ts'
import { clip, columnsOf, type Style } from '../output/style.ts'
import { didYouMean } from '../../nearest.ts'
import { commandsOf, findCommand, flagsOf, groups, sections } from '../table/index.ts'
import { UsageError } from './usage-error.ts'

export const flagText = (flag: Flag): string =>
  `${flag.short === undefined ? '' : `-${flag.short}, `}--${flag.name}${flag.value === undefined ? '' : ` ${flag.value}`}`

export const argumentText = ({ name, optional, many }: Argument): string => {
  const text = `${name}${many === true ? '...' : ''}`
  return optional === true ? `[${text}]` : text
}

/** `modelreins-worker dispatch [PROMPT...] [flags]` */
export const usageText = (command: Command): string => {
  const words = nameOf(command) === 'run' ? [] : command.words
  return [programName, ...words, ...(command.arguments ?? []).map(argumentText), '[flags]'].join(' ')
}

export const exampleText = ({ before, line }: Example): string =>
  [before, programName, line].filter((part) => part !== undefined && part !== '').join(' ')

/** Breaks text into lines of at most `columns`. */
function wrap(text: string, columns: number, indent = ''): string {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && columnsOf(`${line} ${word}`) > columns) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line].join(`\n${indent}`)
}

function twoColumns(rows: readonly (readonly [left: string, right: string])[], width: number, style: Style): string {
  const left = Math.min(30, Math.max(...rows.map(([text]) => columnsOf(text))))
  return rows
    .map(([text, about]) => {
      const room = Math.max(24, width - left - 4)
      const indent = ' '.repeat(left + 4)
      const head = columnsOf(text) > left ? `  ${text}\n${indent}` : `  ${text.padEnd(left)}  `
      return `${style.cyan(head)}${wrap(about, room, indent)}`
    })
    .join('\n')
}

const sourceOf = (flag: Flag): string => {
  const places = [...(flag.env ?? []), ...(flag.config === undefined ? [] : [`config ${flag.config}`])]
  return places.length === 0 ? '' : ` [${places.join(', ')}]`
}

const flagRows = (flags: readonly Flag[]): readonly (readonly [string, string])[] =>
  flags.map((flag) => [flagText(flag), `${flag.about}${sourceOf(flag)}`])

function examplesText(examples: readonly Example[], width: number, style: Style): string {
  return examples.map((example) => `  ${style.dim(`# ${clip(example.about, width - 6)}`)}\n  ${exampleText(example)}`).join('\n')
}

export interface Page {
  readonly columns: number
  readonly style: Style
}

const headed = (title: string, body: string, style: Style): string => `${style.bold(title)}\n${body}`

export function commandHelp(command: Command, { columns, style }: Page): string {
  const width = Math.min(columns, 110)
  const siblings = command.words.length === 1 ? commandsOf(command.words[0] ?? '').filter((other) => other !== command) : []
  const args = (command.arguments ?? []).map((argument) => [argument.name, argument.about] as const)
  return [
    `${command.about}.`,
    headed('Usage', `  ${usageText(command)}`, style),
    ...(command.details ?? []).map((paragraph) => wrap(paragraph, width)),
    ...(args.length === 0 ? [] : [headed('Arguments', twoColumns(args, width, style), style)]),
    ...(siblings.length === 0
      ? []
      : [
          headed(
            'Commands',
            twoColumns(
              siblings.map((other) => [nameOf(other), other.about]),
              width,
              style,
            ),
            style,
          ),
        ]),
    headed('Flags', twoColumns(flagRows(flagsOf(command)), width, style), style),
    ...(command.examples.length === 0 ? [] : [headed('Examples', examplesText(command.examples, width, style), style)]),
  ].join('\n\n')
}

/** Help for a group that is not a command itself: `config`, `service`. */
export function groupHelp(group: string, { columns, style }: Page): string {
  const rows = commandsOf(group).map(
    (command) => [[...command.words, ...(command.arguments ?? []).map(argumentText)].join(' '), command.about] as const,
  )
  return [
    headed('Usage', `  ${programName} ${group} COMMAND [flags]`, style),
    headed('Commands', twoColumns(rows, Math.min(columns, 110), style), style),
    style.dim(`${programName} help ${group} COMMAND shows its flags and examples`),
  ].join('\n\n')
}

export function overview({ columns, style }: Page): string {
  const width = Math.min(columns, 110)
  const [run, ...others] = sections.flatMap((section) => section.commands).filter((command) => command.hidden !== true)
  const shown = new Set(others)
  return [
    `Run ModelReins workers and operate the fleet.`,
    headed('Usage', `  ${programName} [flags]             run a worker\n  ${programName} COMMAND [flags]`, style),
    ...sections.map((section) =>
      headed(
        section.title,
        twoColumns(
          section.commands.filter((command) => shown.has(command)).map((command) => [nameOf(command), command.about]),
          width,
          style,
        ),
        style,
      ),
    ),
    ...(run === undefined
      ? []
      : [
          headed('Flags of the worker', twoColumns(flagRows(flagsOf(run)), width, style), style),
          headed('Examples', examplesText(run.examples, width, style), style),
        ]),
    style.dim(`${programName} help COMMAND shows its flags and examples`),
  ].join('\n\n')
}

/** Help about these words; words after a command's name are ignored. Throws `UsageError` when they name nothing. */
export function helpPage(words: readonly string[], page: Page): string {
  const [first] = words
  if (first === undefined) return overview(page)
  const command = findCommand(words.slice(0, 2)) ?? findCommand(words.slice(0, 1))
  if (command !== undefined) return commandHelp(command, page)
  if (commandsOf(first).length > 0) return groupHelp(first, page)
  throw new UsageError(`There is no command "${first}"${didYouMean(first, groups)}`, `${programName} help lists all`)
}
