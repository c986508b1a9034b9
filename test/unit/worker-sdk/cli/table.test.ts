/** One table drives parsing, help, completions and the reference: here it is held against all four. */
import { describe, expect, it } from 'vitest'
import { settings } from '../../../../worker-sdk/src/worker/settings/options.ts'
import { nameOf } from '../../../../worker-sdk/src/cli/arguments/command.ts'
import { handlers } from '../../../../worker-sdk/src/cli/commands/index.ts'
import { helpPage } from '../../../../worker-sdk/src/cli/arguments/help.ts'
import { parseCommandLine } from '../../../../worker-sdk/src/cli/arguments/parse.ts'
import { cliReference } from '../../../../worker-sdk/src/cli/arguments/reference.ts'
import { styleFor } from '../../../../worker-sdk/src/cli/output/style.ts'
import { commands, flagsOf } from '../../../../worker-sdk/src/cli/table/index.ts'
import { splitArgs } from '../../../../worker-sdk/src/worker/settings/options.ts'

const shown = commands.filter((command) => command.hidden !== true)
const page = { columns: 80, style: styleFor(false, {}) }

describe('the table of commands', () => {
  it('has a function for every row and no function without a row', () => {
    expect(Object.keys(handlers).sort()).toEqual(commands.map(nameOf).sort())
  })

  it('means the same kind of flag by one name everywhere', () => {
    const kinds = new Map<string, Set<string>>()
    for (const command of commands)
      for (const flag of flagsOf(command)) {
        const kind = `${flag.value === undefined ? 'switch' : 'value'} ${flag.short ?? ''}`
        kinds.set(flag.name, (kinds.get(flag.name) ?? new Set()).add(kind))
      }
    expect([...kinds].filter(([, kind]) => kind.size > 1)).toEqual([])
  })

  it('gives no short name to two flags of one command', () => {
    for (const command of commands) {
      const shorts = flagsOf(command).flatMap((flag) => flag.short ?? [])
      expect(new Set(shorts).size, nameOf(command)).toBe(shorts.length)
    }
  })

  it('has every setting of the worker as a flag of run', () => {
    const flags = commands.find((command) => nameOf(command) === 'run')?.flags.map((flag) => flag.name)
    for (const { flag } of Object.values(settings)) expect(flags).toContain(flag)
  })

  it.each(shown.map((command) => [nameOf(command), command] as const))('shows examples of %s that it understands', (name, command) => {
    expect(command.examples.length).toBeGreaterThan(0)
    for (const { line } of command.examples) {
      // Behind > and | is the shell's affair.
      const words = splitArgs(line.replace(/ (?:>>?|\|) .*$/, ''))
      const parsed = parseCommandLine(words)
      expect(parsed.kind).toBe('run')
      if (parsed.kind === 'run' && line !== '--setup') expect(nameOf(parsed.invocation.command)).toBe(name)
    }
  })
})

describe('help', () => {
  it('names every command in its overview and fits the terminal', () => {
    const text = helpPage([], page)
    for (const command of shown.filter((one) => nameOf(one) !== 'run')) expect(text).toContain(`  ${nameOf(command)}`)
    for (const line of text.split('\n').filter((one) => !one.includes('modelreins-worker')))
      expect(line.length, line).toBeLessThanOrEqual(80)
  })

  it.each(shown.map((command) => [nameOf(command), command] as const))('of %s names all its flags and shows examples', (_name, command) => {
    const text = helpPage(command.words, page)
    for (const flag of flagsOf(command)) expect(text).toContain(`--${flag.name}`)
    expect(text).toContain('Examples')
  })

  it('says where a flag may also be set', () => {
    expect(helpPage(['run'], page).replaceAll(/\s+/g, ' ')).toContain('[MODELREINS_TOKEN, MODELREINS_API_KEY, config token]')
  })

  it('lists a group that is no command of its own', () => {
    expect(helpPage(['config'], page)).toContain('config set KEY [VALUE]')
  })

  it('guesses', () => {
    expect(() => helpPage(['dispach'], page)).toThrow('did you mean dispatch?')
  })
})

describe('the reference', () => {
  const text = cliReference()

  it('has a heading for every command, and for none that is hidden', () => {
    const headings = [...text.matchAll(/^### (.+)$/gm)].map((match) => match[1])
    expect(headings.sort()).toEqual(shown.map(nameOf).sort())
  })

  it('keeps its tables whole', () => {
    for (const block of text.matchAll(/(?:^\|.*\|\n)+/gm)) {
      const widths = block[0]
        .trim()
        .split('\n')
        .map((line) => line.replaceAll('\\|', '').split('|').length)
      expect(new Set(widths).size, block[0]).toBe(1)
    }
  })

  it('lists the exit codes of the problem table', () => {
    expect(text).toMatch(/\| 77 \| .*`unauthorized`/)
    expect(text).toMatch(/\| 130 \| /)
  })
})
