/** Says that what a provider's program or server said can be kept, without secrets, and played again with the same end. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createProvider } from '../../../../worker-sdk/src/providers/index.ts'
import { parseRecording, recordingText, type Recording } from '../../../../worker-sdk/src/providers/recording/format.ts'
import { fileRecorder } from '../../../../worker-sdk/src/worker/job/recorder.ts'
import { providerExecutor } from '../../../../worker-sdk/src/worker/job/provider-executor.ts'
import type { JobContext } from '../../../../worker-sdk/src/index.ts'
import { answer, delta, finish, init, program, result, says, sse } from '../../../support/recordings/recordings.ts'
import { jobOf, recordRun } from '../../../support/standins/provider-run.ts'
import { startPlayer } from '../../../../worker-sdk/src/providers/recording/player.ts'
import { Stage } from '../cli/stage.ts'
import { replayed } from '../support/replayed.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'recording-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** Records one job whose provider meets `of`. */
const record = async (of: Recording, file: string, redact: (text: string) => string = (text) => text): Promise<unknown> => {
  const player = await startPlayer(of)
  const run = recordRun({})
  const settings = { env: { PATH: process.env['PATH'] }, model: 'm', ...player.settings }
  const executor = providerExecutor({
    provider: () => createProvider('claude' === of.head.provider ? 'claude' : 'http'),
    settings: () => settings,
    capabilities: () => [],
    recorder: fileRecorder(file, redact),
  })
  const ctx = { ...run, context: '', heard: () => undefined, usage: run.usage }
  try {
    // Of the context a provider's run uses these parts alone.
    return await executor(jobOf(), ctx as unknown as JobContext)
  } catch (error) {
    return error
  } finally {
    await player.stop()
  }
}

describe('a recording', () => {
  it.each<[string, Recording]>([
    ['a program that ends well', program('claude', { stdout: [init, says('Hi.'), result('Hi.')], stderr: 'a warning\n' })],
    ['a program that fails', program('claude', { stdout: [init], stderr: 'HTTP 503: come back\n', exit: 3 })],
    ['a program that stays', program('claude', { stdout: [init, result('Hi.')], exit: 'stays' })],
    ['a server that answers', answer('http', { body: [sse(delta('Hi')), sse(finish())] })],
    ['a server that breaks off', answer('http', { body: sse(delta('Hi')), ends: 'broken' })],
    [
      'a server that refuses',
      answer('http', { status: 429, headers: { 'content-type': 'application/json', 'retry-after': '60' }, body: '{"error":"slow"}' }),
    ],
  ])('of %s ends as it ended', async (_what, original) => {
    const file = join(folder, 'job.ndjson')
    await record(original, file)
    const first = await replayed(original)
    const again = await replayed(parseRecording(readFileSync(file, 'utf8')))
    expect({ result: again.result, error: again.error, usages: again.run.usages.length }).toEqual({
      result: first.result,
      error: first.error,
      usages: first.run.usages.length,
    })
    expect(statSync(file).mode & 0o077).toBe(0)
  })

  it('keeps no secret, not even one that came in two pieces, and no address', async () => {
    const file = join(folder, 'job.ndjson')
    const secret = 'sk-secret-value'
    await record(
      answer('http', { body: ['data: {"choices":[{"delta":{"content":"sk-sec', 'ret-value"},"finish_reason":"stop"}]}\n\n'] }),
      file,
      (text) => text.replaceAll(secret, '[redacted]'),
    )
    const text = readFileSync(file, 'utf8')
    expect(text).toContain('[redacted]')
    expect(text).not.toContain(secret)
    expect(text).not.toContain('127.0.0.1')
  })

  it('of several jobs plays the last one', async () => {
    const file = join(folder, 'job.ndjson')
    await record(answer('http', { body: sse(delta('One'), finish()) }), file)
    await record(answer('http', { body: sse(delta('Two'), finish()) }), file)
    expect((await replayed(parseRecording(readFileSync(file, 'utf8')))).result).toBe('Two')
  })

  it('of another kind is refused with the line that is wrong', () => {
    expect(() => parseRecording('hello')).toThrow('this is no recording of a provider')
    expect(() => parseRecording('{"recording":1,"provider":"http"}\n{"kind":"body"}\nnonsense\n')).toThrow('line 3 of the recording')
  })
})

describe('the command replay', () => {
  const play = async (recording: Recording | string, ...flags: string[]) => {
    const file = join(folder, 'job.ndjson')
    writeFileSync(file, typeof recording === 'string' ? recording : recordingText(recording))
    return new Stage().run(['replay', file, ...flags])
  }
  it('shows what was said, and done or failed as the server would be told', async () => {
    expect(await play(answer('http', { body: sse(delta('All.'), finish()) }))).toMatchObject({
      code: 0,
      out: expect.stringMatching(/stdout +All\.\n.*done +All\./s),
    })
    expect(await play(program('claude', { stderr: 'HTTP 503: come back\n', exit: 3 }))).toMatchObject({
      code: 1,
      out: expect.stringMatching(/failed +network, tried again: Server error: HTTP 503: come back/),
    })
  })
  it('prints JSON for programs', async () => {
    const { out } = await play(program('claude', { stdout: [init, result('Hi.')] }), '--json')
    expect(JSON.parse(out)).toMatchObject({ provider: 'claude', status: 'done', result: 'Hi.', error: null })
  })
  it('refuses what is no recording', async () => {
    expect(await play('hello')).toMatchObject({ code: 64, err: expect.stringContaining('no recording of a provider') })
  })
})
