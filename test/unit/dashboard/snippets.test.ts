/** Says that what the dashboard offers for pasting is what the command line and the SDK take, and that no key is asked for in it. */
import { describe, expect, test } from 'vitest'
import { snippets } from '../../../dashboard/src/screens/settings/snippets.ts'
import { parseCommandLine } from '../../../worker-sdk/src/cli/arguments/parse.ts'
import { Client } from '../../../worker-sdk/src/index.ts'

const server = 'https://reins.example'
const all = snippets(server)
const wordsOf = (line: string): readonly string[] =>
  [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '')

describe('what is there to paste', () => {
  const lines = all.flatMap(({ text }) => text.split('\n')).filter((line) => /^\s*npx modelreins-worker/.test(line))

  test.each(lines)('%s is a command', (line) => {
    const [, , ...argv] = wordsOf(line.trim())
    expect(parseCommandLine(argv)).toMatchObject({ kind: 'run' })
  })

  test('there are several of them, and the editor task is JSON with one', () => {
    expect(lines.length).toBeGreaterThan(5)
    const task: { tasks: { args: string[] }[] } = JSON.parse(all.find(({ title }) => title === 'An editor task')?.text ?? '')
    expect(parseCommandLine(task.tasks[0]?.args.slice(1) ?? [])).toMatchObject({ kind: 'run' })
  })

  test('names this server, a method that there is, and no key', () => {
    const text = all.map((one) => one.text).join('\n')
    expect(text).toContain(server)
    expect(text).not.toMatch(/mr[kw]_/)
    expect(new Client({ url: server, token: 'x' }).jobs.dispatch).toBeTypeOf('function')
  })
})
