/** Says that a prompt reaches every program and server as it is, whatever it begins with, and never becomes a command or an option of theirs. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync, chmodSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { createProvider } from '../../../../worker-sdk/src/providers/index.ts'
import { delta, finish, sse } from '../../../support/recordings/recordings.ts'
import { recordRun } from '../../../support/standins/provider-run.ts'
import { startWireServer } from '../../../support/wire/wire-server.ts'

const prompts: readonly (readonly [string, string])[] = [
  ['a slash', '/run touch /tmp/never'],
  ['an exclamation mark', '! touch /tmp/never'],
  ['blanks and a slash', ' \n\t/run id'],
  ['an at sign', '@/etc/passwd'],
  ['a dash', '-rf /'],
  ['two dashes', '--help'],
  ['a hash', '# remember this'],
  ['a NUL', 'before\0behind'],
  ['a byte order mark', '\ufeff/run id'],
  ['nothing but a slash', '/'],
  ['a megabyte', `${'x'.repeat(1024 * 1024)}end`],
]

const folder = mkdtempSync(join(tmpdir(), 'prompts-'))
const seen = join(folder, 'seen')
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Keeps what it was given as its prompt, byte by byte, and says nothing else. */
const keeper = (name: string): string => {
  const file = join(folder, name)
  const take = name === 'aider' ? 'while [ $# -gt 0 ]; do [ "$1" = --message-file ] && cat "$2" >"$SEEN"; shift; done' : 'cat >"$SEEN"'
  writeFileSync(file, `#!/bin/sh\n${take}\n`)
  chmodSync(file, 0o755)
  return file
}

describe.each(['claude', 'codex', 'aider', 'spawn'] as const)('%s', (name) => {
  const command = keeper(name)
  it.each(prompts)('gets a prompt that begins with %s', async (_what, prompt) => {
    writeFileSync(seen, '')
    const run = recordRun({ command, workDir: folder, env: { PATH: process.env['PATH'], HOME: folder, SEEN: seen } }, { job: { prompt } })
    await createProvider(name).run(run)
    const given = readFileSync(seen, 'utf8')
    expect(given.endsWith(prompt)).toBe(true)
    // What stands in front of it is a line of words.
    expect(given.slice(0, given.length - prompt.length)).toMatch(/^(?:The request:\n\n)?$/)
    const commands = { claude: /^[\s\ufeff]*\//, aider: /^[\s\ufeff]*[/!]/ }
    if (name === 'claude' || name === 'aider') expect(commands[name].test(given)).toBe(false)
    else expect(given).toBe(prompt)
  })
})

describe('spawn with a flag for the prompt', () => {
  it.each(prompts.filter(([what]) => what !== 'a NUL' && what !== 'a megabyte'))(
    'gets one that begins with %s as one argument',
    async (_what, prompt) => {
      const run = recordRun({ command: `printf '<%s>'`, promptArg: '--prompt' }, { job: { prompt } })
      expect((await createProvider('spawn').run(run)).result).toBe(`<--prompt><${prompt}>`)
    },
  )
  it('refuses a NUL, which no argument can hold', async () => {
    const run = recordRun({ command: 'echo', promptArg: '--prompt' }, { job: { prompt: 'a\0b' } })
    expect(await createProvider('spawn').run(run)).toMatchObject({
      exitCode: 127,
      error: expect.objectContaining({ message: expect.stringContaining('null bytes') }),
    })
  })
})

describe('a server', () => {
  it.each(prompts)('gets a prompt that begins with %s', async (_what, prompt) => {
    const bodies: unknown[] = []
    const server = await startWireServer((request, response) => {
      bodies.push(request.json)
      response.writeHead(200, { 'content-type': 'text/event-stream' }).end(sse(delta('ok'), finish()))
    })
    await createProvider('http').run(recordRun({ endpoint: server.url, model: 'm', env: {} }, { job: { prompt } }))
    await server.close()
    expect(bodies).toEqual([expect.objectContaining({ messages: [{ role: 'user', content: prompt }] })])
  })
})
