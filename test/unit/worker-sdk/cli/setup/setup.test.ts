/** `--setup` asks, checks, and writes only what works. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Standin, installStandin } from '../../../../support/standins/install.ts'
import { Stage, type StageOptions } from '../stage.ts'
import { memberKey, ViewServer, workerToken } from '../view-server.ts'

const server = new ViewServer()
beforeAll(() => server.listen())
afterAll(() => server.close())

const fileOf = (stage: Stage): Record<string, unknown> => JSON.parse(readFileSync(stage.configFile, 'utf8')) as Record<string, unknown>
const atTerminal = (...answers: readonly string[]): StageOptions => ({ terminal: true, answers })
const provider = ['--provider', 'spawn', '--command', 'cat']

describe('--setup at a terminal', () => {
  it('walks through server, token, name and provider, and writes what was said', async () => {
    const stage = new Stage()
    const told = await stage.run(['--setup'], atTerminal(server.url, workerToken, '', 'spawn', 'cat'))
    expect(told.err).toContain('triager')
    expect(told.code).toBe(0)
    expect(fileOf(stage)).toEqual({ server: server.url, token: workerToken, name: 'triager', provider: 'spawn', command: 'cat' })
    expect(stage.asked).toEqual([
      'Address of the server',
      'Worker token, or its one-time view URL',
      'Name of this worker',
      'Provider, by name or number',
      'Shell line to run for each job, with the prompt on its standard input',
    ])
    expect(told.err + told.out).not.toContain(workerToken)
  })

  it('asks again until the server answers and the token is in force', async () => {
    const stage = new Stage()
    const told = await stage.run(
      ['--setup', ...provider],
      atTerminal('http://127.0.0.1:9', 'not an address', server.url, 'mrw_wrong', 'two words', workerToken, 'mine'),
    )
    expect(told.code).toBe(0)
    expect(told.err).toContain('Cannot reach http://127.0.0.1:9')
    expect(told.err).toContain('The server refuses this token')
    expect(fileOf(stage)).toMatchObject({ server: server.url, token: workerToken, name: 'mine' })
  })

  it('writes nothing before the connection is checked', async () => {
    const stage = new Stage()
    await expect(stage.run(['--setup', ...provider], atTerminal('http://127.0.0.1:9'))).resolves.toMatchObject({ code: 70 })
    expect(existsSync(stage.configFile)).toBe(false)
  })

  it('takes a one-time view URL even as the address, and keeps its token at once: nobody can open it again', async () => {
    const stage = new Stage()
    const told = await stage.run(['--setup', ...provider], atTerminal(server.seal(workerToken, 'triager')))
    // Nobody answered the question for the name.
    expect(told.code).toBe(70)
    expect(fileOf(stage)).toEqual({ server: server.url, token: workerToken })
  })

  it("registers a worker with a member's key, and keeps the key for the other commands", async () => {
    const stage = new Stage()
    const told = await stage.run(['--setup', ...provider], atTerminal(server.url, memberKey, 'taken', 'free'))
    expect(told.code).toBe(0)
    expect(told.err).toContain('A worker named taken exists')
    expect(server.registered).toContain('free')
    expect(fileOf(stage)).toMatchObject({ token: workerToken, admin_token: memberKey, name: 'free' })
  })

  it('guesses a mistyped provider', async () => {
    const told = await new Stage().run(['--setup'], atTerminal(server.url, workerToken, '', 'spwan', 'spawn', 'cat'))
    expect(told.err).toContain('did you mean spawn?')
    expect(told.code).toBe(0)
  }, 30_000)
})

describe('what this machine has', () => {
  const standins: Standin[] = []
  afterEach(() => {
    for (const one of standins.splice(0)) one.remove()
  })
  const install = (scenario: string): { readonly env: Readonly<Record<string, string>>; readonly bin: string } => {
    const standin = installStandin('claude', scenario)
    standins.push(standin)
    return { env: standin.env, bin: standin.env['PATH']?.split(':')[0] ?? '' }
  }

  it('is looked for where the login shell would look, and written down by its path', async () => {
    const { bin, env } = install('ok')
    const stage = new Stage()
    const shell = join(stage.folder, 'shell')
    writeFileSync(shell, `#!/bin/sh\necho 'A greeting.'\nPATH=${bin}:$PATH\n[ "$1" = -lic ] && eval "$2"\n`, { mode: 0o755 })
    const answers = atTerminal(server.url, workerToken, '', 'claude')
    const told = await stage.run(['--setup'], { ...answers, env: { ...env, PATH: '/usr/bin:/bin', SHELL: shell } })
    expect(told.code).toBe(0)
    expect(told.err).toMatch(/found {2}claude .*\(on the PATH of your login shell only/)
    expect(fileOf(stage)).toMatchObject({ provider: 'claude', command: join(bin, 'claude') })
  }, 30_000)

  it('is said by the doctor, one line each, with how to log in', async () => {
    const { env } = install('login')
    const { out } = await new Stage().run(['doctor', '--server', 'http://127.0.0.1:9', ...provider], { env })
    expect(out).toMatch(/^ok\tfound\tclaude: claude [\d.]+ is not logged in: run "claude auth login", or set ANTHROPIC_API_KEY$/m)
    expect(out).not.toMatch(/found\t(?:spawn|acp)/)
  }, 30_000)
})

describe('--setup where nobody can be asked', () => {
  it('says what it lacks', async () => {
    const told = await new Stage().run(['--setup'])
    expect(told.code).toBe(64)
    expect(told.err).toContain('standard input is not a terminal; it lacks --server and --token')
  })

  it('asks nothing when the flags answer everything', async () => {
    const stage = new Stage()
    const told = await stage.run(['--setup', '--token', server.seal(workerToken, 'triager'), ...provider])
    expect(told.code).toBe(0)
    expect(fileOf(stage)).toMatchObject({ server: server.url, token: workerToken, name: 'triager', provider: 'spawn' })
    expect(stage.asked).toEqual([])
  })

  it('fails with the code of what is wrong', async () => {
    expect((await new Stage().run(['--setup', '--server', server.url, '--token', 'mrw_x'])).code).toBe(77)
    expect((await new Stage().run(['--setup', '--server', 'http://127.0.0.1:9', '--token', workerToken])).code).toBe(69)
  })
})
