/** Says what happens to a child program and to everything it starts. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { type ChildEnd, type ChildOptions, runChild } from '../../../../../worker-sdk/src/providers/child-process/child.ts'
import { launchOf, launchOfShell } from '../../../../../worker-sdk/src/providers/child-process/program.ts'
import { isRunning } from '../../../../support/standins/running.ts'

const folder = mkdtempSync(join(tmpdir(), 'child-test-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const env = { PATH: process.env['PATH'] }
const never = new AbortController().signal

const sh = (line: string, more: Partial<ChildOptions> = {}): Promise<ChildEnd> =>
  runChild({ launch: launchOfShell(line, [], env), env, signal: never, ...more })

/** Runs a Node script that prints process ids and waits; stops it when `count` of them are known. */
const stopWhenUp = async (script: string, count: number, graceMs: number): Promise<{ end: ChildEnd; pids: number[] }> => {
  const file = join(folder, `${Math.random()}.mjs`)
  writeFileSync(file, script)
  const stopper = new AbortController()
  let printed = ''
  const pids = (): number[] => printed.split(/\s+/).filter(Boolean).map(Number)
  const end = await runChild({
    launch: launchOf(process.execPath, [file], env),
    env,
    signal: stopper.signal,
    graceMs,
    onStdout: (text) => {
      printed += text
      if (printed.endsWith('\n') && pids().length === count) stopper.abort(new Error('the job was aborted'))
    },
  })
  return { end, pids: pids() }
}

const stubborn = `process.on('SIGTERM', () => {}); console.log(process.pid); setInterval(() => {}, 1000)`
const starting = (options: string): string =>
  `import { spawn } from 'node:child_process'; spawn(process.execPath, ['-e', ${JSON.stringify(stubborn)}], ${options});`

describe('runChild', () => {
  it('streams both outputs, answers their tails and the exit code', async () => {
    const seen: string[] = []
    const end = await sh('echo one; echo two >&2; exit 3', {
      onStdout: (text) => void seen.push(`out ${text}`),
      onStderr: (text) => void seen.push(`err ${text}`),
    })
    expect(end).toEqual({ exitCode: 3, stdout: 'one\n', stdoutDropped: 0, stderr: 'two\n' })
    expect(seen.toSorted()).toEqual(['err two\n', 'out one\n'])
  })

  it('writes stdin and closes it, and gives an empty one when there is nothing to write', async () => {
    expect((await sh('cat', { stdin: 'ä "quoted" $HOME\n' })).stdout).toBe('ä "quoted" $HOME\n')
    expect((await sh('cat; echo end')).stdout).toBe('end\n')
  })

  it('does not mind a program that reads none of a large input', async () => {
    expect(await sh('exit 0', { stdin: 'x'.repeat(4_000_000) })).toMatchObject({ exitCode: 0 })
  })

  it('keeps characters whole that arrive in two pieces', async () => {
    const seen: string[] = []
    await sh(`printf '\\303'; sleep 0.1; printf '\\244'`, { onStdout: (text) => void seen.push(text) })
    expect(seen.join('')).toBe('ä')
  })

  it('reads no faster than the output is taken', async () => {
    let open = 0
    let most = 0
    await sh('seq 1 50000', {
      onStdout: async () => {
        open += 1
        most = Math.max(most, open)
        await new Promise((resolve) => setImmediate(resolve))
        open -= 1
      },
    })
    expect(most).toBe(1)
  })

  it('loses nothing of a program that ended long before its output was taken', async () => {
    let taken = 0
    const end = await sh('seq 1 20000', {
      onStdout: async (text) => {
        taken += text.length
        await new Promise((resolve) => setTimeout(resolve, 1_500))
      },
    })
    expect(taken).toBe(end.stdout.length)
    expect(end.stdout.endsWith('20000\n')).toBe(true)
  })

  it("takes the worker's own credentials out of the environment and leaves the rest", async () => {
    const end = await sh('env', {
      env: {
        ...env,
        MODELREINS_TOKEN: 'mrw_abc',
        MODELREINS_API_KEY: 'mrk_abc',
        modelreins_admin_token: 'mrk_def',
        RENAMED: 'mrw_abc',
        MODELREINS_URL: 'https://example.com',
        ANTHROPIC_API_KEY: 'sk-ant',
      },
    })
    expect(end.stdout).not.toContain('mrw_abc')
    expect(end.stdout).not.toContain('mrk_')
    expect(end.stdout).toContain('MODELREINS_URL=https://example.com')
    expect(end.stdout).toContain('ANTHROPIC_API_KEY=sk-ant')
  })

  it('tells a program that cannot be started, and a working directory that is not there, apart', async () => {
    const missing = await runChild({ launch: launchOf('/no/such/program', [], env), env, signal: never })
    expect(missing).toMatchObject({ exitCode: 127 })
    expect(missing.error?.message).toContain('ENOENT')
    const nowhere = await sh('true', { cwd: '/no/such/folder' })
    expect(nowhere.error?.message).toBe('working directory not found: /no/such/folder')
  })

  it('starts nothing when it is stopped before', async () => {
    const marker = join(folder, 'started')
    const end = await sh(`touch ${marker}`, { signal: AbortSignal.abort(new Error('too late')) })
    expect(end).toMatchObject({ exitCode: 130, error: new Error('too late') })
    expect((await sh(`test -e ${marker}`)).exitCode).toBe(1)
  })

  it('ends a program that obeys TERM at once, and tells why', async () => {
    const begun = performance.now()
    const { end } = await stopWhenUp(`console.log(process.pid); setInterval(() => {}, 1000)`, 1, 10_000)
    expect(end).toMatchObject({ exitCode: 143, error: new Error('the job was aborted') })
    expect(performance.now() - begun).toBeLessThan(5_000)
  })

  it('kills a child that ignores TERM, and its grandchild that ignores it too', async () => {
    const { end, pids } = await stopWhenUp(`${starting(`{ stdio: 'inherit' }`)} ${stubborn}`, 2, 200)
    expect(end.exitCode).toBe(137)
    expect(pids.filter(isRunning)).toEqual([])
  })

  it.runIf(process.platform === 'linux')('kills a grandchild that left for a session of its own', async () => {
    const { pids } = await stopWhenUp(`${starting(`{ stdio: 'inherit', detached: true }`)} ${stubborn}`, 2, 200)
    expect(pids.filter(isRunning)).toEqual([])
  })

  it.runIf(process.platform === 'linux')('kills a grandchild in a session of its own whose parent has ended', async () => {
    const { pids } = await stopWhenUp(
      `${starting(`{ stdio: 'inherit', detached: true }`)} process.once('SIGTERM', () => process.exit(0)); console.log(process.pid); setInterval(() => {}, 1000)`,
      2,
      200,
    )
    expect(pids.filter(isRunning)).toEqual([])
  })

  it('settles only when what the program left running in the background is gone too', async () => {
    const end = await sh('sleep 300 & echo $!')
    expect(end.exitCode).toBe(0)
    expect(isRunning(Number(end.stdout))).toBe(false)
  })

  it('stops the program when its output cannot be delivered, and tells that', async () => {
    const end = await sh('yes', {
      onStdout: () => {
        throw new Error('no place for output')
      },
    })
    expect(end.error?.message).toBe('no place for output')
  })
})
