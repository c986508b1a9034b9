/** Responsible for what a command and its flags are: data that parsing, help, completions and the reference read alike. */

/** What the shell may offer for a value. */
export type Completion = 'file' | 'folder' | 'provider' | 'config-key' | 'command'

export interface Flag {
  /** Without dashes. A name means the same kind of flag in every command: flags may stand before the command. */
  readonly name: string
  readonly short?: string
  /** Placeholder of the value, such as `NAME`; absent: a switch. */
  readonly value?: string
  readonly kind?: 'count' | 'duration' | 'json'
  /** May be given more than once. */
  readonly many?: true
  /** Nothing else is accepted. */
  readonly choices?: readonly string[]
  /** Offered, but others are accepted too. */
  readonly suggest?: readonly string[]
  readonly complete?: Completion
  readonly about: string
  /** Environment variables that say the same, the first one wins. */
  readonly env?: readonly string[]
  /** Key in the config file. */
  readonly config?: string
}

export interface Argument {
  readonly name: string
  readonly optional?: true
  /** Takes all that follow. */
  readonly many?: true
  readonly choices?: readonly string[]
  readonly complete?: Completion
  readonly about: string
}

export interface Example {
  /** Behind the program's name. */
  readonly line: string
  /** Put in front of the program's name: `git diff |`. */
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
  /** Not shown in help and reference: it is a part of the machinery. */
  readonly hidden?: true
}

export const programName = 'modelreins-worker'

export const nameOf = (command: Command): string => command.words.join(' ')
