/** Responsible for a parsed command line: typed access to arguments and flags. */
import { parseJson } from '../../client/transport.ts'
import type { Command, Flag } from './command.ts'
import { parseDuration } from '../output/time-words.ts'
import { UsageError } from './usage-error.ts'

/**
 * One use of a flag. A value that begins with a dash is treated as a flag, because the value was probably forgotten; `--name=-x` passes such a value
 * on purpose.
 */
export interface FlagUse {
  readonly flag: Flag
  readonly value: string | undefined
}

export class Invocation {
  readonly command: Command
  readonly arguments: readonly string[]
  readonly #values = new Map<string, string[]>()

  constructor(command: Command, args: readonly string[], uses: readonly FlagUse[]) {
    this.command = command
    this.arguments = args
    for (const { flag, value } of uses) {
      const list = this.#values.get(flag.name) ?? []
      list.push(value ?? 'true')
      this.#values.set(flag.name, list)
    }
  }

  has(name: string): boolean {
    return this.#values.has(name)
  }

  on(name: string): boolean {
    return this.text(name) === 'true'
  }

  /** The last value given, so that a script can override a flag by adding it again. */
  text(name: string): string | undefined {
    return this.#values.get(name)?.at(-1)
  }

  list(name: string): readonly string[] {
    return this.#values.get(name) ?? []
  }

  count(name: string): number | undefined {
    const text = this.text(name)
    if (text === undefined) return undefined
    if (!/^-?\d{1,15}$/.test(text)) throw new UsageError(`--${name} takes a whole number, not "${text}"`)
    return Number(text)
  }

  /** Seconds. */
  seconds(name: string): number | undefined {
    const text = this.text(name)
    if (text === undefined) return undefined
    const ms = parseDuration(text)
    if (ms === undefined) throw new UsageError(`--${name} takes a time such as 30, 30s, 5m or 2h, not "${text}"`)
    return ms / 1000
  }

  json(name: string): unknown {
    const text = this.text(name)
    if (text === undefined) return undefined
    const value = parseJson(text)
    if (value === undefined) throw new UsageError(`--${name} takes JSON, such as '{"key": 1}', not "${text}"`)
    return value
  }

  /** All values of a flag that may be repeated or contain commas. */
  words(name: string): readonly string[] | undefined {
    const given = this.#values.get(name)
    return given?.flatMap((text) => text.split(',').map((part) => part.trim())).filter((part) => part !== '')
  }

  argument(index: number): string | undefined {
    return this.arguments[index]
  }
}
