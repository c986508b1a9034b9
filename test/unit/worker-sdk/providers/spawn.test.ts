/** Says how the operator's own shell line is run. */
import { describe, expect, it } from 'vitest'
import { createProvider } from '../../../../worker-sdk/src/providers/index.ts'
import { recordRun } from '../../../support/standins/provider-run.ts'

const spawn = createProvider('spawn')
const nasty = `it's "quoted" $(touch /tmp/never) \`id\` ; rm -rf / # ä\nsecond line`

describe('spawn', () => {
  it('gives the prompt on stdin, streams stdout, and answers it as the result', async () => {
    const run = recordRun({ command: 'cat | tr a-z A-Z' })
    expect(await spawn.run(run)).toEqual({ exitCode: 0, stderr: '', result: 'SAY HELLO.' })
    expect(run.text()).toBe('SAY HELLO.')
  })

  it('puts context before the prompt and input behind it', async () => {
    const run = recordRun({ command: 'cat' }, { context: 'Earlier: 1+1=2\n', job: { prompt: 'And 2+2?', input: { unit: 'none' } } })
    expect((await spawn.run(run)).result).toBe('Earlier: 1+1=2\n\nAnd 2+2?\n\nInput (JSON):\n{\n  "unit": "none"\n}')
  })

  it('passes a prompt behind promptArg as one argument that no shell reads', async () => {
    const run = recordRun({ command: `printf '<%s>'`, promptArg: '--prompt', extraArgs: ['--flag', 'a b'] }, { job: { prompt: nasty } })
    expect((await spawn.run(run)).result).toBe(`<--flag><a b><--prompt><${nasty}>`)
  })

  it('refuses to put a prompt into argv that is too long for it, and says what to do', async () => {
    const run = recordRun({ command: 'echo', promptArg: '--prompt' }, { job: { prompt: 'x'.repeat(200_000) } })
    const outcome = await spawn.run(run)
    expect(outcome.exitCode).toBe(126)
    expect(outcome.error?.message).toContain('let the command read it from stdin')
  })

  it('keeps stderr apart and answers the exit code', async () => {
    const run = recordRun({ command: 'echo out; echo bad >&2; exit 4' })
    expect(await spawn.run(run)).toEqual({ exitCode: 4, stderr: 'bad\n', result: 'out' })
    expect(run.text('stderr')).toBe('bad\n')
  })

  it('has no result when the line prints nothing', async () => {
    expect(await spawn.run(recordRun({ command: 'true' }))).toEqual({ exitCode: 0, stderr: '' })
  })

  it('tells the line which job and model it works on', async () => {
    const run = recordRun(
      { command: 'echo $MODELREINS_JOB_ID $MODELREINS_ATTEMPT $MODELREINS_MODEL', model: 'big' },
      { job: { model: 'small' } },
    )
    expect((await spawn.run(run)).result).toBe('7 1 small')
  })

  it('ends with the reason it was stopped for', async () => {
    const run = recordRun({ command: 'echo up; sleep 300' })
    const outcome = spawn.run(run)
    await run.told('up')
    run.stop(new Error('killswitch'))
    expect(await outcome).toMatchObject({ exitCode: 143, error: new Error('killswitch') })
  })

  it('is usable when the first word of its line exists, builtins and paths included', async () => {
    const env = { PATH: process.env['PATH'] }
    expect(await spawn.check({ env, command: 'cd /tmp && ls' })).toMatchObject({ usable: true })
    expect(await spawn.check({ env, command: 'A=1 whatever' })).toMatchObject({ usable: true })
    expect(await spawn.check({ env, command: 'frobnicate --all' })).toEqual({
      usable: false,
      detail: 'spawn: "frobnicate" (the first word of the command) is not found on this machine',
    })
    expect(await spawn.check({ env })).toMatchObject({ usable: false, detail: expect.stringContaining('MODELREINS_COMMAND') })
    expect(await spawn.run(recordRun({}))).toMatchObject({ exitCode: 127 })
  })
})
