/** Says how the command lines of agents are started, read and stopped: claude, codex and aider, each by a stand-in that prints what the real one prints. */
import { existsSync } from 'node:fs'
import { afterEach, describe, expect, it } from 'vitest'
import { classifyError } from '../../../../../worker-sdk/src/errors.ts'
import { createProvider } from '../../../../../worker-sdk/src/providers/index.ts'
import type { ProviderOutcome } from '../../../../../worker-sdk/src/providers/provider.ts'
import { type Standin, installStandin } from '../../../../support/standins/install.ts'
import { type RecordedRun, recordRun } from '../../../../support/standins/provider-run.ts'
import { isRunning } from '../../../../support/standins/running.ts'

let standin: Standin | undefined
afterEach(() => standin?.remove())

type Agent = 'claude' | 'codex' | 'aider'
type More = Parameters<typeof recordRun>[1]
const agents: readonly Agent[] = ['claude', 'codex', 'aider']
const prompt = 'A private prompt.\nWith "two" lines.'

const start = (agent: Agent, scenario: string, settings: object = {}, more: More = {}): { installed: Standin; run: RecordedRun } => {
  standin = installStandin(agent, scenario)
  const { env, workDir } = standin
  return {
    installed: standin,
    run: recordRun({ env: { ...env, MODELREINS_TOKEN: 'mrw_secret' }, workDir, ...settings }, { ...more, job: { prompt, ...more?.job } }),
  }
}

const finish = async (agent: Agent, scenario: string, settings: object = {}, more: More = {}) => {
  const { installed, run } = start(agent, scenario, settings, more)
  const outcome = await createProvider(agent).run(run)
  return { run, outcome, started: installed.starts()[0] }
}

const classify = ({ error, exitCode, stderr }: ProviderOutcome): ReturnType<typeof classifyError> =>
  classifyError(error, exitCode, stderr, new Date('2026-05-04T12:00:00Z'))

describe.each(agents)('%s', (agent) => {
  const provider = createProvider(agent)

  it('gives the whole prompt outside argv, works in the folder of the worker, and gets no token of it', async () => {
    const { started } = await finish(agent, 'ok', {}, { context: 'Earlier words.' })
    expect(started?.stdin).toBe(`Earlier words.\n\n${prompt}`)
    expect(started?.argv.join(' ')).not.toContain('private')
    expect(started?.env['MODELREINS_TOKEN']).toBeUndefined()
    expect(started?.env['PWD'] ?? standin?.workDir).toBe(standin?.workDir)
  })

  it("passes the job's model before the worker's, and extra arguments as they are", async () => {
    const { started } = await finish(agent, 'ok', { model: 'general', extraArgs: ['--extra', 'a b; $c'] }, { job: { model: 'special' } })
    const argv = started?.argv ?? []
    expect(argv[argv.indexOf('--model') + 1]).toBe('special')
    expect(argv[argv.indexOf('--extra') + 1]).toBe('a b; $c')
  })

  it('is usable when the program is on PATH, and says its version', async () => {
    const { run } = start(agent, 'ok')
    expect(await provider.check(run.settings)).toEqual({ usable: true, detail: expect.stringMatching(new RegExp(`^${agent} \\d+\\.\\d+`)) })
  })

  it('is not usable when the program is missing, and says how to get it', async () => {
    expect(await provider.check({ env: { PATH: '/nowhere' } })).toEqual({ usable: false, detail: expect.stringContaining('Get it with: ') })
    const outcome = await provider.run(recordRun({ env: { PATH: '/nowhere' } }))
    expect(outcome.exitCode).toBe(127)
    expect(classify(outcome).type).toBe('spawn_failed')
  })

  it('takes another program by name or path', async () => {
    const { run } = start(agent, 'ok', { command: '/bin/false' })
    expect(await provider.check(run.settings)).toMatchObject({
      usable: false,
      detail: expect.stringContaining('/bin/false --version failed'),
    })
  })

  it('ends every process of an agent that ignores TERM, in its group and out of it', async () => {
    const { run } = start(agent, 'hang')
    const outcome = provider.run(run)
    await run.told('pids')
    while (!/pids( \d+){3}/.test(run.text())) await new Promise((resolve) => setTimeout(resolve, 10))
    const pids = run.text().match(/\d+/g)?.slice(0, 3).map(Number) ?? []
    run.stop(new Error('aborted by an operator'))
    expect((await outcome).error?.message).toBe('aborted by an operator')
    expect(pids).toHaveLength(3)
    expect(pids.filter(isRunning)).toEqual([])
  })
})

describe('claude', () => {
  it('asks for events and streams the text as it comes, tools aside, subagents silent', async () => {
    const { run, outcome, started } = await finish('claude', 'ok')
    expect(started?.argv).toEqual(['--print', '--output-format', 'stream-json', '--verbose', '--include-partial-messages'])
    expect(run.text()).toBe('Let me look. \nOne file: ä.txt\n')
    expect(run.text('system')).toBe('\n[Bash] {"command":"ls"}\n')
    expect(run.chunks.filter(({ stream }) => stream === 'stdout').length).toBeGreaterThan(4)
    expect(outcome).toEqual({ exitCode: 0, stderr: '', result: 'One file: ä.txt' })
  })

  it('tells tokens with the cached ones, cost, and the model that did most', async () => {
    const { run } = await finish('claude', 'ok')
    expect(run.usages).toEqual([{ tokens_in: 3210, tokens_out: 42, cost_usd: 0.0123, model: 'claude-opus-4-8' }])
  })

  it('reads versions that send whole messages only', async () => {
    const { run, outcome } = await finish('claude', 'whole')
    expect(run.text()).toBe('All at once.\n')
    expect(outcome.result).toBe('All at once.')
  })

  it('reads the other output formats', async () => {
    expect((await finish('claude', 'text', { outputFormat: 'text' })).outcome).toMatchObject({ exitCode: 0, result: 'Plain answer.' })
    standin?.remove()
    const { run, outcome, started } = await finish('claude', 'json', { outputFormat: 'json' })
    expect(outcome).toMatchObject({ exitCode: 0, result: 'Counted answer.' })
    expect(run.usages[0]?.cost_usd).toBe(0.0123)
    expect(started?.argv).toEqual(['--print', '--output-format', 'json'])
  })

  it.each([
    ['limit', { type: 'rate_limited', retryable: true, retry_at: '2026-05-04T19:00:00.000Z' }],
    ['login', { type: 'auth_failed', retryable: false }],
    ['status', { type: 'rate_limited', retryable: true }],
    ['turns', { type: 'exit_error', message: 'Exited with code 1: claude ended with error_max_turns' }],
    ['crash', { type: 'exit_error', message: 'Exited with code 7: TypeError: boom' }],
  ])('names the failure of "%s"', async (scenario, expected) => {
    expect(classify((await finish('claude', scenario)).outcome)).toMatchObject(expected)
  })

  it('is not usable when nobody is logged in', async () => {
    const { run } = start('claude', 'login')
    expect(await createProvider('claude').check(run.settings)).toMatchObject({
      usable: false,
      detail: expect.stringContaining('not logged in'),
    })
  })

  it('starts outside of the agent that the worker was started from', async () => {
    const { installed, run } = start('claude', 'ok')
    await createProvider('claude').run({ ...run, settings: { ...run.settings, env: { ...run.settings.env, CLAUDECODE: '1' } } })
    expect(installed.starts()[0]?.env['CLAUDECODE']).toBeUndefined()
  })
})

describe('codex', () => {
  it('asks for events, reads the prompt from stdin, streams messages and answers the last one', async () => {
    const { run, outcome, started } = await finish('codex', 'ok')
    expect(started?.argv).toEqual(['exec', '--json', '--color', 'never', '--skip-git-repo-check', '-'])
    expect(run.text()).toBe('First I look.\nOne file: a.txt\n')
    expect(run.text('system')).toBe('**Looking around**\n$ bash -lc ls (exit 0)\n[codex] Reconnecting... 1/5\n')
    expect(outcome).toMatchObject({ exitCode: 0, result: 'One file: a.txt' })
    expect(run.usages).toEqual([{ tokens_in: 24763, tokens_out: 122 }])
  })

  it.each([
    ['limit', { type: 'rate_limited', retry_at: '2026-05-07T16:12:00.000Z' }],
    ['notice', { type: 'network', retryable: true }],
  ])('names the failure of "%s", whatever it warned of before', async (scenario, expected) => {
    expect(classify((await finish('codex', scenario)).outcome)).toMatchObject(expected)
  })

  it('is not usable when nobody is logged in, unless a key or another provider stands in', async () => {
    const { run } = start('codex', 'login')
    const { check } = createProvider('codex')
    expect(await check(run.settings)).toMatchObject({ usable: false, detail: expect.stringContaining('codex login') })
    expect(await check({ ...run.settings, extraArgs: ['--oss'] })).toMatchObject({ usable: true })
    expect(await check({ ...run.settings, env: { ...run.settings.env, CODEX_API_KEY: 'k' } })).toMatchObject({ usable: true })
  })
})

describe('aider', () => {
  it('asks nothing, fetches nothing, makes no repository, and leaves no prompt behind', async () => {
    const { run, outcome, started } = await finish('aider', 'ok', { model: 'openai/gpt-4o' })
    const argv = started?.argv ?? []
    expect(argv).toEqual(expect.arrayContaining(['--yes-always', '--no-pretty', '--no-detect-urls', '--no-git']))
    expect(existsSync(argv[argv.indexOf('--message-file') + 1] ?? '')).toBe(false)
    expect(run.text('system')).toContain('Main model: openai/gpt-4o')
    expect(outcome).toMatchObject({ exitCode: 0, result: 'I changed hello.py.\nApplied edit to hello.py' })
    expect(run.usages).toEqual([{ tokens_in: 1900, tokens_out: 1204, cost_usd: 0.0048, model: 'openai/gpt-4o' }])
  })

  it('does not hold a retry against it that helped', async () => {
    const { run, outcome } = await finish('aider', 'retry')
    expect(outcome.exitCode).toBe(0)
    expect(outcome.error).toBeUndefined()
    expect(run.usages).toEqual([{ tokens_in: 2500, tokens_out: 7 }])
  })

  it('sees a failure behind exit code 0', async () => {
    const { outcome } = await finish('aider', 'login')
    expect(outcome.exitCode).toBe(1)
    expect(classify(outcome)).toMatchObject({ type: 'auth_failed', retryable: false })
  })
})
