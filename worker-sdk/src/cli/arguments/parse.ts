/** Responsible for parsing a command line by the table: which command, which flags, or what is wrong. */
import { parseArgs } from 'node:util'
import { nameOf, type Argument, type Command, type Flag } from './command.ts'
import { Invocation, type FlagUse } from './invocation.ts'
import { didYouMean } from '../../nearest.ts'
import { globalFlags } from '../table/flags.ts'
import { commands, commandsOf, findCommand, flagsOf, groups } from '../table/index.ts'
import { seeHelp, UsageError } from './usage-error.ts'

interface Option {
  readonly type: 'string' | 'boolean'
  readonly short?: string
}

/** Flags of all commands: a flag may precede the command's name, and has the same kind in every command. */
const allFlags = (): ReadonlyMap<string, Flag> => new Map(commands.flatMap(flagsOf).map((flag) => [flag.name, flag]))

function optionsOf(flags: ReadonlyMap<string, Flag>): Record<string, Option> {
  const options: Record<string, Option> = {}
  for (const { name, value, short } of flags.values()) {
    options[name] = { type: value === undefined ? 'boolean' : 'string', ...(short === undefined ? {} : { short }) }
  }
  return options
}

interface Found {
  readonly command: Command
  /** Words that remain for the command's arguments. */
  readonly rest: readonly string[]
}

/** The longest command name that the words begin with. Without words, the worker runs. */
function resolveCommand(words: readonly string[], literal: boolean): Found {
  const [first, second] = words
  if (first === undefined || literal) return { command: commandNamed(['run']), rest: words }
  const pair = second === undefined ? undefined : findCommand([first, second])
  if (pair !== undefined) return { command: pair, rest: words.slice(2) }
  const single = findCommand([first])
  if (single !== undefined && (single.arguments !== undefined || second === undefined)) return { command: single, rest: words.slice(1) }
  const seconds = commandsOf(first).flatMap((command) => command.words[1] ?? [])
  if (seconds.length > 0) {
    const choice = `${first} has ${seconds.join(', ')}`
    const text =
      second === undefined
        ? `${first} needs a command: ${choice}`
        : `There is no "${first} ${second}"${didYouMean(second, seconds, `${first} `)}`
    throw new UsageError(text, second === undefined ? undefined : choice)
  }
  if (single !== undefined) return { command: single, rest: words.slice(1) }
  throw new UsageError(`There is no command "${first}"${didYouMean(first, groups)}`, seeHelp([]))
}

/** The subject of a message about a flag: the words of a command or group, and its flags. */
interface Owner {
  readonly words: readonly string[]
  readonly flags: readonly Flag[]
}

const ownerOf = (command: Command): Owner => ({ words: command.words, flags: flagsOf(command) })

/**
 * The command that an unknown flag was probably meant for. Words after the command's name may be values of the unknown flag. `wordsFirst`: a word
 * precedes the flag. If that word names no command, the word is reported as the error; otherwise it counts as the value of a mistyped flag.
 */
function likelyOwner(words: readonly string[], literal: boolean, wordsFirst: boolean): Owner {
  const [first, second] = words
  if (first === undefined || literal) return ownerOf(commandNamed(['run']))
  const named = (second === undefined ? undefined : findCommand([first, second])) ?? findCommand([first])
  if (named !== undefined) return ownerOf(named)
  if (commandsOf(first).length > 0) return { words: [first], flags: globalFlags }
  return ownerOf(wordsFirst ? resolveCommand(words, literal).command : commandNamed(['run']))
}

function commandNamed(words: readonly string[]): Command {
  const command = findCommand(words)
  if (command === undefined) throw new Error(`the table has no command ${words.join(' ')}`)
  return command
}

function unknownFlag(raw: string, { words, flags }: Owner): UsageError {
  const names = flags.map((flag) => `--${flag.name}`)
  const others = commands.filter((other) => other.hidden !== true && flagsOf(other).some((flag) => `--${flag.name}` === raw))
  // If several commands have the flag, prefer the one with a similar name: `workers` suggests `workers register`.
  const owner = others.find((other) => other.words[0] === words[0]) ?? others[0]
  const known = owner === undefined ? '' : ` (${nameOf(owner)} has)`
  const near = owner === undefined ? didYouMean(raw, names) : ''
  return new UsageError(`${words.join(' ')} has no flag ${raw}${known}${near}`, seeHelp(words[0] === 'run' ? [] : words))
}

/** A flag takes a value in all commands or in none, so this check needs no command. */
function checkPresence(flag: Flag, value: string | undefined, inline: boolean): void {
  if (flag.value === undefined) {
    if (value !== undefined && value !== 'true' && value !== 'false') throw new UsageError(`--${flag.name} takes no value`)
    return
  }
  const example = `--${flag.name} ${flag.value}`
  if (value === undefined) throw new UsageError(`--${flag.name} needs a value: ${example}`)
  const isFlag = !inline && /^-[^\d]/.test(value) && !value.includes(' ')
  if (isFlag)
    throw new UsageError(`--${flag.name} needs a value: ${example}`, `a value that begins with a dash is given as --${flag.name}=${value}`)
}

function checkChoice({ name, value: placeholder, choices }: Flag, value: string | undefined): void {
  if (choices === undefined || value === undefined) return
  const given = placeholder?.includes(',') === true ? value.split(',') : [value]
  const wrong = given.find((part) => !choices.includes(part.trim()))
  if (wrong !== undefined) throw new UsageError(`--${name} is one of ${choices.join(', ')}, not "${wrong}"${didYouMean(wrong, choices)}`)
}

function checkArguments(command: Command, given: readonly string[]): void {
  const wanted: readonly Argument[] = command.arguments ?? []
  const missing = wanted.find((argument, index) => argument.optional !== true && given[index] === undefined)
  if (missing !== undefined) throw new UsageError(`${nameOf(command)} needs ${missing.name}: ${missing.about}`, seeHelp(command.words))
  const extra = wanted.at(-1)?.many === true ? undefined : given[wanted.length]
  if (extra !== undefined) {
    const sub = command.words.length === 1 ? commandsOf(command.words[0] ?? '').flatMap((other) => other.words[1] ?? []) : []
    throw new UsageError(`${nameOf(command)} does not take "${extra}"${didYouMean(extra, sub)}`, seeHelp(command.words))
  }
  for (const [index, argument] of wanted.entries()) {
    const value = given[index]
    if (value !== undefined && argument.choices !== undefined && !argument.choices.includes(value))
      throw new UsageError(
        `${argument.name} is one of ${argument.choices.join(', ')}, not "${value}"${didYouMean(value, argument.choices)}`,
      )
  }
}

export type Parsed =
  | { readonly kind: 'run'; readonly invocation: Invocation }
  /** `words`: the subject of the help; none: everything. */
  | { readonly kind: 'help'; readonly words: readonly string[] }
  | { readonly kind: 'version' }

/** Throws `UsageError` with a sentence that says what the user can do. */
export function parseCommandLine(argv: readonly string[]): Parsed {
  // The words that the shell asks about must reach the completer unchanged.
  if (argv[0] === '__complete') {
    return { kind: 'run', invocation: new Invocation(commandNamed(['__complete']), argv.slice(argv[1] === '--' ? 2 : 1), []) }
  }
  const flags = allFlags()
  const { tokens } = parseArgs({ args: [...argv], options: optionsOf(flags), strict: false, allowPositionals: true, tokens: true })
  const words = tokens.flatMap((token) => (token.kind === 'positional' ? [token.value] : []))
  const terminator = tokens.find((token) => token.kind === 'option-terminator')
  const first = tokens.find((token) => token.kind === 'positional')
  const literal = terminator !== undefined && first !== undefined && first.index > terminator.index

  const options = tokens.flatMap((token) => (token.kind === 'option' ? [token] : []))
  const wantsHelp = options.some((token) => token.name === 'help')
  if (wantsHelp) return { kind: 'help', words }
  if (words.length === 0 && options.some((token) => token.name === 'version')) return { kind: 'version' }

  // Flags are checked before words, because a misplaced value looks like a command.
  for (const token of options) {
    const owner = likelyOwner(words, literal, first !== undefined && first.index < token.index)
    const flag = owner.flags.find((one) => one.name === token.name) ?? flags.get(token.name)
    if (flag === undefined) throw unknownFlag(token.rawName, owner)
    checkPresence(flag, token.value, token.inlineValue === true)
  }
  const { command, rest } = withSetup(resolveCommand(words, literal), options)
  const allowed = new Map(flagsOf(command).map((flag) => [flag.name, flag]))
  const uses: FlagUse[] = []
  for (const token of options) {
    const flag = allowed.get(token.name)
    if (flag === undefined) {
      if (token.name === 'setup' && command.words[0] === 'setup') continue
      throw unknownFlag(token.rawName, ownerOf(command))
    }
    checkChoice(flag, token.value)
    uses.push({ flag, value: token.value })
  }
  if (command.words[0] === 'run' && rest.length > 0) throw new UsageError(`run does not take "${rest[0]}"`, seeHelp([]))
  checkArguments(command, rest)
  return { kind: 'run', invocation: new Invocation(command, rest, uses) }
}

/** `--setup` is the older form of the command `setup`. */
function withSetup(found: Found, options: readonly { readonly name: string }[]): Found {
  const asked = found.command.words[0] === 'run' && options.some((token) => token.name === 'setup')
  return asked ? { ...found, command: commandNamed(['setup']) } : found
}
