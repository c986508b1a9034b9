/** Responsible for the types of commands and flags: data that parsing, help, completions and the reference read. */

/** Kinds of values that the shell can complete. */
export type Completion = 'file' | 'folder' | 'provider' | 'config-key' | 'command'

export interface Flag {
  /** Without dashes. A name has the same kind in every command, because flags may precede the command. */
  readonly name: string
  readonly short?: string
  /** Placeholder of the value, such as `NAME`; absent: a switch without a value. */
  readonly value?: string
  readonly kind?: 'count' | 'duration' | 'json'
  /** May be given more than once. */
  readonly many?: true
  /** The only values that are accepted. */
  readonly choices?: readonly string[]
  /** Values that completion offers; others are accepted too. */
  readonly suggest?: readonly string[]
  readonly complete?: Completion
  readonly about: string
  /** Environment variables with the same meaning; the first one that is set wins. */
  readonly env?: readonly string[]
  /** Key in the config file. */
  readonly config?: string
}

export interface Argument {
  readonly name: string
  readonly optional?: true
  /** Takes all remaining words. */
  readonly many?: true
  readonly choices?: readonly string[]
  readonly complete?: Completion
  readonly about: string
}

export interface Example {
  /** The text after the program's name. */
  readonly line: string
  /** The text before the program's name: `git diff |`. */
  readonly before?: string
  readonly about: string
}

export interface Command {
  /** `['config', 'set']`; the first word names the group. */
  readonly words: readonly string[]
  readonly about: string
  /** Paragraphs below the usage line. */
  readonly details?: readonly string[]
  readonly arguments?: readonly Argument[]
  readonly flags: readonly Flag[]
  readonly examples: readonly Example[]
  /** Not shown in help and reference, because it is internal. */
  readonly hidden?: true
}

export const programName = 'modelreins-worker'

export const nameOf = (command: Command): string => command.words.join(' ')
