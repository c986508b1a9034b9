/** What a shell is offered at Tab. */
import { jobStatuses, reviewStatuses } from '@modelreins/contract'
import { describe, expect, it } from 'vitest'
import { candidates, filesMark, foldersMark } from '../../../../../worker-sdk/src/cli/arguments/complete.ts'
import { completionScript } from '../../../../../worker-sdk/src/cli/arguments/completion-scripts.ts'
import { nameOf } from '../../../../../worker-sdk/src/cli/arguments/command.ts'
import { commands } from '../../../../../worker-sdk/src/cli/table/index.ts'
import { shells } from '../../../../../worker-sdk/src/cli/table/worker.ts'
import { Stage } from '../stage.ts'

const offered = (...words: readonly string[]): readonly string[] => candidates(words).map(({ text }) => text)

const shown = commands.filter((command) => command.hidden !== true)

describe('completion', () => {
  it('offers commands, then their second words', () => {
    expect(offered('dis')).toEqual(['dispatch'])
    expect(offered('config', '')).toEqual(['set', 'get', 'list', 'unset', 'path', 'reset'])
    expect(offered('')).not.toContain('__complete')
  })

  it('offers the flags of the command, each once unless it may repeat', () => {
    expect(offered('--pro')).toEqual(['--provider', '--prompt-arg'])
    expect(offered('dispatch', '--effort', 'deep', '--ef')).toEqual([])
    expect(offered('dispatch', '--tag', 'a', '--ta')).toEqual(['--target', '--tag'])
    expect(offered('jobs', '--lev')).toEqual([])
  })

  it('offers values: choices, providers, settings, files', () => {
    expect(offered('dispatch', '--effort', 'd')).toEqual(['deep'])
    expect(offered('dispatch', '--effort=d')).toEqual(['--effort=deep'])
    expect(offered('--provider', 'c')).toEqual(['claude', 'codex'])
    expect(offered('config', 'set', 'pro')).toEqual(['provider', 'prompt_arg'])
    expect(offered('dispatch', '--file', 'x')).toEqual([filesMark])
    expect(offered('--work-dir', '')).toEqual([foldersMark])
    expect(offered('completions', 'z')).toEqual(['zsh'])
  })

  it('offers the values of the command that was typed, and none for a flag it does not have', () => {
    expect(offered('jobs', '--status', '')).toEqual(jobStatuses)
    expect(offered('jobs', 'abort', '--status', '')).toEqual(jobStatuses)
    expect(offered('reviews', '--status', '')).toEqual([...reviewStatuses, 'all'])
    expect(offered('reviews', '--status=pend')).toEqual(['--status=pending'])
    expect(offered('workers', '--status', '')).toEqual([])
  })

  it.each(shown.map((command) => [nameOf(command), command] as const))(
    'offers for every flag of %s what its row lists',
    (_name, command) => {
      for (const flag of command.flags.filter((one) => one.choices !== undefined)) {
        const words = nameOf(command) === 'run' ? [] : command.words
        expect(offered(...words, `--${flag.name}`, '')).toEqual(flag.choices)
      }
    },
  )

  it('is not confused by values that look like commands', () => {
    expect(offered('--name', 'config', 'jobs', '--sta')).toEqual(['--status'])
  })

  it('answers a shell, and fails for nothing it is asked', async () => {
    const stage = new Stage()
    expect((await stage.run(['__complete', '--', 'dispatch', '--effort', 'q'])).out).toBe('quick\n')
    for (const words of [['--', '--bogus', ''], ['--'], [], ['--', 'nonsense', '--'], ['--', '--help', '--version']]) {
      const told = await stage.run(['__complete', ...words])
      expect([told.code, told.err]).toEqual([0, ''])
    }
  })

  it('has a script for every shell that asks the program itself', () => {
    for (const shell of shells) expect(completionScript(shell)).toContain('__complete')
  })
})
