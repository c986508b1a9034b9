/** Responsible for completing a command line: commands, flags and values, from the table. */
import { providerNames } from '../../providers/index.ts'
import { nameOf, type Argument, type Command, type Completion, type Flag } from './command.ts'
import { configKeys } from '../setup/config-keys.ts'
import { commands, commandsOf, findCommand, flagsOf, groups } from '../table/index.ts'

export interface Candidate {
  readonly text: string
  readonly about: string
}

/** Printed alone, this tells the shell to complete names of files or folders itself. */
export const filesMark = ':files'
export const foldersMark = ':folders'

const shown = commands.filter((command) => command.hidden !== true)
const plain = (texts: readonly string[]): readonly Candidate[] => texts.map((text) => ({ text, about: '' }))

function completionOf(kind: Completion): readonly Candidate[] {
  if (kind === 'file') return plain([filesMark])
  if (kind === 'folder') return plain([foldersMark])
  if (kind === 'provider') return plain(providerNames)
  if (kind === 'config-key') return configKeys.map((key) => ({ text: key.name, about: key.about }))
  return groups.map((text) => ({ text, about: aboutGroup(text) }))
}

const aboutGroup = (group: string): string =>
  findCommand([group])?.about ??
  commandsOf(group)
    .map((command) => command.words[1])
    .join(', ')

const valuesOf = (from: Flag | Argument): readonly Candidate[] => {
  const fixed = [...(from.choices ?? []), ...('suggest' in from ? (from.suggest ?? []) : [])]
  return fixed.length > 0 ? plain(fixed) : from.complete === undefined ? [] : completionOf(from.complete)
}

/** The command that the words name, and how many of them are arguments. */
function commandIn(words: readonly string[]): Found {
  const pair = findCommand(words.slice(0, 2))
  if (words.length >= 2 && pair !== undefined) return { command: pair, args: words.length - 2, words }
  const single = words.length === 0 ? findCommand(['run']) : findCommand(words.slice(0, 1))
  return { command: single, args: Math.max(0, words.length - 1), words }
}

interface Found {
  readonly command: Command | undefined
  readonly args: number
  readonly words: readonly string[]
}

type Flags = ReadonlyMap<string, Flag>

/** Flags by name with dashes, long and short. */
const byName = (flags: readonly Flag[]): Flags =>
  new Map(flags.flatMap((flag) => [`--${flag.name}`, ...(flag.short === undefined ? [] : [`-${flag.short}`])].map((name) => [name, flag])))

/** Flags of all commands. They suffice to tell a flag's value from a word, since a name takes a value in all commands or in none. */
const everyFlag: Flags = byName(shown.flatMap(flagsOf))

const takesNext = (word: string): boolean => everyFlag.get(word)?.value !== undefined

/** The words that are neither flags nor values of flags. */
const wordsAmong = (before: readonly string[]): readonly string[] =>
  before.filter((word, index) => !word.startsWith('-') && !takesNext(before[index - 1] ?? ''))

/** Which flags of the command are given, and the flag whose value comes next: `unknown` when the command has no such flag. */
function flagsAmong(
  before: readonly string[],
  flags: Flags,
): { readonly used: ReadonlySet<string>; readonly pending: Flag | 'unknown' | undefined } {
  const used = new Set(before.flatMap((word) => flags.get(word.split('=')[0] ?? word)?.name ?? []))
  const last = before.at(-1) ?? ''
  const isValue = takesNext(before.at(-2) ?? '')
  return { used, pending: isValue || !takesNext(last) ? undefined : (flags.get(last) ?? 'unknown') }
}

/** `words`: everything after the program's name up to the cursor; the last word may be empty or incomplete. */
export function candidates(words: readonly string[]): readonly Candidate[] {
  // PowerShell drops an empty argument unless it is quoted twice.
  const last = words.at(-1) ?? ''
  const current = last === '""' ? '' : last
  const before = words.slice(0, -1)
  const { command, args, words: plainWords } = commandIn(wordsAmong(before))
  const flags = byName(command === undefined ? [] : flagsOf(command))
  const { used, pending } = flagsAmong(before, flags)
  if (pending === 'unknown') return []
  if (pending !== undefined) return starting(current, valuesOf(pending))
  const inline = /^(--[a-z-]+)=/.exec(current)
  const inlineFlag = inline === null ? undefined : flags.get(inline[1] ?? '')
  if (inline !== null && inlineFlag !== undefined) {
    return starting(
      current,
      valuesOf(inlineFlag).map(({ text, about }) => ({ text: text.startsWith(':') ? text : `${inline[0]}${text}`, about })),
    )
  }
  if (current.startsWith('-')) {
    const open = command === undefined ? [] : flagsOf(command).filter((flag) => flag.many === true || !used.has(flag.name))
    return starting(
      current,
      open.map((flag) => ({ text: `--${flag.name}`, about: flag.about })),
    )
  }
  if (plainWords.length === 0)
    return starting(
      current,
      groups.map((text) => ({ text, about: aboutGroup(text) })),
    )
  const group = plainWords[0] ?? ''
  const subs = plainWords.length === 1 ? commandsOf(group).filter((other) => other.words.length === 2) : []
  const taken = command?.arguments ?? []
  const argument = taken[args] ?? (taken.at(-1)?.many === true ? taken.at(-1) : undefined)
  return starting(current, [
    ...subs.map((sub) => ({ text: sub.words[1] ?? nameOf(sub), about: sub.about })),
    ...(argument === undefined ? [] : valuesOf(argument)),
  ])
}

const starting = (current: string, all: readonly Candidate[]): readonly Candidate[] =>
  all.filter(({ text }) => text.startsWith(':') || text.startsWith(current))
